"""Twilio's error codes (twilio.com/docs/api/errors) that mean something to us.

Twilio asks not to rely on codes (changelog, 2024-07-10), so a code only refines what the HTTP
status says already: an unknown one is an ordinary refusal.
"""

from http import HTTPStatus
from typing import Final

from sms.outcomes import Kind

KINDS: Final[dict[str, Kind]] = {
    "21211": Kind.INVALID_RECIPIENT,  # not a valid number
    "21612": Kind.INVALID_RECIPIENT,  # cannot be reached from this sender
    "21614": Kind.INVALID_RECIPIENT,  # not a mobile number
    "21610": Kind.OPTED_OUT,  # the recipient said STOP
    "21408": Kind.REGION_NOT_ALLOWED,  # geographic permissions of the account
    "21617": Kind.BODY_TOO_LONG,  # over 1,600 characters
    "21212": Kind.MISCONFIGURED,  # the sender is not a valid number
    "21606": Kind.MISCONFIGURED,  # the sender is not ours or cannot send texts
    "20003": Kind.CREDENTIALS,
}
THROTTLED: Final = frozenset({"20429", "21611"})  # too many at once; the sender's queue is full


def kind_of(code: str, status: int | None = None) -> Kind:
    """The code decides where it is known, else the HTTP status."""
    if code in KINDS:
        return KINDS[code]
    denied = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return Kind.CREDENTIALS if denied else Kind.OTHER


def is_throttled(code: str, status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or code in THROTTLED
