"""Twilio's error codes (twilio.com/docs/api/errors) that this service handles.

Twilio advises against relying on codes (changelog, 2024-07-10), so a code only refines the HTTP
status: an unknown one is an ordinary refusal.
"""

from http import HTTPStatus
from typing import Final

from sms.results import RefusalReason

REASONS: Final[dict[str, RefusalReason]] = {
    "21211": RefusalReason.INVALID_RECIPIENT,  # not a valid number
    "21612": RefusalReason.INVALID_RECIPIENT,  # cannot be reached from this sender
    "21614": RefusalReason.INVALID_RECIPIENT,  # not a mobile number
    "21610": RefusalReason.OPTED_OUT,  # the recipient said STOP
    "21408": RefusalReason.REGION_NOT_ALLOWED,  # geographic permissions of the account
    "21617": RefusalReason.BODY_TOO_LONG,  # over 1,600 characters
    "21212": RefusalReason.MISCONFIGURED,  # the sender is not a valid number
    "21606": RefusalReason.MISCONFIGURED,  # the sender is not ours or cannot send messages
    "20003": RefusalReason.CREDENTIALS,
}
THROTTLED: Final = frozenset({"20429", "21611"})  # too many at once; the sender's queue is full


def reason_of(code: str, status: int | None = None) -> RefusalReason:
    if code in REASONS:
        return REASONS[code]
    denied = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return RefusalReason.CREDENTIALS if denied else RefusalReason.OTHER


def is_throttled(code: str, status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or code in THROTTLED
