"""Many at once: as many texts as allowed, one for each key, one for each row (PostgreSQL).

What one chosen order of two steps shows every time is in test_committed.py; here are crowds, in
orders of chance.
"""

import collections
import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from core.models import Counter
from sms import delivery, resend, service
from sms.models import Message
from sms.policy import SendError
from sms.results import Accepted
from sms.sweep import sweep
from tests.conftest import make_user
from tests.sms.conftest import allow
from tests.task_backends import recorded

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NUMBER = "+15005550011"


@pytest.fixture(autouse=True)
def _generous(settings) -> None:
    settings.SMS_DESTINATION_DAILY_LIMIT = settings.SMS_COUNTRY_DAILY_LIMIT = 100_000
    settings.SMS_DAILY_LIMIT = settings.SMS_MONTHLY_SEGMENTS = 100_000


def at_once(threads: int, call: Callable[[int], Any]) -> list[Any]:
    """The results of call(0), call(1), ...: all begin together, each with its own connection."""
    barrier = threading.Barrier(threads)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def queue(person: User, **fields: Any) -> Message:
    return service.queue(actor=person, to=NUMBER, **fields)


def deliver_all(ids: Iterable[str], threads: int = 8) -> None:
    queue = iter(list(ids))
    lock = threading.Lock()

    def work(_number: int) -> None:
        while True:
            with lock:
                message_id = next(queue, None)
            if message_id is None:
                return
            delivery.deliver(message_id)

    at_once(threads, work)


@pytest.mark.parametrize(("own", "common", "allowed"), [(3, 100, 12), (100, 10, 10)])
def test_simultaneous_texts_never_exceed_a_limit(numbered, settings, own, common, allowed):
    settings.SMS_DAILY_LIMIT = common
    people = [allow(make_user(f"p{number}@example.com"), per_day=own) for number in range(4)]

    def send(number: int) -> None:
        for turn in range(5):
            try:
                service.send(actor=people[(number + turn) % len(people)], body="hey")
            except service.SendError:
                continue

    at_once(8, send)
    assert len(numbered.sent) == Message.objects.count() == allowed
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}
    assert Counter.objects.get(scope="sms:all:day").used == allowed


@pytest.mark.enable_socket
def test_fifty_keys_by_thirty_two_senders_and_every_dispatch_thrice_are_fifty_texts(
    twilio, settings
):
    """quality.md: one request, one text."""
    enqueued = recorded(settings)
    person = allow(make_user("carol@example.com"), per_day=100_000)
    keys = [f"key {number}" for number in range(50)]

    def send(number: int) -> set[tuple[str, str]]:
        shuffled = random.Random(number).sample(keys, len(keys))  # noqa: S311 - an order
        return {(key, str(queue(person, body=key, key=key).pk)) for key in shuffled}

    answers = set().union(*at_once(32, send))
    dispatched = [pk for (pk,) in enqueued]
    assert len(answers) == len(keys)
    assert sorted(dispatched) == sorted(pk for _key, pk in answers)
    deliver_all(random.Random(7).sample(dispatched * 3, len(dispatched) * 3))  # noqa: S311 - likewise
    assert sorted(text["body"] for text in twilio.messages) == sorted(keys)
    assert set(Message.objects.values_list("state", "attempt_count")) == {("accepted", 1)}
    assert Counter.objects.get(scope="sms:all:day").used == len(keys)


def test_four_sweeps_at_once_take_each_row_once(numbered, alice):
    now = timezone.now()
    past = now - timedelta(minutes=20)
    fields: dict[str, Any] = {
        "sender": allow(alice),
        "to": NUMBER,
        "provider": "scripted",
        "next_attempt_at": past,
        "created_at": past,
    }
    kinds: list[dict[str, Any]] = [
        {"state": "queued"},
        {"state": "scheduled", "expires_at": now},
        {"state": "sending", "claimed_at": now - timedelta(minutes=2)},
        {"state": "unknown", "claimed_at": past},
        {"state": "sent", "claimed_at": past},
    ]
    rows = [
        Message(body=f"{kind['state']} {number}", **fields, **kind)
        for kind in kinds
        for number in range(20)
    ]
    for number, row in enumerate(rows):
        row.provider_sid = f"sid{number}" if row.state == "sent" else ""
    Message.objects.bulk_create(rows)
    scope = f"sms:account:{alice.pk}:day"
    midnight = past.replace(hour=0, minute=0, second=0, microsecond=0)
    Counter.objects.create(scope=scope, window_start=midnight, used=1000)

    rounds = at_once(4, lambda _number: sweep(at=now, limit=100))
    total = {name: sum(done[name] for done in rounds) for name in rounds[0]}
    total.pop("dispatched")  # may be asked for twice; sent once, as the next lines show
    assert total == {
        "expired": 20,
        "unknown": 20,
        "found": 0,
        "lost": 20,
        "asked": 20,
        "answered": 0,
    }
    assert sorted(text["body"] for text in numbered.sent) == sorted(
        f"queued {n}" for n in range(20)
    )
    assert Counter.objects.get(scope=scope).used == 1000 - 20
    # 20 that were unknown, 20 that have become so; every one of both and of `sent` asked for once.
    assert len(numbered.asked) == 60


