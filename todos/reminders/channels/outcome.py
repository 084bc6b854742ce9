"""What a channel says of one message."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Sent:
    message: UUID | None = None


@dataclass(frozen=True)
class NotSent:
    """Certainly not sent; it may be tried again."""

    reason: str


@dataclass(frozen=True)
class Unreachable:
    """Certainly not sent, and this channel does not lead to the person now.

    `for_good`: nor will it later, until the person does something.
    """

    reason: str
    for_good: bool = False


@dataclass(frozen=True)
class Unknown:
    """Perhaps sent: nothing tries it again."""

    reason: str


Outcome = Sent | NotSent | Unreachable | Unknown
