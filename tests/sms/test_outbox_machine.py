"""The outbox in any order of events: people, workers, the provider, crashes and a wrong clock."""

import collections
import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import TestCase
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.models import Counter
from sms import backends, retry, service, tasks
from sms.backends import Provider, UnansweredError
from sms.models import Allowance, InboundMessage, Message, OptOut
from sms.outcomes import Accepted, NotSent, Outcome, Refused, Report, Throttled, Unknown, WithoutSid
from sms.states import FINAL, RANK
from sms.sweep import sweep
from tests.sms.conftest import NOON, TO, allow
from tests.sms.signed_calls import INBOUND, configure, path_of, post, report
from tests.sms.twilio_stub import ACCOUNT_SID

NUMBERS = (TO, "+14155552671", "+14155552672")
OWN_LIMIT = 8
SECOND = timedelta(seconds=1)
STORED = ("accepted", "answer lost", "without id", "fault after", "dies after")
FATES = (*STORED, "refused", "throttled", "not sent", "no answer", "fault before", "dies before")
WORDS = ("queued", "sent", "delivered", "undelivered", "failed")
REACHED = {"queued": "accepted"}  # the provider's word where it is not ours


class Killed(BaseException):
    """The process dies here; what it had not committed is gone."""


class Fate(Provider):
    """Does what the machine has decided, and knows every call and every text that it took."""

    name: ClassVar[str] = "twilio"
    costs_money: ClassVar[bool] = True
    machine: ClassVar["Outbox"]

    def send(self, *, reference: str, **text: Any) -> Outcome:
        return self.machine.provider_is_called(reference, text)

    def fetch(self, sid: str) -> Report | None:
        self.machine.provider_is_asked()
        return self.machine.statuses.get(sid)

    def find(self, *, body: str, known: Any, **_wanted: Any) -> Report | None:
        self.machine.provider_is_asked()
        sid = next((sid for sid, text in self.machine.stored.items() if text["body"] == body), "")
        return None if sid in known else self.machine.statuses.get(sid)


moments = st.none() | st.integers(1, 14)  # of death or of another worker's step, by statement
fates = st.sampled_from(FATES)
any_text = st.integers(0, 30)
meddlers = st.sampled_from(("", "", "deliver", "cancel", "callback", "sweep"))


