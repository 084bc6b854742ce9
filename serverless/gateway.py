"""Answers requests of API Gateway and function URLs with a WSGI application.

apig-wsgi translates events and responses. This module sets values that it omits or takes from
forgeable headers; it uses the gateway's own fields of the event instead.
"""

import json
import logging
import time
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from apig_wsgi import make_lambda_handler
from django.conf import settings

from core.http import current_request_id
from serverless.events import Event

LOOPBACK = ("127.0.0.1", "::1", "localhost")
CDN = "HTTP_X_NUDGE_CDN"  # the header with the secret that the CDN and this service share
QUERIES = ("rawQueryString", "queryStringParameters", "multiValueQueryStringParameters")
NO_BALANCER = (
    "Nudge does not serve behind a load balancer; use API Gateway or a function URL "
    "(docs/deployment.md)."
)

_ID = "x-request-id"

logger = logging.getLogger(__name__)


def _failure(status: HTTPStatus, message: str) -> Event:
    return {
        "statusCode": status.value,
        "statusDescription": f"{status.value} {status.phrase}",  # for load balancers
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "body": json.dumps({"message": message}),
        "isBase64Encoded": False,
    }


def handler_of(application: Any) -> Callable[[Event, Any], Event]:
    def behind_gateway(environ: dict[str, Any], start_response: Any) -> Any:
        fix_environ(environ)
        return application(environ, start_response)

    translate = make_lambda_handler(behind_gateway, binary_support=True)

    def respond(event: Event, context: Any) -> Event:
        started = time.monotonic()
        if "elb" in (event.get("requestContext") or {}):
            logger.error(NO_BALANCER)
            return _failure(HTTPStatus.NOT_IMPLEMENTED, NO_BALANCER)
        try:
            answer: Event = translate(event, context)
        except Exception:
            logger.exception("The application raised an exception instead of answering")
            answer = _failure(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
        _log_access(event, context, answer, time.monotonic() - started)
        return answer

    return respond


def fix_environ(environ: dict[str, Any]) -> None:
    event: Event = environ["apig_wsgi.full_event"]
    prefix, path = _place(event)
    public, by_cdn = urlsplit(settings.PUBLIC_BASE_URL), _is_from_cdn(environ)
    if by_cdn and public.netloc:  # a CDN cannot pass the requested host to API Gateway
        environ["HTTP_HOST"] = public.netloc
    at_home = _is_for(public, environ.get("HTTP_HOST", ""))
    if at_home:
        prefix = public.path.rstrip("/")
        path = path.removeprefix(prefix) if _begins(path, prefix) else path
    environ["SCRIPT_NAME"] = prefix
    environ["PATH_INFO"] = unquote_to_bytes(path or "/").decode("latin-1")
    environ["wsgi.url_scheme"] = "http" if at_home and _is_plain(public) else "https"
    environ["SERVER_NAME"] = environ["SERVER_NAME"] or "lambda"  # PEP 3333: never empty
    environ["SERVER_PORT"] = environ["SERVER_PORT"] or "443"
    if identifier := getattr(environ["apig_wsgi.context"], "aws_request_id", ""):
        environ["REQUEST_ID"] = identifier
    _fix_headers(environ, event)
    _fix_address(environ, event, by_cdn=by_cdn)


def _is_from_cdn(environ: dict[str, Any]) -> bool:
    """Whether the CDN's secret is correct; removes it, so that the application cannot log it."""
    told = str(environ.pop(CDN, "")).encode(errors="replace")
    return any(compare_digest(told, each.encode()) for each in settings.CDN_SECRET)


def _fix_headers(environ: dict[str, Any], event: Event) -> None:
    """Join Cookie headers with ";" (RFC 6265, section 5.4), and encode all headers as latin-1."""
    for name, values in (event.get("multiValueHeaders") or {}).items():
        if name.lower() == "cookie":
            environ["HTTP_COOKIE"] = "; ".join(values)
    environ.update({name: _in_latin_1(environ[name]) for name in environ if name[:5] == "HTTP_"})


def _in_latin_1(header: str) -> str:
    """Encode each byte as one character (PEP 3333); events may have any Unicode in headers.

    Otherwise Django answers a cookie with such a character with 500.
    """
    try:
        header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode(errors="replace").decode("latin-1")
    return header


def _fix_address(environ: dict[str, Any], event: Event, *, by_cdn: bool) -> None:
    """Set REMOTE_ADDR to the caller of the gateway, or to the address that the CDN saw.

    Removes a client's own X-Forwarded-For.
    """
    forwarded, caller = environ.pop("HTTP_X_FORWARDED_FOR", ""), _caller(event)
    if by_cdn:
        caller["sourceIp"] = _viewer(forwarded, _address(event))  # also for the log
    if address := _address(event):
        environ["REMOTE_ADDR"] = address


def _viewer(forwarded: str, caller: str) -> str:
    """The address that the CDN appended, before the CDN's own, which the gateway appended."""
    seen = [each.strip() for each in forwarded.split(",")]
    earlier = [viewer for viewer, next_one in pairwise(seen) if next_one == caller]
    return earlier[-1] if earlier else caller


def _caller(event: Event) -> dict[str, Any]:
    context = event.get("requestContext") or {}
    return context.get("identity") or context.get("http") or {}  # REST API; the others


def _address(event: Event) -> str:
    return str(_caller(event).get("sourceIp") or "")


def _place(event: Event) -> tuple[str, str]:
    return _http_api(event) if event.get("version") == "2.0" else _rest_api(event)


def _rest_api(event: Event) -> tuple[str, str]:
    """`path` has no stage, but the base path of a custom domain."""
    path, context = str(event.get("path") or "/"), event.get("requestContext") or {}
    whole, stage = str(context.get("path") or path), f"/{context.get('stage', '')}"
    if whole != path and _begins(whole, stage):
        return stage, path
    base = _base_path(path, event)
    return base, path[len(base) :]


def _base_path(path: str, event: Event) -> str:
    """The path before the part that API Gateway matched. AWS allows no "%" in a base path.

    Empty if it has an empty segment, because a prefix `//evil.example.com` would redirect links.
    """
    whole, base = unquote(path).rstrip("/"), ""
    matched = unquote((event.get("pathParameters") or {}).get("proxy") or "").rstrip("/")
    if event.get("resource") == "/":
        base = whole
    elif whole.endswith(f"/{matched}"):
        base = whole.removesuffix(f"/{matched}")
    return "" if "//" in f"{base}/" else base


def _http_api(event: Event) -> tuple[str, str]:
    """`rawPath` has the stage under the API's own domain, except for $default (function URLs)."""
    path, context = str(event.get("rawPath") or "/"), event.get("requestContext") or {}
    stage = f"/{context.get('stage', '')}"
    own_name = str(context.get("domainName", "")).startswith(f"{context.get('apiId')}.execute-api.")
    return (stage, path[len(stage) :]) if own_name and _begins(path, stage) else ("", path)


def _is_for(public: SplitResult, host: str) -> bool:
    """Whether PUBLIC_BASE_URL has this host; AWS does not know proxies before it."""
    return bool(public.netloc) and public.netloc.lower() == host.lower()


def _is_plain(public: SplitResult) -> bool:
    """Whether it is plain http: only for an emulator on this machine; API Gateway uses https."""
    local = public.hostname in LOOPBACK or str(public.hostname).endswith(".localhost")
    return public.scheme == "http" and local


def _begins(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _log_access(event: Event, context: Any, answer: Event, seconds: float) -> None:
    """Write an access line; `zappa tail --http` shows lines with an IP address."""
    http = (event.get("requestContext") or {}).get("http") or {}
    method = http.get("method") or event.get("httpMethod")
    path = event.get("rawPath") or event.get("path")
    query = "?[redacted]" if any(event.get(name) for name in QUERIES) else ""
    facts: dict[str, Any] = {"duration_ms": round(seconds * 1000)}
    identifier = str(getattr(context, "aws_request_id", "-"))  # as in the lines of Lambda itself
    if (own := _request_id(answer)) not in (None, identifier):
        facts["client_request_id"] = own  # as in the other lines of this service
    reset = current_request_id.set(identifier)
    logger.info(
        "%s %s %s%s %d",
        _address(event) or "-",
        method,
        path,
        query,
        answer["statusCode"],
        extra=facts,
    )
    current_request_id.reset(reset)


def _request_id(answer: Event) -> str | None:
    """The X-Request-Id of the response; None without one."""
    headers = {name: [value] for name, value in answer.get("headers", {}).items()}
    headers |= answer.get("multiValueHeaders", {})
    return next((values[0] for name, values in headers.items() if name.lower() == _ID), None)
