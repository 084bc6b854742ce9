"""Facts about a request that clients must not be able to forge."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port
from django.utils.http import parse_etags

if TYPE_CHECKING:
    from django.http import HttpRequest

NO_REQUEST = "-"
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # not NO_REQUEST
current_request_id: ContextVar[str] = ContextVar("current_request_id", default=NO_REQUEST)


def client_address(request: HttpRequest) -> str:
    """The address of the client. A client cannot forge it with X-Forwarded-For.

    TRUSTED_PROXIES is the number of trusted entries at the end of that header.
    """
    return _behind_proxies(request) or str(request.META.get("REMOTE_ADDR", ""))


def canonical_host(request: HttpRequest) -> str:
    """The host in canonical form: `NuDge.test:443` is `nudge.test`, as browsers write it.

    Raises DisallowedHost if the host is not allowed. Keeps a port of this service that is not the
    default of the scheme, because links need it. So no limit and no key may depend on the host.
    """
    host = request.get_host().removesuffix(":443" if request.is_secure() else ":80")
    name, port = split_domain_port(host)  # also in lower case, without a dot at the end
    is_here = name == "localhost" or name.endswith(".localhost")  # RFC 6761: always this machine
    is_ours = settings.DEBUG or is_here or port in _ports(request)
    return f"{name}:{port}" if port and is_ours else name


def _ports(request: HttpRequest) -> set[str]:
    """The ports of the server and of URLs in the settings: links in mails must use no other."""
    bases = (settings.PUBLIC_BASE_URL, *settings.CSRF_TRUSTED_ORIGINS)
    named = {str(urlsplit(base).port) for base in bases}
    return {str(request.META.get("SERVER_PORT")), *named}


def _behind_proxies(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw: each proxy appends that of its client."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    count = settings.TRUSTED_PROXIES
    return str(forwarded[-count]).strip() if 0 < count <= len(forwarded) else ""


def holds(request: HttpRequest, tag: str) -> bool:
    """Whether If-None-Match names this tag. Weak tags match, because gzip makes tags weak."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in held or tag.removeprefix("W/") in {each.removeprefix("W/") for each in held}


def new_request_id(request: HttpRequest) -> str:
    """The id that the client sent, for its own logs, otherwise that of the server in front.

    A client may choose any id that is safe in a log. Nothing else depends on it.
    """
    chosen = request.META.get("HTTP_X_REQUEST_ID", "")
    if _REQUEST_ID.fullmatch(chosen):
        return str(chosen)
    return str(request.META.get("REQUEST_ID") or uuid.uuid4())
