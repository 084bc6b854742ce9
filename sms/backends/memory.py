"""Keeps the texts instead of sending them, for tests; answers what it is told to answer."""

import uuid
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils import timezone

from sms.backends.provider import Provider, UnansweredError
from sms.outcomes import Accepted, NotSent, Outcome, Refused, Report, Throttled


@dataclass(frozen=True)
class SentText:
    """One call of `send`, and what was answered."""

    to: str
    from_number: str
    body: str
    callback_url: str
    valid_seconds: int | None
    reference: str
    at: datetime
    sid: str
    outcome: Outcome

    @property
    def arrived(self) -> bool:
        """Whether a real provider would have it now, answered or not."""
        return not isinstance(self.outcome, Refused | Throttled | NotSent)


class MemoryProvider(Provider):
    """`calls` has every call; `answers` are used up in turn, then texts are accepted."""

    name: ClassVar[str] = "memory"
    costs_money: ClassVar[bool] = False

    calls: ClassVar[list[SentText]] = []
    answers: ClassVar[deque[Outcome | Exception | Callable[[], Outcome]]] = deque()
    statuses: ClassVar[dict[str, Report]] = {}  # by sid; "sent" where nothing is written
    out_of_reach: ClassVar[bool] = False

    @classmethod
    def reset(cls) -> None:
        cls.calls.clear()
        cls.answers.clear()
        cls.statuses.clear()
        cls.out_of_reach = False

    @classmethod
    def arrived(cls) -> list[SentText]:
        """What a real provider would have sent."""
        return [call for call in cls.calls if call.arrived]

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
        outcome = self._next()
        sid = outcome.sid if isinstance(outcome, Accepted) else f"SM{uuid.uuid4().hex}"
        now = timezone.now()
        text = (to, from_number, body, callback_url, valid_seconds, reference, now, sid, outcome)
        self.calls.append(SentText(*text))
        return outcome

    def fetch(self, sid: str) -> Report | None:
        self._reach()
        known = any(call.sid == sid for call in self.arrived())
        return self.statuses.get(sid, Report(sid, "sent")) if known else None

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
        self._reach()
        for call in self.arrived():
            same = (call.to, call.from_number, call.body) == (to, from_number, body)
            if same and since <= call.at <= until and call.sid not in known:
                return self.fetch(call.sid)
        return None

    def _next(self) -> Outcome:
        answer = self.answers.popleft() if self.answers else Accepted(f"SM{uuid.uuid4().hex}")
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def _reach(self) -> None:
        if self.out_of_reach:
            raise UnansweredError("Told to be out of reach.")

    @classmethod
    def check(cls) -> list[CheckMessage]:
        if settings.DEBUG:
            return []
        return [
            Error(
                "SMS_PROVIDER=memory sends no texts and forgets them with the process.",
                hint="Set SMS_PROVIDER to twilio or aws, or to console to say that no text leaves.",
                id="sms.E012",
            )
        ]
