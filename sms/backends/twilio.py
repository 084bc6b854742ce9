"""Twilio's Messages API over plain HTTP (twilio.com/docs/messaging/api/message-resource).

Not by the `twilio` package: it adds a quarter of a second to a cold start, has no time-out of its
own and lets errors escape (tests/sms/test_twilio.py compares this class with it).
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
import traceback
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from sms.backends.deadline import within
from sms.backends.provider import Provider
from sms.numbers import is_e164
from sms.outcomes import Accepted, NotSent, Outcome, Refused, Throttled, Unknown, WithoutSid

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 3.05
READ_SECONDS = 8.0
CALL_SECONDS = 9.0  # the whole call, below the ten seconds that callers are promised
MAX_ANSWER_BYTES = 64 * 1024
DEFAULT_RETRY_AFTER = 30
MAX_RETRY_AFTER = 24 * 3600

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_SID = re.compile(r"[A-Za-z0-9]{1,64}")


class TwilioProvider(Provider):
    name: ClassVar[str] = "twilio"
    costs_money: ClassVar[bool] = True

    def __init__(self) -> None:
        self._account: str = settings.TWILIO_ACCOUNT_SID
        self._token: str = settings.TWILIO_AUTH_TOKEN
        base_url = settings.TWILIO_API_BASE_URL.rstrip("/")
        self._url = f"{base_url}/2010-04-01/Accounts/{self._account}/Messages.json"

    def send(self, *, to: str, from_number: str, body: str) -> Outcome:
        fields = {"To": to, "From": from_number, "Body": body}
        try:
            return within(CALL_SECONDS, lambda: self._post(fields))
        except TimeoutError:
            return Unknown("No answer in time.")

    def _post(self, fields: dict[str, str]) -> Outcome:
        import requests  # noqa: PLC0415 - only where texts are sent
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        try:
            with requests.post(
                self._url,
                data=fields,
                auth=requests.auth.HTTPBasicAuth(self._account.encode(), self._token.encode()),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._judge(response, _read(response))
        except requests.RequestException as error:
            return _fault(error)
        except HTTPError as error:  # while the body was read, which requests does not wrap
            return Unknown(f"The answer broke off ({type(error).__name__}).")

    def _judge(self, response: requests.Response, answer: bytes) -> Outcome:
        """What this answer says; only 2xx may be a text, only 4xx certainly is none."""
        status = response.status_code
        content = _parsed(answer)
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return _success(content)
        if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unknown(f"HTTP {status}.")
        message, code = self._complaint(content, status)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(message, code, _retry_after(response))
        return Refused(message, code, status)

    def _complaint(self, content: Any, status: int) -> tuple[str, str]:
        """Twilio's own message and code, where it sent any."""
        members = content if isinstance(content, dict) else {}
        message, code = members.get("message"), members.get("code")
        text = self._clean(message) if isinstance(message, str) else ""
        known = type(code) is int and 0 < code < 10**9
        return text or f"The provider answered HTTP {status}.", str(code if known else status)

    def _clean(self, text: str) -> str:
        """Without our credentials, which an answer may quote, and what no database can store."""
        for secret in filter(None, (self._token, self._account)):
            text = text.replace(secret, "[redacted]")
        return "".join(c if c.isprintable() else " " for c in text).strip()[:500]

    @classmethod
    def check(cls) -> list[CheckMessage]:
        base_url = settings.TWILIO_API_BASE_URL
        faults = (
            (
                not _ACCOUNT_SID.fullmatch(settings.TWILIO_ACCOUNT_SID),
                "ACCOUNT_SID is missing or is not an account SID of Twilio.",
                "Set ACCOUNT_SID to AC and 32 hexadecimal digits, as the Twilio console shows it.",
            ),
            (
                not settings.TWILIO_AUTH_TOKEN,
                "AUTH_TOKEN is missing.",
                "Set AUTH_TOKEN to the auth token that the Twilio console shows.",
            ),
            (
                not is_e164(settings.SMS_FROM_NUMBER),
                "FROM_NUMBER is missing or is not a phone number in E.164 form.",
                "Set FROM_NUMBER to a number of your Twilio account, such as +15005550006.",
            ),
            (
                not is_e164(settings.SMS_TO_NUMBER),
                "TO_NUMBER is missing or is not a phone number in E.164 form.",
                "Set TO_NUMBER to the number that shall receive the texts, such as +15005550006.",
            ),
            (
                not _is_safe_url(base_url),
                "TWILIO_API_BASE_URL must begin with https://, except on this machine.",
                "Remove TWILIO_API_BASE_URL to use https://api.twilio.com.",
            ),
        )
        return [
            Error(message, hint=hint, id=f"sms.E{number:03}")
            for number, (wrong, message, hint) in enumerate(faults, start=2)
            if wrong
        ]


def _read(response: requests.Response) -> bytes:
    """At most MAX_ANSWER_BYTES, piece by piece as they come, until the call's time is over."""
    answer, end = b"", time.monotonic() + CALL_SECONDS
    while len(answer) < MAX_ANSWER_BYTES and time.monotonic() < end:
        piece = response.raw.read1(MAX_ANSWER_BYTES - len(answer))
        if not piece:
            break
        answer += piece
    return answer


def _parsed(answer: bytes) -> Any:
    """The JSON of this answer, None for an empty one, the bytes themselves where it is no JSON."""
    if not answer:
        return None
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer


def _success(content: Any) -> Outcome:
    if isinstance(content, bytes):
        return Unknown("The answer is not JSON.")
    sid = content.get("sid") if isinstance(content, dict) else None
    return Accepted(sid) if isinstance(sid, str) and _SID.fullmatch(sid) else WithoutSid()


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


def _is_safe_url(url: str) -> bool:
    """https with a host, or plain http to this machine itself."""
    try:
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    except ValueError:
        return False
    return bool(host) and (scheme == "https" or (scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
