"""One HTTP call to Twilio, bounded in time and size, and whether it can have arrived.

Not by the `twilio` package: it adds a quarter of a second to a cold start, has no time-out of its
own and lets errors escape (tests/sms/test_twilio.py compares this with it).
"""

from __future__ import annotations

import ipaddress
import json
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sms.backends.deadline import within
from sms.outcomes import NotSent, Unknown

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 3.05
READ_SECONDS = 8.0
CALL_SECONDS = 9.0  # the whole call, below the ten seconds that callers are promised
MAX_ANSWER_BYTES = 64 * 1024
MAX_LIST_BYTES = 2 * 1024 * 1024  # a page of fifty messages, each up to 1,600 characters
DEFAULT_RETRY_AFTER = 30
MAX_RETRY_AFTER = 24 * 3600


@dataclass(frozen=True)
class Answer:
    """The content is JSON, None where it was empty, bytes where it is no JSON."""

    status: int
    content: Any
    retry_after: int

    def member(self, name: str) -> Any:
        return self.content.get(name) if isinstance(self.content, dict) else None


@dataclass(frozen=True)
class Twilio:
    """An account: who we are there and where it is."""

    account: str
    token: str
    base_url: str

    def post(self, path: str, fields: dict[str, str]) -> Answer | NotSent | Unknown:
        return self._within_time("POST", path, MAX_ANSWER_BYTES, data=fields)

    def get(self, path: str, parameters: dict[str, str]) -> Answer | NotSent | Unknown:
        return self._within_time("GET", path, MAX_LIST_BYTES, params=parameters)

    def _within_time(
        self, method: str, path: str, max_bytes: int, **what: Any
    ) -> Answer | NotSent | Unknown:
        try:
            return within(CALL_SECONDS, lambda: self._call(method, path, max_bytes, **what))
        except TimeoutError:
            return Unknown("No answer in time.")

    def _call(
        self, method: str, path: str, max_bytes: int, **what: Any
    ) -> Answer | NotSent | Unknown:
        import requests  # noqa: PLC0415 - only where texts are sent
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        try:
            with requests.request(
                method,
                f"{self.base_url}/2010-04-01/Accounts/{self.account}/{path}",
                auth=requests.auth.HTTPBasicAuth(self.account.encode(), self.token.encode()),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **what,
            ) as response:
                content = _parsed(_read(response, max_bytes))
                return Answer(response.status_code, content, _retry_after(response))
        except requests.RequestException as error:
            return _fault(error)
        except HTTPError as error:  # while the body was read, which requests does not wrap
            return Unknown(f"The answer broke off ({type(error).__name__}).")


def _read(response: requests.Response, max_bytes: int) -> bytes:
    """At most so many bytes, piece by piece as they come, until the call's time is over."""
    answer, end = b"", time.monotonic() + CALL_SECONDS
    while len(answer) < max_bytes and time.monotonic() < end:
        piece = response.raw.read1(max_bytes - len(answer))
        if not piece:
            break
        answer += piece
    return answer


def _parsed(answer: bytes) -> Any:
    if not answer:
        return None
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer


def _retry_after(response: requests.Response) -> int:
    """Seconds to wait: what the answer says (RFC 9110, 10.2.3), within reason."""
    text = response.headers.get("Retry-After", "")
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return min(seconds, MAX_RETRY_AFTER) or DEFAULT_RETRY_AFTER


def _fault(error: requests.RequestException) -> NotSent | Unknown:
    """Whether the request may have left. In doubt it has: a text twice is worse than a question."""
    from urllib3 import exceptions  # noqa: PLC0415 - as requests above

    outer = error.args[0] if error.args else error
    cause = getattr(outer, "reason", None) or outer
    kind = type(cause).__name__
    unopened = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError)
    if isinstance(cause, unopened) or isinstance(error, ValueError):  # ValueError: no usable URL
        return NotSent(f"No connection ({kind}).")
    if isinstance(cause, exceptions.SSLError) and _shaking_hands(cause):
        return NotSent(f"No secure connection ({kind}).")
    return Unknown(f"The connection broke off ({kind}).")


def _shaking_hands(error: BaseException) -> bool:
    """Whether TLS failed before anything was said, and not while the answer was read."""
    root = next((cause for cause in error.args if isinstance(cause, BaseException)), error)
    frames = traceback.walk_tb(root.__traceback__)
    return any(frame.f_code.co_name == "do_handshake" for frame, _line in frames)


def is_safe_url(url: str) -> bool:
    """https with a host, or plain http to this machine itself; nothing after the path."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    return bool(host) and secure and not (parts.query or parts.fragment or parts.username)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
