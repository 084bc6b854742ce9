"""Web Push: encrypted for the browser (RFC 8291), signed with the server's key (RFC 8292).

Users supply the endpoints, so only https URLs at the push services of PUSH_HOSTS are allowed, by
name, and only if they resolve to public addresses. Redirects are not followed.
"""

import base64
import ipaddress
import json
import logging
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from todos.models import Notice, PushSubscription, Todo
from todos.reminders import texts
from todos.reminders.actions import ACTS, token_of
from todos.reminders.channels.outcome import NotSent, Outcome, Sent, Unknown, Unreachable

logger = logging.getLogger(__name__)
TIMEOUT: Final = (3.05, 5.0)  # seconds to connect, and to wait for the response
TTL: Final = timedelta(hours=6)
MOST_LINES: Final = 5  # a message may have 4 KB
SIGNED_FOR: Final = timedelta(hours=12)
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def is_allowed(endpoint: str) -> bool:
    """Whether it is a URL of an allowed push service."""
    if not (endpoint.isascii() and endpoint.isprintable()) or " " in endpoint:
        return False  # urlsplit() drops line breaks
    try:
        url = urlsplit(endpoint)
        port, host = url.port, (url.hostname or "").lower()
    except ValueError:
        return False
    if url.scheme != "https" or port not in (None, 443) or url.username or url.password:
        return False
    return any(_matches(host, allowed.lower()) for allowed in settings.PUSH_HOSTS)


def in_one_form(endpoint: str) -> str:
    """The canonical form of an allowed URL, so that each browser is stored once."""
    url = urlsplit(endpoint)
    return url._replace(netloc=url.hostname or "").geturl()


def _matches(host: str, allowed: str) -> bool:
    """`*.example.com` matches every host below example.com."""
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def admits(person: User, at: datetime) -> bool:
    return bool(settings.PUSH_PRIVATE_KEY) and person.push_subscriptions.exists()


def send(person: User, notice: Notice, todos: Sequence[Todo], at: datetime) -> Outcome:
    """Send to every browser of the person; one success is enough."""
    told = json.dumps(_message(notice, todos, at, person), ensure_ascii=False).encode()
    outcomes = [_send_one(it, told, notice, at) for it in person.push_subscriptions.all()]
    for kind in (Sent, Unknown, NotSent):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return outcome
    refused = {it.reason for it in outcomes if isinstance(it, Unreachable) and not it.for_good}
    return Unreachable(refused.pop()) if refused else Unreachable("no_browser", for_good=True)


def _message(notice: Notice, todos: Sequence[Todo], at: datetime, person: User) -> dict[str, Any]:
    """The data for static/app/push.js. The tag prevents that a repeat is shown twice."""
    lines = [texts.sentence(todo, at, person) for todo in todos[:MOST_LINES]]
    told = {"title": texts.subject(todos), "tag": str(notice.pk), "acts": []}
    if len(todos) > 1:
        return {**told, "body": "\n".join(lines), "todo": None}
    words = {"done": _("Done"), "snooze": _("In an hour")}
    acts = [
        {"name": name, "title": words[name], "token": token_of(notice, todos[0], name)}
        for name in ACTS
    ]
    body = texts.due_words(todos[0].due, at, person)
    return {**told, "body": body, "todo": str(todos[0].pk), "acts": acts}


def _send_one(browser: PushSubscription, told: bytes, notice: Notice, at: datetime) -> Outcome:
    if not is_allowed(browser.endpoint):
        return Unreachable("not_allowed")
    try:
        if not _is_public(browser.endpoint):
            return Unreachable("not_allowed")
        body = _encrypted(told, browser)
        headers = {**_signature(browser.endpoint, at), "TTL": str(int(TTL.total_seconds()))}
        headers |= {"Content-Encoding": "aes128gcm", "Urgency": "high", "Topic": notice.pk.hex}
    except Exception as error:  # noqa: BLE001 - keys that a browser made up; nothing has been sent
        logger.warning(
            "Notification %s could not be encrypted: %s", notice.pk, type(error).__name__
        )
        return Unreachable("bad_keys")
    return _answered(browser, *_post(browser.endpoint, body, headers))


def _answered(browser: PushSubscription, status: int | None, reason: str) -> Outcome:
    if status is None:
        return NotSent(reason) if reason == "ConnectTimeout" else Unknown(reason)
    if status in _GONE:
        browser.delete()
        return Unreachable("no_browser", for_good=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NotSent(f"http_{status}")
    return Sent() if status < HTTPStatus.MULTIPLE_CHOICES else Unreachable(f"http_{status}")


def _post(endpoint: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
    """The status, or None and the error."""
    import requests  # noqa: PLC0415 - slow to import

    try:
        answer = requests.request(
            "POST",
            endpoint,
            data=body,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,  # the body is not read
        )
        answer.close()
    except requests.RequestException as error:
        return None, type(error).__name__
    return answer.status_code, ""


def _is_public(endpoint: str) -> bool:
    """Whether all addresses are public, whatever the name server says."""
    host = urlsplit(endpoint).hostname
    found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    return all(ipaddress.ip_address(address[0]).is_global for *_rest, address in found)


def _encrypted(told: bytes, browser: PushSubscription) -> bytes:
    import http_ece  # noqa: PLC0415 - 250 ms
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    sealed: bytes = http_ece.encrypt(
        told,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(browser.p256dh),
        auth_secret=decoded(browser.auth),
        version="aes128gcm",
    )
    return sealed


def _signature(endpoint: str, at: datetime) -> dict[str, str]:
    from py_vapid import Vapid02  # noqa: PLC0415 - slow to import

    url = urlsplit(endpoint)
    claims = {
        "aud": f"{url.scheme}://{url.netloc}",
        "exp": int((at + SIGNED_FOR).timestamp()),
        "sub": settings.PUSH_CONTACT,
    }
    signed: dict[str, str] = Vapid02.from_string(settings.PUSH_PRIVATE_KEY).sign(claims)
    return signed


def decoded(text: str) -> bytes:
    """Decode base64url with or without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
