"""Reports of a provider: the result of an attempt, a status update or an inbound message.

A message may be sent again only after NotSent or Throttled. Providers have no idempotency keys for
messages, so it must never be sent again after Unknown.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sms.states import State


class RefusalReason(StrEnum):
    """Why a provider refuses a message; the values are error codes of the API."""

    INVALID_RECIPIENT = "invalid_recipient"
    OPTED_OUT = "opted_out"
    RECIPIENT_BLOCKED = "recipient_blocked"  # permanently, by the carrier or a list of the provider
    REGION_NOT_ALLOWED = "region_not_allowed"  # by the provider; our settings allow it
    BODY_TOO_LONG = "body_too_long"
    MISCONFIGURED = "provider_misconfigured"  # our sender or settings: the operator must act
    CREDENTIALS = "provider_auth"  # wrong, or the account is suspended: the operator must act
    QUOTA = "provider_quota"  # a limit of the provider is reached: the operator must act
    UNREACHABLE = "unreachable"  # the phone, temporarily
    FILTERED = "filtered"  # the text was classified as spam or fraud
    TEMPORARY = "temporary"  # temporary
    OTHER = "refused"

    @property
    def state(self) -> State:
        blocked = (
            RefusalReason.OPTED_OUT,
            RefusalReason.RECIPIENT_BLOCKED,
            RefusalReason.REGION_NOT_ALLOWED,
        )
        return State.BLOCKED if self in blocked else State.FAILED

    @property
    def needs_operator(self) -> bool:
        """Whether further messages, perhaps only to this country, fail until the operator acts."""
        return self in (
            RefusalReason.REGION_NOT_ALLOWED,
            RefusalReason.MISCONFIGURED,
            RefusalReason.CREDENTIALS,
            RefusalReason.QUOTA,
        )


@dataclass(frozen=True)
class Accepted:
    """The provider accepted the message and gave it an id."""

    sid: str


@dataclass(frozen=True)
class AcceptedWithoutId:
    """The provider accepted the message without an id: it may have been sent."""


@dataclass(frozen=True)
class Refused:
    """The provider refused the message, with its own text; a retry would not help."""

    message: str
    code: str
    http_status: int
    reason: RefusalReason = RefusalReason.OTHER


@dataclass(frozen=True)
class NotSent:
    """The request certainly did not reach the provider."""

    reason: str


@dataclass(frozen=True)
class Throttled:
    """The provider throttled the request and did not process it, so it may be repeated."""

    message: str
    code: str
    retry_after: int


@dataclass(frozen=True)
class Unknown:
    """The request was sent, but without a usable response."""

    reason: str


Result = Accepted | AcceptedWithoutId | Refused | NotSent | Throttled | Unknown


class StatusUpdate(NamedTuple):
    """The provider's report about a message.

    `word` is the provider's own status for the history; `state` is None for an unknown word.
    `reason` is set if the provider gives up on the message.
    """

    sid: str
    word: str
    state: State | None = None
    error_code: str = ""
    reason: RefusalReason | None = None


class Command(StrEnum):
    STOP = "STOP"
    START = "START"
    HELP = "HELP"


class Inbound(NamedTuple):
    """An inbound message; `command` is the provider's own reading, if any.

    `reply` is the body of the HTTP response that the provider expects, with its content type.
    """

    sid: str
    number: str
    body: str
    command: Command | None = None
    reply: str = ""
    content_type: str = "text/plain"
