from abc import ABC, abstractmethod
from typing import ClassVar

from django.core.checks import CheckMessage

from sms.outcomes import Outcome


class Provider(ABC):
    """Hands one text to the world and tells what became of it; sends nothing twice."""

    name: ClassVar[str]
    costs_money: ClassVar[bool]

    @abstractmethod
    def send(self, *, to: str, from_number: str, body: str) -> Outcome:
        """One attempt, answered within ten seconds. Faults are outcomes, not exceptions."""

    @classmethod
    def check(cls) -> list[CheckMessage]:
        """What is wrong with the settings that this provider needs."""
        return []
