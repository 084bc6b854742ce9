"""Calls of AWS before Django exists: signed by botocore, sent by urllib3, without boto3.

A cold start waits for them. boto3 and one client take 200 ms and more to load, the signer 35 ms
beside what DRF loads anyway.
"""

import functools
import json
import re
import time
from http import HTTPStatus
from typing import Any

from config import env

CONNECT_SECONDS = 1.0
READ_SECONDS = 2.0
PAUSES = (0.1, 0.4)  # seconds before the second try and the third: below the 10 s of Lambda's init

_TARGETS = {"ssm": "AmazonSSM", "secretsmanager": "secretsmanager"}
_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
_CODE = re.compile(r"[A-Za-z0-9_.]{1,80}")


class CallError(Exception):
    """`code` is AWS's word or ours for what went wrong: never a value, safe to show."""

    def __init__(self, code: str, *, may_pass: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.may_pass = may_pass


def call(service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What AWS answers to one operation; tried again where the fault may pass."""
    for pause in PAUSES:
        try:
            return _try(service, operation, arguments)
        except CallError as error:
            if not error.may_pass:
                raise
        time.sleep(pause)
    return _try(service, operation, arguments)


def _try(service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """AWS JSON 1.1: a POST with the operation in a header (smithy.io, AWS JSON 1.1 protocol)."""
    from urllib3.exceptions import HTTPError

    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"{_TARGETS[service]}.{operation}",
    }
    url, body = _endpoint(service), json.dumps(arguments).encode()
    signed = _signed(service, url, body, headers)
    try:
        response = _pool().request("POST", url, body=body, headers=signed, redirect=False)
    except HTTPError as error:
        raise CallError(type(error).__name__, may_pass=True) from None
    return _answer(response.status, response.data)


def _signed(service: str, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest("POST", url, headers, body)
    SigV4Auth(_credentials(), service, _region()).add_auth(request)
    return dict(request.headers)


def _answer(status: int, data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if status == HTTPStatus.OK and isinstance(answer, dict):
        return answer
    named = answer.get("__type") if isinstance(answer, dict) else None
    code = str(named or "").rpartition("#")[2]
    if not _CODE.fullmatch(code):
        code = f"HTTP {status}"
    busy = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise CallError(code, may_pass=busy or code in _THROTTLED)


def _endpoint(service: str) -> str:
    """That of the region, or all of AWS at one address: an emulator."""
    suffix = "amazonaws.com.cn" if _region().startswith("cn-") else "amazonaws.com"
    url = env.text("AWS_ENDPOINT_URL", default=f"https://{service}.{_region()}.{suffix}")
    return url.rstrip("/") + "/"


def _region() -> str:
    if region := env.text("AWS_REGION", "AWS_DEFAULT_REGION"):
        return region
    raise CallError("AWS_REGION is not set")


def _credentials() -> Any:
    """Lambda puts them into the environment; elsewhere (SnapStart, a profile) botocore looks."""
    from botocore.credentials import Credentials

    if key := env.text("AWS_ACCESS_KEY_ID"):
        secret = env.text("AWS_SECRET_ACCESS_KEY")
        return Credentials(key, secret, env.text("AWS_SESSION_TOKEN") or None)
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        found = Session().get_credentials()
    except BotoCoreError as error:
        raise CallError(type(error).__name__) from None
    if found is None:
        raise CallError("NoCredentials")
    return found


@functools.cache
def _pool() -> Any:
    """Kept, so that the second page of parameters needs no second handshake."""
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    return urllib3.PoolManager(timeout=timeout, retries=False)
