"""What a provider says of a message: the result of one attempt, a later report, an inbound message.

The results differ in the one question that costs money: may the message be sent again? Only after
NotSent and Throttled. Providers have no idempotency keys for messages, so after Unknown a message
must never be sent again.
"""

from dataclasses import dataclass
from enum import StrEnum

from sms.states import State


class RefusalReason(StrEnum):
    """Why a provider refuses a message; the API answers these as error codes."""

    INVALID_RECIPIENT = "invalid_recipient"
    OPTED_OUT = "opted_out"
    REGION_NOT_ALLOWED = "region_not_allowed"
    BODY_TOO_LONG = "body_too_long"
    MISCONFIGURED = "provider_misconfigured"  # our sender, our settings: the operator must act
    CREDENTIALS = "provider_auth"  # wrong, or the account is suspended: likewise
    QUOTA = "provider_quota"  # the spending limit at the provider is reached: likewise
    OTHER = "refused"

    @property
    def state(self) -> State:
        """The final state of a message that is refused for this reason."""
        blocked = self in (RefusalReason.OPTED_OUT, RefusalReason.REGION_NOT_ALLOWED)
        return State.BLOCKED if blocked else State.FAILED

    @property
    def needs_operator(self) -> bool:
        """Every further message will be refused too, until the operator acts."""
        return self in (
            RefusalReason.MISCONFIGURED,
            RefusalReason.CREDENTIALS,
            RefusalReason.QUOTA,
        )


@dataclass(frozen=True)
class Accepted:
    """The provider took the message and gave it an id."""

    sid: str


@dataclass(frozen=True)
class AcceptedWithoutId:
    """The provider took the message without giving an id: it may be on its way."""


@dataclass(frozen=True)
class Refused:
    """The provider refused, in its own words; asking again would not help."""

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
    """The request left and no answer says what became of it."""

    reason: str


Result = Accepted | AcceptedWithoutId | Refused | NotSent | Throttled | Unknown


@dataclass(frozen=True)
class StatusUpdate:
    """What the provider reports of a message that it knows.

    `word` is the provider's own status and is kept in the history; `state` is None if we do not
    know that word. `reason` is set if the provider gives up on the message.
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
    """A message that a person sent to us; `command` is what the provider took it for, if it says.

    `reply` is the body of the HTTP answer that the provider expects, with its content type.
    """

    sid: str
    number: str
    body: str
    command: Command | None = None
    reply: str = ""
    content_type: str = "text/plain"
