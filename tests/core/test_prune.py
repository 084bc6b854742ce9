"""`manage.py prune` removes what nothing asks for any more, and only that."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction

from accounts.api_tokens import ended_tokens
from accounts.audit import SecurityEvent, old_events
from accounts.invitations import ended_invitations
from accounts.models import ApiToken, Invitation, LimitPlace
from accounts.rate_limits import ended_places
from core.limits import Limit
from core.management.commands import prune
from core.models import Counter, IdempotencyKey
from sms.models import InboundMessage, PhoneCode, ReceivedText
from tests.builders import make_todo
from tests.feeds import check
from todos.models import Todo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_noon")]
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LONGEST = 31 * DAY  # of the windows


@pytest.fixture
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def run() -> str:
    out = StringIO()
    call_command("prune", stdout=out)
    return out.getvalue().strip()


def told(
    keys: int = 0,
    counters: int = 0,
    texts: int = 0,
    todos: int = 0,
    codes: int = 0,
    received: int = 0,
) -> str:
    ours = f"{keys} idempotency keys, {counters} counters"
    theirs = (
        f"0 API tokens, 0 security events, 0 invitations, 0 places of limits, {texts} inbound texts"
    )
    theirs += f", {codes} codes of phone numbers, {received} received texts"
    others = "0 operations of devices, 0 former names of tags, 0 sent reminders"
    others += ", 0 exports and imports"
    return f"{ours}, {theirs}, {todos} to-dos, {others} removed."


def make_key(key: str, age: timedelta, **fields: object) -> None:
    IdempotencyKey.objects.create(
        scope="anonymous", endpoint="POST /", key=key, claimed_at=NOON - age, **fields
    )


def make_counter(scope: str, ended: timedelta) -> None:
    Counter.objects.create(scope=scope, window_start=NOON - ended - LONGEST)


def test_codes_go_when_they_are_over_and_texts_after_two_days(alice, bob):
    asked = {"number": "+15005550099", "source": "api", "words": "", "asked_at": NOON}
    for person, ends in ((alice, NOON), (bob, NOON + SECOND)):
        PhoneCode.objects.create(account=person, expires_at=ends, **asked)
    for sid, age in (("almost", 2 * DAY - SECOND), ("over", 2 * DAY)):
        ReceivedText.objects.create(
            sid=sid, account=alice, number="+15005550099", received_at=NOON - age
        )
    assert run() == told(codes=1, received=1)
    assert [str(row) for row in ReceivedText.objects.all()] == ["almost"]
    assert [str(row) for row in PhoneCode.objects.all()] == [f"code for {bob.pk}"]


def test_keys_go_after_a_day(settings):
    make_key("new", timedelta(), status=201)
    make_key("almost", DAY - SECOND, status=201)
    make_key("over", DAY, status=201)
    make_key("dead", DAY)
    make_key("running", DAY - SECOND)
    assert run() == told(keys=2)
    kept = set(IdempotencyKey.objects.values_list("key", flat=True))
    assert kept == {"new", "almost", "running"}


def test_counters_go_two_months_after_their_window():
    make_counter("ended just 62 days ago", 62 * DAY)
    make_counter("ended longer ago", 62 * DAY + SECOND)
    make_counter("now", timedelta())
    assert run() == told(counters=1)
    kept = set(Counter.objects.values_list("scope", flat=True))
    assert kept == {"ended just 62 days ago", "now"}


def test_counters_of_writes_go_after_a_day():
    """An account that is in use makes four of them an hour."""
    for scope, age in (("writes:1", DAY + SECOND), ("writes:2", DAY), ("sms:writes:1", 2 * DAY)):
        Counter.objects.create(scope=scope, window_start=NOON - age)
    assert run() == told(counters=1)
    assert set(Counter.objects.values_list("scope", flat=True)) == {"writes:2", "sms:writes:1"}


def test_texts_to_us_are_remembered_for_five_years():
    """A START that is told again later must not undo a STOP (47 CFR 64.1200(d)(6): five years)."""
    years = timedelta(days=5 * 366)
    for sid, age in (("new", DAY), ("almost", years - SECOND), ("over", years)):
        InboundMessage.objects.create(sid=sid, received_at=NOON - age)
    assert run() == told(texts=1)
    assert set(InboundMessage.objects.values_list("sid", flat=True)) == {"new", "almost"}


def test_todos_leave_the_trash_after_thirty_days(alice, bob):
    for owner in (alice, bob):
        for age in (29 * DAY, 30 * DAY - SECOND, 30 * DAY):
            make_todo(owner, deleted_at=NOON - age)
        make_todo(owner)
    assert run() == told(todos=2)
    for owner in (alice, bob):
        assert Todo.objects.filter(owner=owner).count() == 3
        check(owner)


def test_with_nothing_to_do_it_does_nothing():
    assert run() == run() == told()


ENDED: dict[str, tuple[Any, Any, int]] = {
    "tokens": (
        ended_tokens,
        lambda account, at: ApiToken(owner=account, name="x", digest="x", expires_at=at),
        30,
    ),
    "events": (
        old_events,
        lambda account, at: SecurityEvent(account=account, kind="logged_in", at=at),
        90,
    ),
    "invitations": (ended_invitations, lambda account, at: Invitation(expires_at=at), 30),
    "places": (ended_places, lambda account, at: LimitPlace(scope="x", number=0, taken_at=at), 1),
}


@pytest.mark.parametrize("what", ENDED)
def test_what_is_as_old_as_it_may_be_goes_a_moment_later(alice, what):
    ended, make, days = ENDED[what]
    make(alice, NOON - days * DAY).save()
    moment = timedelta(microseconds=1)
    assert [ended(NOON + late).count() for late in (0 * moment, moment)] == [0, 1]


def test_more_than_a_batch_goes(monkeypatch):
    monkeypatch.setattr(prune, "BATCH", 2)
    for number in range(5):
        make_key(str(number), DAY)
    assert run() == told(keys=5)


def test_no_limit_has_a_window_that_would_be_forgotten_early():
    assert Limit(scope="x", amount=1, window=LONGEST).amount == 1
    with pytest.raises(ValueError, match="LONGEST_WINDOW"):
        Limit(scope="x", amount=1, window=LONGEST + SECOND)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_runs_at_once_remove_every_row_once(monkeypatch):
    monkeypatch.setattr(prune, "BATCH", 50)
    for number in range(1000):
        make_key(str(number), DAY)
    together, told = threading.Barrier(4), []

    def worker() -> None:
        connection.ensure_connection()
        together.wait()
        try:
            told.append(run())
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(int(text.split()[0]) for text in told) == 1000
    assert (len(told), IdempotencyKey.objects.count()) == (4, 0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_run_does_not_wait_for_the_rows_of_another():
    """A wait would end with lock_timeout, after three seconds."""
    make_key("of the other run", DAY)
    make_key("free", DAY)
    locked, done = threading.Event(), threading.Event()

    def other_run() -> None:
        try:
            with transaction.atomic():
                list(IdempotencyKey.objects.select_for_update().filter(key="of the other run"))
                locked.set()
                done.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=other_run)
    thread.start()
    assert locked.wait(30)
    try:
        first = run()
    finally:
        done.set()
        thread.join()
    assert [first, run()] == [told(keys=1), told(keys=1)]
