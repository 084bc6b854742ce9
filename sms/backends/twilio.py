"""Twilio's Messages API over plain HTTP (twilio.com/docs/messaging/api/message-resource)."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.core.checks import CheckMessage

from sms.backends.alarm import watched
from sms.backends.provider import Provider, UnansweredError
from sms.backends.twilio_checks import check_settings
from sms.backends.twilio_errors import is_throttled, kind_of
from sms.backends.twilio_http import Answer, Twilio
from sms.outcomes import Accepted, Outcome, Refused, Report, Throttled, Unknown, WithoutSid

MAX_VALID_SECONDS = 36_000  # Twilio's own limit of ValidityPeriod
CLOCK_SKEW = timedelta(minutes=1)  # between Twilio and us
MAX_PAGES = 10

_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_BLANKS = re.compile(r"\s+")


class TwilioProvider(Provider):
    name: ClassVar[str] = "twilio"
    costs_money: ClassVar[bool] = True

    def __init__(self) -> None:
        self._twilio = Twilio(
            settings.TWILIO_ACCOUNT_SID,
            settings.TWILIO_AUTH_TOKEN,
            settings.TWILIO_API_BASE_URL.rstrip("/"),
        )

    def send(
        self,
        *,
        to: str,
        from_number: str,
        body: str,
        callback_url: str = "",
        valid_seconds: int | None = None,
        reference: str = "",
    ) -> Outcome:
        """Our id needs no place of its own: it is in the path of `callback_url`."""
        fields = {"To": to, **_sender(from_number), "Body": body}
        if callback_url:
            fields["StatusCallback"] = callback_url
        if valid_seconds is not None:
            fields["ValidityPeriod"] = str(min(max(valid_seconds, 1), MAX_VALID_SECONDS))
        answer = self._twilio.post("Messages.json", fields)
        return watched(self.name, self._judge(answer) if isinstance(answer, Answer) else answer)

    def fetch(self, sid: str) -> Report | None:
        if not _SID.fullmatch(sid):
            return None
        answer = self._asked(f"Messages/{sid}.json", {})
        return None if answer is None else _report(answer.content)

    def find(
        self,
        *,
        to: str,
        from_number: str,
        body: str,
        since: datetime,
        until: datetime,
        known: Collection[str] = (),
    ) -> Report | None:
        """By Twilio's list: the same sender, recipient and text, made in this time; the oldest.

        Asked by recipient and day only. A text that still waits at Twilio has no DateSent, and the
        filter takes days: both ends are widened and the moment of creation is compared here.
        """
        found = None
        for message in self._listed(to, since):
            at = _moment(message.get("date_created"))
            in_time = at is not None and since - CLOCK_SKEW <= at <= until + CLOCK_SKEW
            if in_time and _is_same(message, to=to, from_number=from_number, body=body):
                report = _report(message)
                found = report if report and report.sid not in known else found
        return found

    def _listed(self, to: str, since: datetime) -> list[dict[str, Any]]:
        """The messages to this number, newest first, of this time and perhaps of more."""
        parameters = {"To": to, "PageSize": "50"}
        parameters |= {"DateSent>": (since - timedelta(days=1)).astimezone(UTC).date().isoformat()}
        messages: list[dict[str, Any]] = []
        for page in range(MAX_PAGES):
            answer = self._asked("Messages.json", {**parameters, "Page": str(page)})
            rows = answer.member("messages") if answer else None
            if not isinstance(rows, list):
                raise UnansweredError("The list is no list.")
            messages += [row for row in rows if isinstance(row, dict)]
            if answer is None or not answer.member("next_page_uri"):
                return messages
        raise UnansweredError("The list is too long.")

    def _asked(self, path: str, parameters: dict[str, str]) -> Answer | None:
        """The answer, None for 404; anything else says nothing about a text."""
        answer = self._twilio.get(path, parameters)
        if not isinstance(answer, Answer):
            raise UnansweredError(answer.reason)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise UnansweredError(f"HTTP {answer.status}.")
        return answer

    def _judge(self, answer: Answer) -> Outcome:
        """What this answer says; only 2xx may be a text, only 4xx certainly is none."""
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return _success(answer)
        if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unknown(f"HTTP {status}.")
        message, code = self._complaint(answer)
        if is_throttled(code, status):
            return Throttled(message, code, answer.retry_after)
        return Refused(message, code, status, kind_of(code, status))

    def _complaint(self, answer: Answer) -> tuple[str, str]:
        """Twilio's own message and code, where it sent any."""
        message, code = answer.member("message"), answer.member("code")
        text = self._clean(message) if isinstance(message, str) else ""
        known = type(code) is int and 0 < code < 10**9
        told = str(code if known else answer.status)
        return text or f"The provider answered HTTP {answer.status}.", told

    def _clean(self, text: str) -> str:
        """Without our credentials, which an answer may quote, and what no database can store."""
        for secret in filter(None, (self._twilio.token, self._twilio.account)):
            text = text.replace(secret, "[redacted]")
        return "".join(c if c.isprintable() else " " for c in text).strip()[:500]

    @classmethod
    def check(cls) -> list[CheckMessage]:
        return check_settings()


def _sender(from_number: str) -> dict[str, str]:
    """A pool of senders, where there is one, else the number."""
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    return {"MessagingServiceSid": service} if service else {"From": from_number}


def _success(answer: Answer) -> Outcome:
    if isinstance(answer.content, bytes):
        return Unknown("The answer is not JSON.")
    sid = answer.member("sid")
    return Accepted(sid) if isinstance(sid, str) and _SID.fullmatch(sid) else WithoutSid()


def _report(message: Any) -> Report | None:
    members = message if isinstance(message, dict) else {}
    sid, status, code = (members.get(name) for name in ("sid", "status", "error_code"))
    if not (isinstance(sid, str) and _SID.fullmatch(sid) and isinstance(status, str)):
        return None
    return Report(sid, status, str(code) if type(code) is int else "")


def _is_same(message: dict[str, Any], *, to: str, from_number: str, body: str) -> bool:
    """Twilio gives a text sent by a pool the number that the pool chose."""
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    by_us = (
        message.get("messaging_service_sid") == service
        if service
        else message.get("from") == from_number
    )
    return by_us and message.get("to") == to and _plain(message.get("body")) == _plain(body)


def _plain(text: object) -> str:
    """Blanks are not told apart: how Twilio gives back line breaks is not written anywhere."""
    return _BLANKS.sub(" ", text).strip() if isinstance(text, str) else ""


def _moment(text: object) -> datetime | None:
    """An RFC 2822 date, as Twilio writes all of them."""
    try:
        return parsedate_to_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
