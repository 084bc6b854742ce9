"""The smoke test of a stage: requests its endpoints from outside, like a client."""

import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

from deploy import aws, stack, static
from deploy.progress import done

TIMEOUT_SECONDS = 90  # for the first cold starts after a change of code and configuration
PAUSE_SECONDS = 1


class SmokeError(Exception):
    """The stage does not serve."""


def check(stage: str, build_id: str = "", *, timeout: float = TIMEOUT_SECONDS) -> None:
    """Raise SmokeError unless the stage is ready (as this build, if given), serves its static
    files, and its API requires a log-in.
    """
    address = aws.api_url(stage)
    _until_ready(address, build_id, timeout)
    done(f"{address}readyz/ answers" + (f" as build {build_id}" if build_id else ""))
    _static_file(stage)
    _expect(address + "api/v1/todos/", 401)
    done("the API requires a log-in")


def check_version(
    stage: str, version: str, build_id: str, *, timeout: float = TIMEOUT_SECONDS
) -> None:
    """Test a version without traffic by a direct invocation. Raises SmokeError."""
    function, host = aws.function_name(stage), urlsplit(aws.api_url(stage)).netloc
    deadline = time.monotonic() + timeout
    while _version(_body(told := _invoke(function, version, _readiness(host)))) != build_id:
        if time.monotonic() > deadline:
            raise SmokeError(f"Version {version} is not ready as build {build_id}: {told[:500]}")
        time.sleep(PAUSE_SECONDS)
    done(f"version {version} is ready as build {build_id}")


def _invoke(function: str, version: str, event: dict[str, Any]) -> str:
    """The response, or the raised error, which has no status."""
    answer = aws.client("lambda").invoke(
        FunctionName=function, Qualifier=version, Payload=json.dumps(event).encode()
    )
    return str(answer["Payload"].read().decode())


def _readiness(host: str) -> dict[str, Any]:
    """A request for /readyz/, as a REST API with a custom domain sends it."""
    context = {"path": "/readyz/", "identity": {"sourceIp": "127.0.0.1"}}
    return {
        "httpMethod": "GET",
        "path": "/readyz/",
        "headers": {"Host": host, "X-Forwarded-Proto": "https"},
        "queryStringParameters": None,
        "requestContext": context,
        "body": None,
        "isBase64Encoded": False,
    }


def _body(told: str) -> str:
    """The body of a response with status 200, otherwise empty."""
    answer = json.loads(told)
    return (
        str(answer["body"]) if isinstance(answer, dict) and answer.get("statusCode") == 200 else ""
    )


def _until_ready(address: str, build_id: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        status, body = _get(address + "readyz/")
        if status == 200 and build_id in ("", _version(body)):
            return
        if time.monotonic() > deadline:
            raise SmokeError(f"{address}readyz/ answers {status}: {body[:200]}")
        time.sleep(PAUSE_SECONDS)


def _version(body: str) -> str:
    try:
        return str(json.loads(body)["version"])
    except (ValueError, KeyError, TypeError):
        return ""


def _static_file(stage: str) -> None:
    outputs = stack.outputs(stage)
    if not outputs.get("StaticBucket") or not static.MANIFEST.exists():
        done("no static files to test")
        return
    paths = json.loads(static.MANIFEST.read_text())["paths"]
    _expect(static.url(outputs) + paths["css/app.css"], 200)
    done("a static file answers")


def _expect(url: str, wanted: int) -> None:
    status, body = _get(url)
    if status != wanted:
        raise SmokeError(f"{url} answers {status}, not {wanted}: {body[:200]}")


def _get(url: str) -> tuple[int, str]:
    import requests

    headers = {"x-api-key": key} if (key := os.environ.get("API_KEY")) else {}
    try:
        answer = requests.get(url, headers=headers, timeout=35, allow_redirects=False)
    except requests.RequestException as error:
        return 0, str(error)
    return answer.status_code, answer.text
