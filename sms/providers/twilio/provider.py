"""Twilio's Messages API over plain HTTP (twilio.com/docs/messaging/api/message-resource)."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.core.checks import CheckMessage
from django.http import HttpRequest

from sms.providers.http import Account, Answer
from sms.providers.provider import OutgoingMessage, Provider, UnansweredError
from sms.providers.twilio import callbacks
from sms.providers.twilio.checks import check_settings
from sms.providers.twilio.errors import advice_for, is_throttled, reason_of
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    Inbound,
    Refused,
    Result,
    StatusUpdate,
    Throttled,
    Unknown,
)
from sms.telephony import canonical

MAX_VALID_SECONDS = 36_000  # Twilio's own limit of ValidityPeriod
CLOCK_SKEW = timedelta(minutes=1)  # between the clocks of Twilio and this server
MAX_PAGES = 10

_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_BLANKS = re.compile(r"\s+")


class TwilioProvider(Provider):
    name: ClassVar[str] = "twilio"
    costs_money: ClassVar[bool] = True

    has_callbacks: ClassVar[bool] = True

    def __init__(self) -> None:
        base_url, account = settings.TWILIO_API_BASE_URL, settings.TWILIO_ACCOUNT_SID
        self._api = Account(
            account,
            settings.TWILIO_AUTH_TOKEN,
            f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account}",
        )

    def send(self, message: OutgoingMessage) -> Result:
        """Make one attempt. Our id needs no field, because it is in the path of `callback_url`."""
        fields = {"To": message.to, **_sender(message.from_number), "Body": message.body}
        if message.callback_url:
            fields["StatusCallback"] = message.callback_url
        if message.valid_seconds is not None:
            seconds = min(max(message.valid_seconds, 1), MAX_VALID_SECONDS)
            fields["ValidityPeriod"] = str(seconds)
        answer = self._api.post("Messages.json", fields)
        return self._result(answer) if isinstance(answer, Answer) else answer

    def fetch(self, sid: str) -> StatusUpdate | None:
        if not _SID.fullmatch(sid):
            return None
        answer = self._get(f"Messages/{sid}.json", {})
        return None if answer is None else _status_update(answer.content)

    def find(
        self,
        message: OutgoingMessage,
        *,
        since: datetime,
        until: datetime,
        known: Collection[str] = (),
    ) -> StatusUpdate | None:
        """Search Twilio's list for the oldest message with this sender, recipient and body.

        The query has only the recipient and the day. A message that still waits at Twilio has no
        DateSent, and the filter accepts only days. So the range is widened and the creation time
        compared here.
        """
        found = None
        for listed in self._listed(message.to, since):
            at = _moment(listed.get("date_created"))
            in_time = at is not None and since - CLOCK_SKEW <= at <= until + CLOCK_SKEW
            if in_time and _is_same(listed, message):
                update = _status_update(listed)
                found = update if update and update.sid not in known else found
        return found

    def parse_callback(self, request: HttpRequest) -> StatusUpdate | Inbound | None:
        return callbacks.parse(request)

    def _listed(self, to: str, since: datetime) -> list[dict[str, Any]]:
        """The messages to this number since that time and perhaps some older ones, newest first."""
        parameters = {"To": to, "PageSize": "50"}
        parameters |= {"DateSent>": (since - timedelta(days=1)).astimezone(UTC).date().isoformat()}
        messages: list[dict[str, Any]] = []
        for page in range(MAX_PAGES):
            answer = self._get("Messages.json", {**parameters, "Page": str(page)})
            rows = answer.member("messages") if answer else None
            if not isinstance(rows, list):
                raise UnansweredError("Unexpected response: messages is not a list.")
            messages += [row for row in rows if isinstance(row, dict)]
            if answer is None or not answer.member("next_page_uri"):
                return messages
        raise UnansweredError("The list is too long.")

    def _get(self, path: str, parameters: dict[str, str]) -> Answer | None:
        """The response; None for 404. Raises UnansweredError for any other error."""
        answer = self._api.get(path, parameters)
        if not isinstance(answer, Answer):
            raise UnansweredError(answer.reason)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            _, code = self._error(answer)
            raise UnansweredError(f"HTTP {answer.status}.", reason_of(code, answer.status), code)
        return answer

    def _result(self, answer: Answer) -> Result:
        """After 2xx the message may have been sent; after 4xx it certainly was not."""
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return _success(answer)
        if not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unknown(f"HTTP {status}.")
        message, code = self._error(answer)
        if is_throttled(code, status):
            return Throttled(message, code, answer.retry_after)
        return Refused(message, code, status, reason_of(code, status))

    def _error(self, answer: Answer) -> tuple[str, str]:
        message, code = answer.member("message"), answer.member("code")
        text = self._clean(message) if isinstance(message, str) else ""
        known = type(code) is int and 0 < code < 10**9
        default = f"The provider answered HTTP {answer.status}."
        return text or default, str(code if known else answer.status)

    def _clean(self, text: str) -> str:
        """Remove credentials, which a response may quote, and unprintable characters."""
        for secret in filter(None, (self._api.password, self._api.user)):
            text = text.replace(secret, "[redacted]")
        return "".join(c if c.isprintable() else " " for c in text).strip()[:500]

    @classmethod
    def explain(cls, code: str) -> str:
        return advice_for(code)

    @classmethod
    def check(cls) -> list[CheckMessage]:
        return check_settings()


def _sender(from_number: str) -> dict[str, str]:
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    return {"MessagingServiceSid": service} if service else {"From": from_number}


def _success(answer: Answer) -> Result:
    if isinstance(answer.content, bytes):
        return Unknown("The answer is not JSON.")
    sid = answer.member("sid")
    return Accepted(sid) if isinstance(sid, str) and _SID.fullmatch(sid) else AcceptedWithoutId()


def _status_update(members: Any) -> StatusUpdate | None:
    members = members if isinstance(members, dict) else {}
    sid, status, code = (members.get(name) for name in ("sid", "status", "error_code"))
    if not (isinstance(sid, str) and _SID.fullmatch(sid) and isinstance(status, str)):
        return None
    return callbacks.status_update(sid, status, str(code) if type(code) is int else "")


def _is_same(listed: dict[str, Any], message: OutgoingMessage) -> bool:
    """Compare a listed message. For a pool, Twilio's `from` is the number that the pool chose."""
    service = settings.TWILIO_MESSAGING_SERVICE_SID
    by_us = (
        listed.get("messaging_service_sid") == service
        if service
        else _is_same_number(listed.get("from"), message.from_number)
    )
    same_body = _plain(listed.get("body")) == _plain(message.body)
    return by_us and _is_same_number(listed.get("to"), message.to) and same_body


def _is_same_number(listed: object, ours: str) -> bool:
    """Compare canonical forms, because Twilio may list a number in another form."""
    return isinstance(listed, str) and canonical(listed) == canonical(ours)


def _plain(text: object) -> str:
    """Collapse white space, because Twilio does not document how it returns line breaks."""
    return _BLANKS.sub(" ", text).strip() if isinstance(text, str) else ""


def _moment(text: object) -> datetime | None:
    """Read an RFC 5322 date; `-0000` means UTC with an unknown zone (3.3)."""
    try:
        moment = parsedate_to_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
