from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.core.checks import CheckMessage
from django.http import HttpRequest

from sms.results import Inbound, Result, StatusUpdate


class UnansweredError(Exception):
    """The provider could not be asked; this says nothing about the message."""


class CallbackRefusedError(Exception):
    """This call does not come from the provider, or not about our account."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """One message as it is handed to a provider.

    The provider reports to `callback_url`, drops what it cannot send in `valid_seconds` and, if it
    can, keeps our id (`reference`) with the message.
    """

    to: str
    from_number: str
    body: str
    callback_url: str = ""
    valid_seconds: int | None = None
    reference: str = ""


class Provider(ABC):
    """Sends one message and says what became of it; never sends anything twice."""

    name: ClassVar[str]
    costs_money: ClassVar[bool]
    has_callbacks: ClassVar[bool] = False

    @abstractmethod
    def send(self, message: OutgoingMessage) -> Result:
        """One attempt, answered within ten seconds. Faults are results, not exceptions."""

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
        """The message that was sent with these fields in this time, if the provider has it.

        `known` are the ids of other messages: two with the same words to one number are two.
        Raises UnansweredError if the provider was not reached.
        """
        return None

    def parse_callback(self, request: HttpRequest) -> StatusUpdate | Inbound | None:
        """What this call says; None if it is genuine and says nothing that we understand.

        Raises CallbackRefusedError unless the provider made the call, about our account.
        """
        raise NotImplementedError

    @classmethod
    def check(cls) -> list[CheckMessage]:
        """What is wrong with the settings that this provider needs."""
        return []
