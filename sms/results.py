"""What a provider reports: the result of one attempt, a later status update, an inbound message.

A message may be sent again only after NotSent and Throttled. Providers have no idempotency keys for
messages, so after Unknown it must never be sent again.
"""

from dataclasses import dataclass
from enum import StrEnum

from sms.states import State


class RefusalReason(StrEnum):
    """Why a provider refuses a message; the values are error codes of the API."""

    INVALID_RECIPIENT = "invalid_recipient"
    OPTED_OUT = "opted_out"
    RECIPIENT_BLOCKED = "recipient_blocked"  # for good, by the carrier or a list at the provider
    REGION_NOT_ALLOWED = "region_not_allowed"  # by the provider: our settings allow it
    BODY_TOO_LONG = "body_too_long"
    MISCONFIGURED = "provider_misconfigured"  # our sender, our settings: the operator must act
    CREDENTIALS = "provider_auth"  # wrong, or the account is suspended: likewise
    QUOTA = "provider_quota"  # a limit at the provider is reached: likewise
    UNREACHABLE = "unreachable"  # the phone, this time
    FILTERED = "filtered"  # the text was taken for spam or fraud
    TEMPORARY = "temporary"  # passes by itself
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
        """The next message, or the next to the same country, is refused until the operator acts."""
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
    """The provider refused the message, in its own words; repeating it would not help."""

    message: str
    code: str
    http_status: int
    reason: RefusalReason = RefusalReason.OTHER


@dataclass(frozen=True)
class NotSent:
    """The request certainly never reached the provider."""

    reason: str


@dataclass(frozen=True)
class Throttled:
    """Too many requests at once; the provider did not process this one, so it may be repeated."""

    message: str
    code: str
    retry_after: int


@dataclass(frozen=True)
class Unknown:
    """The request was sent, but there is no usable answer."""

    reason: str


Result = Accepted | AcceptedWithoutId | Refused | NotSent | Throttled | Unknown


@dataclass(frozen=True)
class StatusUpdate:
    """What the provider reports about a message.

    `word` is the provider's own status and is stored in the history; `state` is None if the word is
    unknown to us. `reason` is set if the provider gives up on the message.
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


@dataclass(frozen=True)
class Inbound:
    """A message that a person sent to us; `command` is the provider's own reading, if it has one.

    `reply` is the body of the HTTP answer that the provider expects, with its content type.
    """

    sid: str
    number: str
    body: str
    command: Command | None = None
    reply: str = ""
    content_type: str = "text/plain"
