"""What is around the outbox: a provider that does as it is told, processes that die, a clock."""

import collections
import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection
from django.utils import timezone

from core.models import Counter
from sms import delivery, service
from sms.models import Allowance, InboundMessage, Message, OptOut
from sms.providers import OutgoingMessage, UnansweredError
from sms.providers.twilio.callbacks import status_update
from sms.providers.twilio.provider import TwilioProvider
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    Refused,
    Result,
    StatusUpdate,
    Throttled,
    Unknown,
)
from sms.states import LOST, RANK
from sms.sweep import sweep
from tests.sms.conftest import NOON, TO, allow
from tests.sms.twilio.signed_calls import path_of, post, report

NUMBERS = (TO, "+14155552671", "+14155552672")
OWN_LIMIT = 8
SECOND = timedelta(seconds=1)
STORED = ("accepted", "answer lost", "without id", "fault after", "dies after")
FATES = (*STORED, "refused", "throttled", "not sent", "no answer", "fault before", "dies before")
WORDS = ("queued", "sent", "delivered", "undelivered", "failed")
REACHED = {"queued": "accepted"}  # the provider's word where it is not ours


class Killed(BaseException):
    """The process dies here; what it had not committed is gone."""


class Fate(TwilioProvider):
    """Does what the machine has decided, and knows every call and every text that it took."""

    machine: ClassVar["World"]

    def send(self, message: OutgoingMessage) -> Result:
        return self.machine.provider_is_called(message.reference, message._asdict())

    def fetch(self, sid: str) -> StatusUpdate | None:
        self.machine.provider_is_asked()
        return self.machine.statuses.get(sid)

    def find(
        self, message: OutgoingMessage, *, known: Any = (), **_wanted: Any
    ) -> StatusUpdate | None:
        self.machine.provider_is_asked()
        stored = self.machine.stored.items()
        sid = next((sid for sid, text in stored if text["body"] == message.body), "")
        return None if sid in known else self.machine.statuses.get(sid)


