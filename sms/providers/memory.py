"""Keeps the messages instead of sending them, for tests; returns the results that a test sets."""

import uuid
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils import timezone

from sms.providers.provider import OutgoingMessage, Provider, UnansweredError
from sms.results import Accepted, NotSent, Refused, Result, StatusUpdate, Throttled
from sms.states import State


@dataclass(frozen=True)
class Call:
    """One call of `send`, and its result."""

    message: OutgoingMessage
    at: datetime
    sid: str
    result: Result

    @property
    def arrived(self) -> bool:
        """Whether a real provider would have the message."""
        return not isinstance(self.result, Refused | Throttled | NotSent)


class MemoryProvider(Provider):
    """`calls` has every call; `answers` are returned in turn, then messages are accepted."""

    name: ClassVar[str] = "memory"
    costs_money: ClassVar[bool] = False

    calls: ClassVar[list[Call]] = []
    answers: ClassVar[deque[Result | Exception | Callable[[], Result]]] = deque()
    statuses: ClassVar[dict[str, StatusUpdate]] = {}  # by sid; "sent" if there is none
    unreachable: ClassVar[bool] = False

    @classmethod
    def reset(cls) -> None:
        cls.calls.clear()
        cls.answers.clear()
        cls.statuses.clear()
        cls.unreachable = False

    @classmethod
    def arrived(cls) -> list[Call]:
        return [call for call in cls.calls if call.arrived]

    def send(self, message: OutgoingMessage) -> Result:
        result = self._next()
        sid = result.sid if isinstance(result, Accepted) else f"SM{uuid.uuid4().hex}"
        self.calls.append(Call(message, timezone.now(), sid, result))
        return result

    def fetch(self, sid: str) -> StatusUpdate | None:
        self._reach()
        known = any(call.sid == sid for call in self.arrived())
        return self.statuses.get(sid, StatusUpdate(sid, "sent", State.SENT)) if known else None

    def find(
        self,
        message: OutgoingMessage,
        *,
        since: datetime,
        until: datetime,
        known: Collection[str] = (),
    ) -> StatusUpdate | None:
        self._reach()
        wanted = _fields(message)
        for call in self.arrived():
            in_time = since <= call.at <= until
            if in_time and _fields(call.message) == wanted and call.sid not in known:
                return self.fetch(call.sid)
        return None

    def _next(self) -> Result:
        answer = self.answers.popleft() if self.answers else Accepted(f"SM{uuid.uuid4().hex}")
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def _reach(self) -> None:
        if self.unreachable:
            raise UnansweredError("The provider is set to be unreachable.")

    @classmethod
    def check(cls) -> list[CheckMessage]:
        if settings.DEBUG:
            return []
        return [
            Error(
                "SMS_PROVIDER=memory sends no messages and forgets them with the process.",
                hint="Set SMS_PROVIDER to a provider that sends, or to console to send nothing.",
                id="sms.E012",
            )
        ]


def _fields(message: OutgoingMessage) -> tuple[str, str, str]:
    return message.to, message.from_number, message.body
