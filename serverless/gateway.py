"""Answers requests of API Gateway, function URLs and load balancers with a WSGI application.

apig-wsgi translates events and answers. This module sets what it leaves out, or takes from headers
that a client can write, from the gateway's own fields of the event.
"""

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from apig_wsgi import make_lambda_handler
from django.conf import settings

from core.http import current_request_id
from serverless.events import Event

LOOPBACK = ("127.0.0.1", "::1", "localhost")
COOKIE_NAMES = ("Set-Cookie", "set-cookie", "SET-COOKIE", "Set-cookie")
QUERIES = ("rawQueryString", "queryStringParameters", "multiValueQueryStringParameters")
FAILED = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"message": "Internal server error"}',
    "isBase64Encoded": False,
}

_ID = "x-request-id"

logger = logging.getLogger(__name__)


def handler_of(application: Any) -> Callable[[Event, Any], Event]:
    def behind_gateway(environ: dict[str, Any], start_response: Any) -> Any:
        fix_environ(environ)
        return application(environ, start_response)

    translate = make_lambda_handler(behind_gateway, binary_support=True)

    def respond(event: Event, context: Any) -> Event:
        started = time.monotonic()
        try:
            answer = _without_lost_cookies(translate, event, context)
        except Exception:
            logger.exception("The application raised an exception instead of answering")
            answer = dict(FAILED)
        _log_access(event, context, answer, time.monotonic() - started)
        return answer

    return respond


def fix_environ(environ: dict[str, Any]) -> None:
    event: Event = environ["apig_wsgi.full_event"]
    prefix, path = _place(event)
    public = _public_address(environ.get("HTTP_HOST", ""))
    if public is not None:
        prefix = public.path.rstrip("/")
        path = path.removeprefix(prefix) if _begins(path, prefix) else path
    environ["SCRIPT_NAME"] = prefix
    environ["PATH_INFO"] = unquote_to_bytes(path or "/").decode("latin-1")
    environ["wsgi.url_scheme"] = _scheme(public)
    environ["SERVER_NAME"] = environ["SERVER_NAME"] or "lambda"  # PEP 3333: never empty
    environ["SERVER_PORT"] = environ["SERVER_PORT"] or "443"
    if identifier := getattr(environ["apig_wsgi.context"], "aws_request_id", ""):
        environ["REQUEST_ID"] = identifier
    _fix_headers(environ, event)
    _fix_address(environ, event)


def _fix_headers(environ: dict[str, Any], event: Event) -> None:
    """Several Cookie headers are joined by ";" (RFC 6265, section 5.4); all become latin-1."""
    for name, values in (event.get("multiValueHeaders") or {}).items():
        if name.lower() == "cookie":
            environ["HTTP_COOKIE"] = "; ".join(values)
    environ.update({name: _in_latin_1(environ[name]) for name in environ if name[:5] == "HTTP_"})


def _in_latin_1(header: str) -> str:
    """PEP 3333: every character is one byte. Headers of events may have any Unicode text.

    Django answered 500 to a cookie with such a character.
    """
    try:
        header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode(errors="replace").decode("latin-1")
    return header


def _fix_address(environ: dict[str, Any], event: Event) -> None:
    """REMOTE_ADDR is the caller of the gateway; a client's own X-Forwarded-For is removed.

    A load balancer has the caller only in X-Forwarded-For, as the last address.
    """
    if address := _caller(event):
        environ["REMOTE_ADDR"] = address
        environ.pop("HTTP_X_FORWARDED_FOR", None)
    elif forwarded := environ.get("HTTP_X_FORWARDED_FOR"):
        environ["REMOTE_ADDR"] = forwarded.rpartition(",")[2].strip()


def _caller(event: Event) -> str:
    context = event.get("requestContext") or {}
    caller = context.get("identity") or context.get("http") or {}  # REST API; the others
    return str(caller.get("sourceIp") or "")


def _place(event: Event) -> tuple[str, str]:
    return _http_api(event) if event.get("version") == "2.0" else _rest_api(event)