class World:
    """Every rule is one process: it may die at any statement, and another may come between two."""

    def __init__(self, settings: Any, clock: Any, actor: Any) -> None:
        super().__init__()
        for model in (Message, OptOut, InboundMessage, Counter):
            model.objects.all().delete()
        Fate.machine, self.settings, self.clock, self.actor = self, settings, clock, actor
        self.settings.SMS_ENABLED = True
        self.clock.move_to(NOON)
        allow(actor, per_day=OWN_LIMIT)
        self.stored: dict[str, dict[str, Any]] = {}  # by the provider's id
        self.statuses: dict[str, StatusUpdate] = {}
        self.calls: collections.Counter[str] = collections.Counter()
        self.throttled: collections.Counter[str] = collections.Counter()
        self.not_before: dict[str, Any] = {}
        self.canceled: set[str] = set()
        self.keys: dict[str, tuple[str, str]] = {}
        self.before: dict[str, str] = {}
        self.numbers = iter(range(1, 10_000))
        self.fate, self.during, self.reachable = "accepted", "", True
        self.broken: list[str] = []
        self.has_died = False

    # --- The provider -----------------------------------------------------------------------------

    def provider_is_called(self, pk: str, text: dict[str, Any]) -> Result:
        self.broken += self.broken_promises(pk, text)
        self.calls[pk] += 1
        self.throttled[pk] += self.fate == "throttled"
        fate, during = self.fate, self.during
        self.fate, self.during = "accepted", ""
        sid = f"SM{next(self.numbers):032x}"
        if fate in STORED:
            self.stored[sid] = {"pk": pk, **text}
            self.statuses[sid] = status_update(sid, "sent")
        if during:
            self.meddle(during, pk)
        if fate.startswith("dies"):
            raise Killed
        if fate.startswith("fault"):
            raise ZeroDivisionError
        tries = self.calls[pk] - self.throttled[pk]
        waits = {"throttled": 90 * SECOND, "not sent": 5 * SECOND * 2 ** (tries - 1)}
        self.not_before[pk] = timezone.now() + waits.get(fate, 0 * SECOND)
        answers: dict[str, Result] = {
            "accepted": Accepted(sid),
            "without id": AcceptedWithoutId(),
            "refused": Refused("No", "21211", 400),
            "throttled": Throttled("Later", "20429", 90),
            "not sent": NotSent("No connection."),
        }
        return answers.get(fate, Unknown("HTTP 500."))

    def provider_is_asked(self) -> None:
        if not self.reachable:
            raise UnansweredError("HTTP 500.")

    def broken_promises(self, pk: str, text: dict[str, Any]) -> list[str]:
        """Remembered, not raised: whoever calls a provider survives its faults.

        A sweep may have given up a claim whose holder was slow; that text is not sent again.
        """
        row, now = Message.objects.get(pk=pk), timezone.now()
        left = None if row.expires_at is None else row.expires_at - now
        promises = {
            "claimed": row.state in ("sending", "unknown") or row.error_code == LOST,
            "once for each claim": self.calls[pk] < row.attempt_count,
            "five times at most": row.attempt_count - self.throttled[pk] <= 5,
            "not canceled": pk not in self.canceled,
            "not opted out": not OptOut.objects.filter(number=text["to"]).exists(),
            "switched on": self.settings.SMS_ENABLED,
            "allowed": Allowance.objects.get(account=self.actor).per_day > 0,
            "not too early": now >= max(row.send_at or now, self.not_before.get(pk, now)),
            "not too late": left is None or left > 0 * SECOND,
            "valid": text["valid_seconds"]
            == (None if left is None else max(int(left.total_seconds()), 1)),
        }
        return [promise for promise, is_kept in promises.items() if not is_kept]

    # --- Processes --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def process(
        self, dies: int | None = None, meddler: str = "", at: int | None = None
    ) -> Iterator:
        """Dies at that statement; at another, outside a transaction, somebody else has a turn."""
        depth, count = len(connection.savepoint_ids), 0

        def watch(execute: Callable, sql: str, *more: Any) -> Any:
            nonlocal count, meddler, dies
            if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                count += 1
                if dies is not None and count >= dies:
                    dies, self.has_died = None, True
                    raise Killed
                if meddler and count >= (at or 2) and len(connection.savepoint_ids) == depth:
                    turn, meddler = meddler, ""
                    self.meddle(turn)
            return execute(sql, *more)

        with contextlib.suppress(Killed), connection.execute_wrapper(watch):
            yield

    def meddle(self, what: str, pk: str = "") -> None:
        """What another process does meanwhile, from beginning to end."""
        message = Message.objects.filter(pk=pk).first() if pk else self.pick(0)
        if message is None:
            return
        if what == "deliver":
            delivery.deliver(str(message.pk))
        elif what == "cancel":
            self.cancel_now(message)
        elif what == "callback":
            self.call_back(message, "delivered")
        elif what == "sweep":
            for seconds in (120, 1200):
                sweep(at=timezone.now() + seconds * SECOND)

    def pick(self, number: int) -> Message | None:
        rows = list(Message.objects.order_by("body"))
        return rows[-1 - number % len(rows)] if rows else None

    def cancel_now(self, message: Message) -> None:
        if service.cancel(actor=self.actor, message=message):
            self.canceled.add(str(message.pk))

    def call_back(self, message: Message, word: str, code: str = "") -> None:
        for sid, text in self.stored.items():
            if text["pk"] == str(message.pk):
                self.statuses[sid] = status_update(sid, word, code)
                told = report(word, sid=sid, code=code)
                assert post(path_of(message), told).status_code == 204
                message.refresh_from_db()
                reached = RANK[message.state] >= RANK[REACHED.get(word, word)]
                assert reached, "a report was ignored"


def sweep_and_deliver() -> None:
    sweep(at=timezone.now())
