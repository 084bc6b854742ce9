"""An HTTP call to a provider, limited in time and size, and whether it may have arrived.

The packages of the providers are not used: they add a quarter of a second to a cold start, have no
time-out and raise undocumented errors (the tests compare the two).
"""

from __future__ import annotations

import ipaddress
import json
import threading
import time
import traceback
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from sms.results import NotSent, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

T = TypeVar("T")

CONNECT_SECONDS = 3.05
READ_SECONDS = 8.0
CALL_SECONDS = 9.0  # for the whole call, below the promised ten seconds
MAX_ANSWER_BYTES = 64 * 1024
MAX_LIST_BYTES = 2 * 1024 * 1024  # a page of fifty messages, each up to 1,600 characters
DEFAULT_RETRY_AFTER = 30
MAX_RETRY_AFTER = 24 * 3600


@dataclass(frozen=True)
class Answer:
    """`content` is the parsed JSON, None if the body was empty, bytes if it is not JSON."""

    status: int
    content: Any
    retry_after: int

    def member(self, name: str) -> Any:
        return self.content.get(name) if isinstance(self.content, dict) else None


@dataclass(frozen=True)
class Account:
    """HTTP Basic credentials and the base URL of the provider's API."""

    user: str
    password: str
    base_url: str

    def post(self, path: str, fields: dict[str, str]) -> Answer | NotSent | Unknown:
        return self._in_time("POST", path, MAX_ANSWER_BYTES, data=fields)

    def get(self, path: str, parameters: dict[str, str]) -> Answer | NotSent | Unknown:
        return self._in_time("GET", path, MAX_LIST_BYTES, params=parameters)

    def _in_time(
        self, method: str, path: str, max_bytes: int, **content: Any
    ) -> Answer | NotSent | Unknown:
        try:
            return within(CALL_SECONDS, lambda: self._call(method, path, max_bytes, **content))
        except TimeoutError:
            return Unknown("No answer in time.")

    def _call(
        self, method: str, path: str, max_bytes: int, **content: Any
    ) -> Answer | NotSent | Unknown:
        import requests  # noqa: PLC0415 - only for requests that send
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        try:
            with requests.request(
                method,
                f"{self.base_url}/{path}",
                auth=requests.auth.HTTPBasicAuth(self.user.encode(), self.password.encode()),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                **content,
            ) as response:
                body = _parsed(_read(response, max_bytes))
                return Answer(response.status_code, body, _retry_after(response))
        except requests.RequestException as error:
            return _fault(error)
        except HTTPError as error:  # while the body was read, which requests does not wrap
            return Unknown(f"The answer broke off ({type(error).__name__}).")


def within(seconds: float, call: Callable[[], T]) -> T:
    """The result of the call; raises TimeoutError if the whole call takes longer.

    Socket time-outs restart with each byte. This time-out includes slow name servers, unreachable
    addresses and slow headers. The thread of a late call ends with the call.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            result.set_exception(error)

    threading.Thread(target=run, name="sms-call", daemon=True).start()
    return result.result(timeout=seconds)


def _read(response: requests.Response, max_bytes: int) -> bytes:
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
    """Retry-After in seconds (RFC 9110, 10.2.3), bounded."""
    text = response.headers.get("Retry-After", "")
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return min(seconds, MAX_RETRY_AFTER) or DEFAULT_RETRY_AFTER


def _fault(error: requests.RequestException) -> NotSent | Unknown:
    """Whether the request may have been sent. If in doubt, it was: sending twice is worse."""
    from urllib3 import exceptions  # noqa: PLC0415 - as requests above

    outer = error.args[0] if error.args else error
    cause = getattr(outer, "reason", None) or outer
    kind = type(cause).__name__
    unopened = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError)
    if isinstance(cause, unopened) or isinstance(error, ValueError):  # ValueError: no usable URL
        return NotSent(f"No connection ({kind}).")
    if isinstance(cause, exceptions.SSLError) and _in_handshake(cause):
        return NotSent(f"No secure connection ({kind}).")
    return Unknown(f"The connection broke off ({kind}).")


def _in_handshake(error: BaseException) -> bool:
    root = next((cause for cause in error.args if isinstance(cause, BaseException)), error)
    frames = traceback.walk_tb(root.__traceback__)
    return any(frame.f_code.co_name == "do_handshake" for frame, _line in frames)


def is_safe_url(url: str) -> bool:
    """https with a host, or plain http to this machine; without query, fragment and user name."""
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
