"""What became of a text that was handed to a provider: exactly one of these.

They differ in the one question that costs money: may it be sent again? Only after NotSent and
Throttled. Twilio has no idempotency key for messages, so Unknown must never be sent again.
"""

from dataclasses import dataclass


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
