"""The result of a channel for one message."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Sent:
    message: UUID | None = None


@dataclass(frozen=True)
class NotSent:
    """Not sent; a retry is allowed."""

    reason: str


@dataclass(frozen=True)
class Unreachable:
    """Not sent, because this channel does not reach the person now.

    `for_good`: it will not work until the person changes something.
    """

    reason: str
    for_good: bool = False


@dataclass(frozen=True)
class Unknown:
    """Perhaps sent; never retried."""

    reason: str


Outcome = Sent | NotSent | Unreachable | Unknown