def _rest_api(event: Event) -> tuple[str, str]:
    """`path` is without the stage, and with the base path of a custom domain."""
    path, context = str(event.get("path") or "/"), event.get("requestContext") or {}
    whole, stage = str(context.get("path") or path), f"/{context.get('stage', '')}"
    if whole != path and _begins(whole, stage):
        return stage, path
    base = _base_path(path, event)
    return base, path[len(base) :]


def _base_path(path: str, event: Event) -> str:
    """The path before the part that API Gateway matched; AWS allows no "%" in a base path.

    Empty if it has an empty segment: a prefix `//evil.example.com` would lead links there.
    """
    whole, base = unquote(path).rstrip("/"), ""
    matched = unquote((event.get("pathParameters") or {}).get("proxy") or "").rstrip("/")
    if event.get("resource") == "/":
        base = whole
    elif matched and whole.endswith(f"/{matched}"):
        base = whole.removesuffix(f"/{matched}")
    return "" if "//" in f"{base}/" else base


def _http_api(event: Event) -> tuple[str, str]:
    """`rawPath` has the stage under the API's own domain; $default (function URLs) has none."""
    path, context = str(event.get("rawPath") or "/"), event.get("requestContext") or {}
    stage = f"/{context.get('stage', '')}"
    own_name = str(context.get("domainName", "")).startswith(f"{context.get('apiId')}.execute-api.")
    return (stage, path[len(stage) :]) if own_name and _begins(path, stage) else ("", path)


def _public_address(host: str) -> SplitResult | None:
    """PUBLIC_BASE_URL, if the request is for its host: AWS does not know proxies before it."""
    public = urlsplit(settings.PUBLIC_BASE_URL)
    return public if public.netloc and public.netloc.lower() == host.lower() else None


def _scheme(public: SplitResult | None) -> str:
    """API Gateway serves https only; an emulator on this machine may serve plain http."""
    if public is None or public.scheme != "http":
        return "https"
    local = public.hostname in LOOPBACK or str(public.hostname).endswith(".localhost")
    return "http" if local else "https"


def _begins(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _without_lost_cookies(
    translate: Callable[[Event, Any], Event], event: Event, context: Any
) -> Event:
    """A load balancer without multi-value headers returns one header per name. It treats names in
    another case as different headers, browsers as the same.
    """
    is_balancer = "elb" in (event.get("requestContext") or {})
    if not is_balancer or "multiValueHeaders" in event:
        return translate(event, context)
    many = {name: [value] for name, value in (event.get("headers") or {}).items()}
    answer = translate({**event, "multiValueHeaders": many}, context)
    headers: dict[str, list[str]] = answer.pop("multiValueHeaders")
    cookies = dict(zip(COOKIE_NAMES, headers.pop("Set-Cookie", []), strict=False))
    answer["headers"] = {name: values[-1] for name, values in headers.items()} | cookies
    return answer


def _log_access(event: Event, context: Any, answer: Event, seconds: float) -> None:
    """`zappa tail --http` shows the lines that have an IP address."""
    http = (event.get("requestContext") or {}).get("http") or {}
    method = http.get("method") or event.get("httpMethod")
    path = event.get("rawPath") or event.get("path")
    query = "?[redacted]" if any(event.get(name) for name in QUERIES) else ""
    facts: dict[str, Any] = {"duration_ms": round(seconds * 1000)}
    identifier = str(getattr(context, "aws_request_id", "-"))  # as in the lines of Lambda itself
    if (own := _request_id(answer)) not in (None, identifier):
        facts["client_request_id"] = own  # as in our other lines
    reset = current_request_id.set(identifier)
    logger.info(
        "%s %s %s%s %d",
        _caller(event) or "-",
        method,
        path,
        query,
        answer["statusCode"],
        extra=facts,
    )
    current_request_id.reset(reset)


def _request_id(answer: Event) -> str | None:
    """The X-Request-Id of the answer; None if the application made none."""
    headers = {name: [value] for name, value in answer.get("headers", {}).items()}
    headers |= answer.get("multiValueHeaders", {})
    return next((values[0] for name, values in headers.items() if name.lower() == _ID), None)