class Outbox(RuleBasedStateMachine):
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
        self.statuses: dict[str, Report] = {}
        self.calls: collections.Counter[str] = collections.Counter()
        self.not_before: dict[str, Any] = {}
        self.canceled: set[str] = set()
        self.keys: dict[str, tuple[str, str]] = {}
        self.before: dict[str, str] = {}
        self.numbers = iter(range(1, 10_000))
        self.fate, self.during, self.reachable = "accepted", "", True
        self.broken: list[str] = []

    # --- The provider -----------------------------------------------------------------------------

    def provider_is_called(self, pk: str, text: dict[str, Any]) -> Outcome:
        self.broken += self.broken_promises(pk, text)
        self.calls[pk] += 1
        fate, during = self.fate, self.during
        self.fate, self.during = "accepted", ""
        sid = f"SM{next(self.numbers):032x}"
        if fate in STORED:
            self.stored[sid] = {"pk": pk, **text}
            self.statuses[sid] = Report(sid, "sent")
        if during:
            self.meddle(during, pk)
        if fate.startswith("dies"):
            raise Killed
        if fate.startswith("fault"):
            raise ZeroDivisionError
        waits = {"throttled": 90 * SECOND, "not sent": 5 * SECOND * 2 ** (self.calls[pk] - 1)}
        self.not_before[pk] = timezone.now() + waits.get(fate, 0 * SECOND)
        return {
            "accepted": Accepted(sid),
            "without id": WithoutSid(),
            "refused": Refused("No", "21211", 400),
            "throttled": Throttled("Later", "20429", 90),
            "not sent": NotSent("No connection."),
        }.get(fate, Unknown("HTTP 500."))

    def provider_is_asked(self) -> None:
        if not self.reachable:
            raise UnansweredError("HTTP 500.")

    def broken_promises(self, pk: str, text: dict[str, Any]) -> list[str]:
        """Remembered, not raised: whoever calls a provider survives its faults.

        A sweep may have given up a claim whose holder was slow; that text is not sent again.
        """
        row, now = Message.objects.get(pk=pk), timezone.now()
        left = row.expires_at and row.expires_at - now
        promises = {
            "claimed": row.state in ("sending", "unknown") or row.error_code == tasks.LOST,
            "once for each claim": self.calls[pk] < row.attempt_count <= 5,
            "not canceled": pk not in self.canceled,
            "not opted out": not OptOut.objects.filter(number=text["to"]).exists(),
            "switched on": self.settings.SMS_ENABLED,
            "allowed": Allowance.objects.get(account=self.actor).per_day > 0,
            "not too early": now >= max(row.send_at or now, self.not_before.get(pk, now)),
            "not too late": left is None or left > 0 * SECOND,
            "valid": text["valid_seconds"] == (left and max(int(left.total_seconds()), 1)),
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
                    dies = None
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
            tasks.deliver(str(message.pk))
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
                self.statuses[sid] = Report(sid, word, code)
                told = report(word, sid=sid, code=code)
                assert post(path_of(message), told).status_code == 204
                message.refresh_from_db()
                reached = RANK[message.state] >= RANK[REACHED.get(word, word)]
                assert reached, "a report was ignored"

    # --- What people and machines do --------------------------------------------------------------

    @rule(
        wait=st.sampled_from((None, None, 60, 7200, 200_000)),
        valid=st.sampled_from((None, None, 30, 3600)),
        key=st.sampled_from((None, "a", "b")),
        number=st.sampled_from(NUMBERS),
        dies=moments,
    )
    def queue(self, wait, valid, key, number, dies):
        body = f"text {next(self.numbers):05}"
        pk, body, number = (*self.keys[key], number) if key in self.keys else ("", body, number)
        if pk:
            number = Message.objects.get(pk=pk).to
        fields = {
            "send_at": wait and timezone.now() + wait * SECOND,
            "valid_for": valid and valid * SECOND,
        }
        with (
            self.process(dies),
            contextlib.suppress(service.SendingError, service.LimitReachedError),
        ):
            made = service.queue(actor=self.actor, to=number, body=body, key=key, **fields)
            self.assert_key_is_kept(pk, made)
            if key:
                self.keys[key] = (str(made.pk), body)

    def assert_key_is_kept(self, pk: str, made: Message) -> None:
        if pk and str(made.pk) != pk:
            first = Message.objects.get(pk=pk)
            is_old = first.created_at <= timezone.now() - timedelta(days=1)
            assert is_old or (first.state == "failed" and not self.is_stored(first)), "a key forgot"

    @rule(fate=fates, dies=moments, meddler=meddlers, at=moments, during=meddlers)
    def send(self, fate, dies, meddler, at, during):
        self.fate, self.during = fate, during
        body = f"text {next(self.numbers):05}"
        with (
            self.process(dies, meddler, at),
            contextlib.suppress(service.SendingError, service.LimitReachedError),
        ):
            service.send(actor=self.actor, body=body)

    @rule(number=any_text, fate=fates, dies=moments, meddler=meddlers, at=moments, during=meddlers)
    def deliver(self, number, fate, dies, meddler, at, during):
        """The task may come late, twice or never."""
        self.fate, self.during = fate, during
        if message := self.pick(number):
            with self.process(dies, meddler, at):
                tasks.deliver(str(message.pk))

    @rule(fate=fates, dies=moments, reachable=st.booleans(), meddler=meddlers, at=moments)
    def sweep(self, fate, dies, reachable, meddler, at):
        self.fate, self.reachable = fate, reachable
        with self.process(dies and dies * 3, meddler, at):
            sweep_and_deliver()

    @rule(number=any_text, word=st.sampled_from(WORDS), code=st.sampled_from(("30003", "21610")))
    def report(self, number, word, code):
        if message := self.pick(number):
            self.call_back(message, word, code if word in ("failed", "undelivered") else "")

    @rule(number=any_text, dies=moments)
    def cancel(self, number, dies):
        if message := self.pick(number):
            with self.process(dies):
                self.cancel_now(message)

    @rule(number=any_text, dies=moments)
    def send_again(self, number, dies):
        if message := self.pick(number):
            with self.process(dies), contextlib.suppress(*retry.ERRORS):
                retry.send_again(message)

    @rule(number=st.sampled_from(NUMBERS), word=st.sampled_from(("STOP", "START", "START")))
    def inbound(self, number, word):
        sid = f"SM{next(self.numbers):032x}"
        fields = {"AccountSid": ACCOUNT_SID, "From": number, "Body": word, "MessageSid": sid}
        assert post(INBOUND, fields).status_code == 200
        assert OptOut.objects.filter(number=number).exists() is (word == "STOP")

    @rule(seconds=st.sampled_from((1, 6, 61, 91, 301, 901, 4000, 90_000, -1, -60, -4000, -90_000)))
    def move_the_clock(self, seconds):
        self.clock.shift(seconds)

    @rule(per_day=st.sampled_from((0, OWN_LIMIT, OWN_LIMIT)), enabled=st.sampled_from((1, 1, 0)))
    def operate(self, per_day, enabled):
        allow(self.actor, per_day=per_day)
        self.settings.SMS_ENABLED = bool(enabled)

    # --- What is true after every step ------------------------------------------------------------

    def is_stored(self, message: Message) -> bool:
        return any(text["pk"] == str(message.pk) for text in self.stored.values())

    @invariant()
    def no_text_left_against_a_promise(self):
        assert self.broken == []

    @invariant()
    def no_text_is_taken_twice(self):
        rows = {str(row.pk): row for row in Message.objects.all()}
        first = {pk: str(row.retry_of_id or pk) for pk, row in rows.items()}
        taken = collections.Counter(first[text["pk"]] for text in self.stored.values())
        assert all(times == 1 for times in taken.values()), "one text was sent twice"

    @invariant()
    def states_move_forward(self):
        now = {str(row.pk): row.state for row in Message.objects.all()}
        for pk, state in self.before.items():
            released = (state, now[pk]) == ("sending", "queued")
            assert now[pk] == state or released or RANK[now[pk]] > RANK[state], (state, now[pk])
        self.before = now
        assert all(now[pk] == "canceled" for pk in self.canceled)

    @invariant()
    def the_history_has_where_each_text_stands(self):
        for row in Message.objects.prefetch_related("events", "attempts"):
            told = {event.status for event in row.events.all()}
            is_told_otherwise = row.state in ("sending", "accepted") or self.is_stored(row)
            assert row.state in told or is_told_otherwise, (row.state, told)
            assert row.attempts.count() <= self.calls[str(row.pk)]

    @invariant()
    def counters_hold_what_was_or_may_be_sent(self):
        expected: collections.Counter = collections.Counter()
        for row in Message.objects.all():
            is_over = row.state in FINAL and row.error_code != tasks.LOST
            if is_over and not self.is_stored(row):
                continue
            day = row.due_at.replace(hour=0, minute=0, second=0, microsecond=0)
            for kind in (f"account:{self.actor.pk}", "number", f"country:{row.region}", "all"):
                expected[kind, day] += 1
            expected["segments", day.replace(day=1)] += row.segments
        held: collections.Counter = collections.Counter()
        for counter in Counter.objects.exclude(scope__endswith=":warned"):
            kind = counter.scope.removeprefix("sms:").rpartition(":")[0]
            kind = "number" if kind.startswith("number:") else kind
            held[kind, counter.window_start] += counter.used
        assert +held == expected

    def teardown(self):
        """The provider is back and the sweep goes on: every text comes to its end."""
        self.settings.SMS_ENABLED, self.reachable, self.fate = True, True, "accepted"
        last = [row.next_attempt_at for row in Message.objects.exclude(state__in=FINAL)]
        self.clock.move_to(max([timezone.now(), *last]) + SECOND)
        began, open_ones = timezone.now(), Message.objects.exclude(state__in=FINAL)
        for minutes in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
            self.clock.move_to(began + timedelta(minutes=minutes))
            self.statuses = {sid: Report(sid, "delivered") for sid in self.statuses}
            sweep_and_deliver()
        silent = open_ones.filter(state__in=("accepted", "sent"))
        silent = silent.filter(claimed_at__lt=began - timedelta(hours=2))
        assert not open_ones.exclude(pk__in=silent).exists(), list(open_ones.values())
        self.no_text_left_against_a_promise()
        self.no_text_is_taken_twice()
        self.states_move_forward()
        self.counters_hold_what_was_or_may_be_sent()


def sweep_and_deliver() -> None:
    with TestCase.captureOnCommitCallbacks() as dispatched:
        sweep(at=timezone.now())
    for call in dispatched:
        call()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "examples", [40, pytest.param(1500, marks=pytest.mark.nightly)], ids=["fast", "nightly"]
)
def test_in_any_order_of_events_the_outbox_keeps_its_word(
    examples, settings, noon, alice, monkeypatch
):
    monkeypatch.setitem(backends.PROVIDERS, "twilio", Fate)
    configure(settings)
    settings.SMS_TO_NUMBER, settings.SMS_FROM_NUMBER = TO, "+15005550006"
    run_state_machine_as_test(
        lambda: Outbox(settings, noon, alice),
        settings=bounds(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            derandomize=examples == 40,
            suppress_health_check=list(HealthCheck),
        ),
    )
