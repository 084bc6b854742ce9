from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from django.core.checks import CheckMessage

from sms.outcomes import Outcome, Report


class UnansweredError(Exception):
    """The provider could not be asked; this says nothing about the text."""


class Provider(ABC):
    """Hands one text to the world and tells what became of it; sends nothing twice."""

    name: ClassVar[str]
    costs_money: ClassVar[bool]

    @abstractmethod
    def send(
        self,
        *,
        to: str,
        from_number: str,
        body: str,
        callback_url: str = "",
        valid_seconds: int | None = None,
        reference: str = "",
    ) -> Outcome:
        """One attempt, answered within ten seconds. Faults are outcomes, not exceptions.

        The provider reports to `callback_url`, drops what it cannot send in `valid_seconds` and,
        where it can, keeps our id (`reference`) with the text.
        """

    def fetch(self, sid: str) -> Report | None:
        """How the text with this id stands; None where nobody can tell.

        Raises UnansweredError where the provider was not reached.
        """
        return None

    def find(
        self,
        *,
        to: str,
        from_number: str,
        body: str,
        since: datetime,
        until: datetime,
        known: Collection[str] = (),
    ) -> Report | None:
        """The text that was sent so in this time, if the provider has it; None if it has not.

        `known` are the ids of other texts: two of the same words to the same number are two.
        Raises UnansweredError where the provider was not reached.
        """
        return None

    @classmethod
    def check(cls) -> list[CheckMessage]:
        """What is wrong with the settings that this provider needs."""
        return []