@pytest.mark.parametrize(("own", "expected"), [(5, 20), (10, 30)], ids=["of each", "of all"])
def test_what_is_due_on_a_day_never_exceeds_the_quota_of_that_day(
    numbered, settings, own, expected
):
    """At once, for later today and for tomorrow, by everybody: each day has its own quota."""
    settings.SMS_DAILY_LIMIT, noon = 30, datetime(2026, 11, 20, 12, tzinfo=UTC)
    people = [allow(make_user(f"p{number}@example.com"), per_day=own) for number in range(4)]
    waits = [None, timedelta(hours=1), timedelta(days=1), timedelta(days=1, hours=3)]

    def send(number: int) -> None:
        for turn in range(40):
            wait = waits[(number + turn) % len(waits)]
            person = people[(number // 2 + turn) % len(people)]
            try:
                queue(person, body="hey", send_at=wait and noon + wait)
            except service.SendError:
                continue

    with time_machine.travel(noon, tick=False):
        at_once(8, send)
    today, tomorrow = (
        [text for text in Message.objects.all() if text.due_at.date() == day.date()]
        for day in (noon, noon + timedelta(days=1))
    )
    assert (len(today), len(tomorrow)) == (expected, expected)
    for texts in (today, tomorrow):
        assert max(collections.Counter(text.sender_id for text in texts).values()) <= own
    at_midnights = Counter.objects.filter(scope="sms:all:day").order_by("window_start")
    assert list(at_midnights.values_list("used", flat=True)) == [expected] * 2
    assert len(numbered.sent) == len([text for text in today if text.send_at is None])


def test_a_stopped_account_gets_back_what_did_not_leave_once(numbered, alice, settings):
    """The operator stops it while every text is being delivered thrice."""
    allow(alice, per_day=1000)
    recorded(settings)
    ids = [str(queue(alice, body=f"{number}").pk) for number in range(60)]

    ten, accept = threading.Event(), numbered.outcome

    def outcome() -> Accepted:
        if len(numbered.sent) >= 10:
            ten.set()
        return accept()

    numbered.outcome = outcome

    def work(number: int) -> None:
        if number == 0:
            assert ten.wait(60)
            allow(alice, per_day=0)
            return
        for message_id in random.Random(number).sample(ids, len(ids)):  # noqa: S311 - an order
            delivery.deliver(message_id)

    at_once(4, work)
    states = collections.Counter(Message.objects.values_list("state", flat=True))
    assert states["accepted"] == len(numbered.sent) >= 10
    assert states["accepted"] + states["blocked"] == 60
    assert states["blocked"] > 0
    assert set(
        Counter.objects.filter(scope__startswith="sms:")
        .exclude(scope__endswith="warned")
        .values_list("used", flat=True)
    ) == {states["accepted"]}


def test_a_text_is_canceled_or_sent_and_never_both(numbered, alice):
    allow(alice, per_day=1000)
    rows = Message.objects.bulk_create(
        Message(sender=alice, to=NUMBER, body=f"{n}", provider="scripted") for n in range(40)
    )

    def race(number: int) -> list[bool]:
        if number:
            for row in rows:
                delivery.deliver(str(row.pk))
            return []
        twins = Message.objects.in_bulk([row.pk for row in rows])
        return [service.cancel(actor=alice, message=twins[row.pk]) for row in reversed(rows)]

    canceled = sum(at_once(3, race)[0])
    states = list(Message.objects.values_list("state", flat=True))
    assert states.count("canceled") == canceled
    assert states.count("accepted") == len(numbered.sent) == 40 - canceled


@pytest.mark.parametrize("allowance", [1, 1000])
def test_of_all_who_press_send_again_at_once_one_does(numbered, alice, allowance):
    allow(alice, per_day=allowance)
    row = Message.objects.create(
        sender=alice,
        to=NUMBER,
        region="US",
        body="hey",
        provider="scripted",
        state="failed",
        finished_at=timezone.now(),
        attempt_count=1,
    )
    row.attempts.create(number=1, started_at=row.created_at, outcome="refused")

    def press(_number: int) -> str:
        try:
            return str(resend.send_again(Message.objects.get(pk=row.pk)).pk)
        except SendError as error:
            return str(error)

    told = at_once(8, press)
    [successor] = Message.objects.filter(retry_of=row)
    refused = f"It was already sent again, as {successor.pk}."
    assert sorted(told) == sorted([str(successor.pk), *[refused] * 7])
    assert len(numbered.sent) == 1
    assert Counter.objects.get(scope=f"sms:account:{alice.pk}:day").used == 1
