"""The outbox in any order of events: people, workers, the provider, crashes and a wrong clock."""

import collections
import contextlib
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, seed
from hypothesis import settings as bounds
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.models import Counter
from localcloud.twilio.stub import ACCOUNT_SID
from sms import delivery, providers, resend, service
from sms.models import Message, OptOut
from sms.policy import SendError
from sms.providers.twilio.callbacks import status_update
from sms.states import FINAL, LOST, RANK
from tests.sms.conftest import TO, allow
from tests.sms.outbox_world import (
    FATES,
    NUMBERS,
    OWN_LIMIT,
    SECOND,
    WORDS,
    Fate,
    World,
    sweep_and_deliver,
)
from tests.sms.twilio.signed_calls import INBOUND, configure, post

moments = st.none() | st.integers(1, 14)  # of death or of another worker's step, by statement
fates = st.sampled_from(FATES)
any_text = st.integers(0, 30)
meddlers = st.sampled_from(("", "", "deliver", "cancel", "callback", "sweep"))


class Outbox(World, RuleBasedStateMachine):
    """Every rule is one process: it may die at any statement, and another may come between two."""

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
            contextlib.suppress(service.SendError, service.SendError),
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
            contextlib.suppress(service.SendError, service.SendError),
        ):
            service.send(actor=self.actor, body=body)

    @rule(number=any_text, fate=fates, dies=moments, meddler=meddlers, at=moments, during=meddlers)
    def deliver(self, number, fate, dies, meddler, at, during):
        """The task may come late, twice or never."""
        self.fate, self.during = fate, during
        if message := self.pick(number):
            with self.process(dies, meddler, at):
                delivery.deliver(str(message.pk))

    @rule(fate=fates, dies=moments, reachable=st.booleans(), meddler=meddlers, at=moments)
    def sweep(self, fate, dies, reachable, meddler, at):
        self.fate, self.reachable = fate, reachable
        with self.process(dies, meddler, at):
            sweep_and_deliver()

    @rule(
        number=any_text,
        word=st.sampled_from(WORDS),
        code=st.sampled_from(("30003", "21610")),
        dies=moments,
    )
    def report(self, number, word, code, dies):
        if message := self.pick(number):
            with self.process(dies):
                self.call_back(message, word, code if word in ("failed", "undelivered") else "")

    @rule(number=any_text, dies=moments)
    def cancel(self, number, dies):
        if message := self.pick(number):
            with self.process(dies):
                self.cancel_now(message)

    @rule(number=any_text, dies=moments)
    def send_again(self, number, dies):
        if message := self.pick(number):
            with self.process(dies), contextlib.suppress(SendError):
                resend.send_again(message)

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
        now = {str(row.pk): "lost" if row.is_lost else row.state for row in Message.objects.all()}
        for pk, state in self.before.items():
            released = (state, now[pk]) == ("sending", "queued")
            assert now[pk] == state or released or rank(now[pk]) > rank(state), (state, now[pk])
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
            is_over = row.state in FINAL and row.error_code != LOST
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
            self.statuses = {sid: status_update(sid, "delivered") for sid in self.statuses}
            sweep_and_deliver()
        silent = open_ones.filter(state__in=("accepted", "sent"))
        silent = silent.filter(claimed_at__lt=began - timedelta(hours=2))
        assert not open_ones.exclude(pk__in=silent).exists(), list(open_ones.values())
        self.no_text_left_against_a_promise()
        self.no_text_is_taken_twice()
        self.states_move_forward()
        self.counters_hold_what_was_or_may_be_sent()


def rank(state: str) -> float:
    """A message that was given up stands between `unknown` and what it may turn out to be."""
    return 19 if state == LOST else RANK[state]


def swept(box: Outbox, dies: int, *, reachable: bool = True) -> None:
    box.sweep(fate="accepted", dies=dies, reachable=reachable, meddler="", at=None)


# What happened before, and the step that dies at each of its statements in turn.
CLAIMED = ("deliver", 0, "dies before", None, "", None, "")
SWEEP = ("accepted", None, True, "", None)
QUEUED = ("queue", None, None, None, TO, None)
STEPS: dict[str, tuple[list[tuple], Callable[[Outbox, int], Any]]] = {
    "queue": ([], lambda box, at: box.queue(None, 3600, "a", TO, at)),
    "send": ([], lambda box, at: box.send("accepted", at, "", None, "")),
    "cancel": ([QUEUED], lambda box, at: box.cancel(0, at)),
    **{
        f"deliver, {fate}": (
            [QUEUED],
            lambda box, at, fate=fate: box.deliver(0, fate, at, "", None, ""),
        )
        for fate in ("accepted", "refused", "throttled", "no answer")
    },
    "block": (
        [QUEUED, ("inbound", TO, "STOP")],
        lambda box, at: box.deliver(0, "accepted", at, "", None, ""),
    ),
    "expire": (
        [("queue", None, 30, None, TO, None), ("move_the_clock", 61)],
        swept,
    ),
    "abandon": (
        [QUEUED, CLAIMED, ("move_the_clock", 61)],
        lambda box, at: swept(box, at, reachable=False),
    ),
    "lose": (
        [QUEUED, CLAIMED, ("move_the_clock", 61), ("sweep", *SWEEP), ("move_the_clock", 901)],
        swept,
    ),
    "adopt": (
        [QUEUED, ("deliver", 0, "dies after", None, "", None, ""), ("move_the_clock", 61)],
        swept,
    ),
    "report": (
        [QUEUED, ("deliver", 0, "without id", None, "", None, "")],
        lambda box, at: box.report(0, "delivered", "", at),
    ),
    "send again": (
        [QUEUED, ("deliver", 0, "refused", None, "", None, "")],
        lambda box, at: box.send_again(0, at),
    ),
}


@pytest.fixture
def outbox(settings, noon, alice, monkeypatch) -> Iterator[Callable[[], Outbox]]:
    monkeypatch.setitem(providers.PROVIDERS, "twilio", f"{Fate.__module__}.Fate")
    providers.provider_named.cache_clear()
    configure(settings)
    settings.SMS_TO_NUMBER, settings.SMS_FROM_NUMBER = TO, "+15005550006"
    yield lambda: Outbox(settings, noon, alice)
    providers.provider_named.cache_clear()


@pytest.mark.wide
@pytest.mark.django_db
@pytest.mark.parametrize(("history", "step"), STEPS.values(), ids=STEPS)
def test_a_process_may_die_at_any_statement(outbox, history, step):
    for statement in itertools.count(1):
        box = outbox()
        for name, *arguments in history:
            getattr(box, name)(*arguments)
        step(box, statement)
        box.no_text_left_against_a_promise()
        box.no_text_is_taken_twice()
        box.states_move_forward()
        box.the_history_has_where_each_text_stands()
        box.counters_hold_what_was_or_may_be_sent()
        if not box.has_died:
            break
    assert statement > 4


NIGHTLY = [pytest.param(number, 40, marks=pytest.mark.nightly) for number in range(4, 48)]


@pytest.mark.wide
@pytest.mark.django_db
@pytest.mark.parametrize(("number", "examples"), [*((n, 6) for n in range(4)), *NIGHTLY])
def test_in_any_order_of_events_the_outbox_keeps_its_word(number, examples, outbox):
    """The same orders in every run; a failure in one is a failure for everybody."""
    run_state_machine_as_test(
        seed(number)(outbox),
        settings=bounds(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
