"""Facts about the request that frameworks get wrong on Lambda."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

NO_REQUEST = "-"
current_request_id: ContextVar[str] = ContextVar("current_request_id", default=NO_REQUEST)


def gateway_address(environ: dict[str, Any]) -> str:
    """Who called, in API Gateway's own words; empty outside Lambda. No client can write them."""
    context = (environ.get("lambda.event") or {}).get("requestContext") or {}
    caller = (
        context.get("identity") or context.get("http") or {}
    )  # REST API; HTTP API, function URL
    return str(caller.get("sourceIp") or "")


def client_address(request: HttpRequest) -> str:
    """The address the connection came from, never what X-Forwarded-For claims.

    Zappa's REMOTE_ADDR is a piece of X-Forwarded-For and so, behind most gateways, the client's
    choice; the gateway's request context is not.
    Behind proxies of one's own, TRUSTED_PROXIES says how many entries at its end are true.
    """
    address = gateway_address(request.META) or _behind_proxies(request)
    return str(address or request.META.get("REMOTE_ADDR", ""))


def _behind_proxies(request: HttpRequest) -> str:
    """What the outermost trusted proxy saw: each appends the address that spoke to it."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    count = settings.TRUSTED_PROXIES
    return str(forwarded[-count]).strip() if 0 < count <= len(forwarded) else ""


def new_request_id(request: HttpRequest) -> str:
    """Lambda's id where there is one, so that log lines and AWS agree; never the client's."""
    invocation = getattr(request.META.get("lambda.context"), "aws_request_id", None)
    return str(invocation or uuid.uuid4())
