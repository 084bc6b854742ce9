from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import datetime
from typing import ClassVar, NamedTuple

from django.core.checks import CheckMessage
from django.http import HttpRequest

from sms.results import Inbound, RefusalReason, Result, StatusUpdate


class UnansweredError(Exception):
    """The provider was not reached or refused the query, so the status is unknown.

    `reason` and `code` are set if it refused.
    """

    def __init__(self, text: str, reason: RefusalReason | None = None, code: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.code = code


class CallbackRefusedError(Exception):
    """This call does not come from the provider, or is about another account."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class OutgoingMessage(NamedTuple):
    """A message in the form for a provider.

    The provider reports to `callback_url` and drops the message if it cannot send it within
    `valid_seconds`. If it supports that, it stores `reference`, our id, with the message.
    """

    to: str
    from_number: str
    body: str
    callback_url: str = ""
    valid_seconds: int | None = None
    reference: str = ""


class Provider(ABC):
    """Sends one message and reports its status; never sends a message twice."""

    name: ClassVar[str]
    costs_money: ClassVar[bool]
    has_callbacks: ClassVar[bool] = False

    @abstractmethod
    def send(self, message: OutgoingMessage) -> Result:
        """Make one attempt, within ten seconds. Faults are results, not exceptions."""

    def fetch(self, sid: str) -> StatusUpdate | None:
        """The status of the message with this id; None if the provider cannot say.

        Raises UnansweredError if the provider was not reached.
        """
        return None

    def find(
        self,
        message: OutgoingMessage,
        *,
        since: datetime,
        until: datetime,
        known: Collection[str] = (),
    ) -> StatusUpdate | None:
        """Find the message that was sent with these fields in this time, if the provider has it.

        `known` has the provider ids of other messages, because two may have the same body and
        recipient. Raises UnansweredError if the provider was not reached.
        """
        return None

    def parse_callback(self, request: HttpRequest) -> StatusUpdate | Inbound | None:
        """The content of a callback; None for a genuine call without relevance.

        Raises CallbackRefusedError unless the provider made the call about our account.
        """
        raise NotImplementedError

    @classmethod
    def explain(cls, code: str) -> str:
        """What an error code means and how to fix it; empty if it is unknown."""
        return ""

    @classmethod
    def check(cls) -> list[CheckMessage]:
        return []
