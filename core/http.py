"""Facts about a request that clients must not be able to forge."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest

NO_REQUEST = "-"
current_request_id: ContextVar[str] = ContextVar("current_request_id", default=NO_REQUEST)


def client_address(request: HttpRequest) -> str:
    """The address the connection came from, never what X-Forwarded-For claims.

    Behind proxies of one's own, TRUSTED_PROXIES says how many entries at its end are true.
    """
    return _behind_proxies(request) or str(request.META.get("REMOTE_ADDR", ""))


def canonical_host(request: HttpRequest) -> str:
    """The host in its one spelling: `NuDge.test:443` is `nudge.test`, as browsers write it.

    Raises DisallowedHost if it is not ours. A port that is not the scheme's own stays, because
    links need it; no limit and no key may be made of a host.
    """
    host = request.get_host().lower()
    return host.removesuffix(":443" if request.is_secure() else ":80")


def _behind_proxies(request: HttpRequest) -> str:
    """What the outermost trusted proxy saw: each appends the address that spoke to it."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    count = settings.TRUSTED_PROXIES
    return str(forwarded[-count]).strip() if 0 < count <= len(forwarded) else ""


def new_request_id(request: HttpRequest) -> str:
    """That of the server in front, if it names one, so that its log and ours agree.

    No header: a client cannot write it.
    """
    return str(request.META.get("REQUEST_ID") or uuid.uuid4())
