"""What became of a text that was handed to a provider: exactly one of these.

They differ in the one question that costs money: may it be sent again? Only after NotSent and
Throttled. Twilio has no idempotency key for messages, so Unknown must never be sent again.
"""

from dataclasses import dataclass
from enum import StrEnum

from sms.states import State


class Kind(StrEnum):
    """Why a provider refuses, in words of our own; the API answers them as error codes."""

    INVALID_RECIPIENT = "invalid_recipient"
    OPTED_OUT = "opted_out"
    REGION_NOT_ALLOWED = "region_not_allowed"
    BODY_TOO_LONG = "body_too_long"
    MISCONFIGURED = "provider_misconfigured"  # our sender, our settings: the operator must act
    CREDENTIALS = "provider_auth"  # wrong, or the account is suspended: likewise
    QUOTA = "provider_quota"  # the money that may be spent there is spent: likewise
    OTHER = "refused"

    @property
    def state(self) -> State:
        """Where a text ends that is refused for this reason."""
        blocked = self in (Kind.OPTED_OUT, Kind.REGION_NOT_ALLOWED)
        return State.BLOCKED if blocked else State.FAILED

    @property
    def needs_operator(self) -> bool:
        """Every further text will be refused too, until somebody does something."""
        return self in (Kind.MISCONFIGURED, Kind.CREDENTIALS, Kind.QUOTA)


@dataclass(frozen=True)
class Accepted:
    """The provider took it and gave it an id."""

    sid: str


@dataclass(frozen=True)
class WithoutSid:
    """The provider said yes and forgot the id: it may be on its way."""


@dataclass(frozen=True)
class Refused:
    """The provider said no, in its own words; asking again would not help."""

    message: str
    code: str
    http_status: int
    kind: Kind = Kind.OTHER


@dataclass(frozen=True)
class NotSent:
    """The request certainly never reached the provider."""

    reason: str


@dataclass(frozen=True)
class Throttled:
    """Too many at once; the provider did not process it (Twilio 20429: safe to repeat)."""

    message: str
    code: str
    retry_after: int


@dataclass(frozen=True)
class Unknown:
    """The request left and no answer came that tells what became of it."""

    reason: str


Outcome = Accepted | WithoutSid | Refused | NotSent | Throttled | Unknown


@dataclass(frozen=True)
class Report:
    """What the provider says of a text that it knows, in its own words."""

    sid: str
    status: str
    error_code: str = ""
