"""A limit lets exactly its amount through, and SQLite takes many writers (core/limits.py)."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection, connections

from core.limits import Calendar, Limit, give_back, spend, take, used
from core.models import Counter
from tests.config.conftest import ROOT

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIMIT = Limit(scope="sms:account:1:day", amount=2, window=timedelta(days=1))


@pytest.mark.django_db
def test_a_limit_gives_its_amount_and_no_more():
    assert [take(LIMIT, at=NOON) for _ in range(4)] == [True, True, False, False]
    assert Counter.objects.get().used == 2


@pytest.mark.django_db
def test_a_refusal_writes_nothing_and_another_scope_is_another_limit():
    for _ in range(3):
        take(LIMIT, at=NOON)
    assert take(Limit(scope="sms:account:2:day", amount=1, window=LIMIT.window), at=NOON)
    assert set(Counter.objects.values_list("scope", "used")) == {
        ("sms:account:1:day", 2),
        ("sms:account:2:day", 1),
    }


@pytest.mark.django_db
def test_the_next_window_begins_anew():
    last = NOON.replace(hour=23, minute=59, second=59)
    assert [take(LIMIT, at=last) for _ in range(3)] == [True, True, False]
    assert take(LIMIT, at=last + timedelta(seconds=1))


@pytest.mark.django_db
def test_what_was_given_back_may_be_taken_again():
    assert [take(LIMIT, at=NOON) for _ in range(2)] == [True, True]
    give_back(LIMIT, at=NOON)
    assert [take(LIMIT, at=NOON) for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_nothing_is_given_back_that_was_never_taken():
    give_back(LIMIT, at=NOON)
    take(LIMIT, at=NOON)
    give_back(LIMIT, at=NOON)
    give_back(LIMIT, at=NOON)
    assert Counter.objects.get().used == 0


@pytest.mark.django_db
def test_several_are_taken_together_or_not_at_all():
    limit = Limit(scope="segments", amount=10, window=timedelta(days=1))
    assert [spend(limit, amount=4, at=NOON) for _ in range(3)] == [4, 8, 0]
    assert (take(limit, amount=3, at=NOON), used(limit, at=NOON)) == (False, 8)
    assert (take(limit, amount=2, at=NOON), used(limit, at=NOON)) == (True, 10)


@pytest.mark.django_db
def test_a_counter_goes_from_nine_to_ten_and_from_99_to_100():
    limit = Limit(scope="digits", amount=100, window=timedelta(days=1))
    spent = [spend(limit, amount=amount, at=NOON) for amount in (9, 1, 89, 2, 1, 1)]
    assert spent == [9, 10, 99, 0, 100, 0]
    assert give_back(limit, amount=91, at=NOON)
    assert [give_back(limit, amount=amount, at=NOON) for amount in (10, 9)] == [False, True]
    assert used(limit, at=NOON) == 0


@pytest.mark.django_db
def test_more_than_the_limit_is_refused_from_the_first_on():
    assert take(LIMIT, amount=3, at=NOON) is False
    assert (used(LIMIT, at=NOON), Counter.objects.count()) == (0, 0)
    assert take(Limit(scope="none", amount=0, window=LIMIT.window), at=NOON) is False


@pytest.mark.django_db
def test_several_are_given_back_together_or_not_at_all():
    limit = Limit(scope="segments", amount=10, window=timedelta(days=1))
    take(limit, amount=5, at=NOON)
    assert [give_back(limit, amount=3, at=NOON) for _ in range(2)] == [True, False]
    assert used(limit, at=NOON) == 2


@pytest.mark.parametrize("amount", [0, -1])
def test_less_than_one_cannot_be_taken(amount):
    with pytest.raises(ValueError, match="Less than one"):
        take(LIMIT, amount=amount, at=NOON)


MONTHLY = Limit(scope="segments", amount=2, window=Calendar.MONTH)


@pytest.mark.django_db
def test_a_month_ends_with_the_calendar_in_utc():
    end = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
    assert [take(MONTHLY, at=at) for at in (end.replace(day=1), end, end)] == [True, True, False]
    tokyo = (end + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=9)))
    assert take(MONTHLY, at=tokyo)
    starts = Counter.objects.order_by("window_start").values_list("window_start", "used")
    assert list(starts) == [
        (datetime(2026, 2, 1, tzinfo=UTC), 2),
        (datetime(2026, 3, 1, tzinfo=UTC), 1),
    ]


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_followed_by_the_next(month):
    at = datetime(2028, month, 15, 8, 30, tzinfo=UTC)
    following = datetime(2028 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    assert MONTHLY.window_end(at) == following
    assert at + timedelta(seconds=MONTHLY.seconds_left(at)) == following + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (NOON, 43_201),
        (NOON.replace(hour=0), 86_401),
        (NOON.replace(hour=23, minute=59, second=59, microsecond=1), 1),
    ],
)
def test_seconds_left_never_promises_too_soon(at, seconds):
    assert LIMIT.seconds_left(at) == seconds
    later = at + timedelta(seconds=seconds)
    assert LIMIT.window_start(later) > LIMIT.window_start(at)
    assert LIMIT.seconds_left(at, due=at + timedelta(days=3)) == seconds + 3 * 86_400


def test_a_window_is_as_long_as_prune_knows():
    longest = Limit(scope="x", amount=1, window=timedelta(days=31))
    assert longest.window_end(NOON) - longest.window_start(NOON) == timedelta(days=31)
    with pytest.raises(ValueError, match="LONGEST_WINDOW"):
        Limit(scope="x", amount=1, window=timedelta(days=31, microseconds=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_thirty_simultaneous_takers_get_exactly_the_amount():
    limit = Limit(scope="race", amount=20, window=timedelta(days=1))
    together, granted = threading.Barrier(30), []

    def taker() -> None:
        together.wait()
        granted.append(take(limit, at=NOON))
        connections.close_all()

    threads = [threading.Thread(target=taker) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted) == [False] * 10 + [True] * 20
    assert connection.vendor == "postgresql"


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_simultaneous_takers_of_several_never_pass_the_amount():
    """Takers of 1 to 5 at once, a third of which give back what they took."""
    limit = Limit(scope="race", amount=100, window=Calendar.MONTH)
    together, kept = threading.Barrier(30), []

    def taker(number: int) -> None:
        amount = number % 5 + 1
        together.wait()
        for turn in range(20):
            if take(limit, amount=amount, at=NOON):
                kept.append(amount)
                if turn % 3 == 0 and give_back(limit, amount=amount, at=NOON):
                    kept.append(-amount)
        connections.close_all()

    threads = [threading.Thread(target=taker, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(kept) == used(limit, at=NOON) == 100


WRITERS = """
import multiprocessing
import django; django.setup()
from django.db import connection, transaction
from core.models import Counter

def write(_number):
    together.wait()
    for _ in range(50):
        with transaction.atomic():
            counter = Counter.objects.get()
            counter.used += 1
            counter.save()

with connection.schema_editor() as editor:
    editor.create_model(Counter)
Counter.objects.create(scope="x", window_start="2026-11-20T00:00Z")
connection.close()  # each writer opens its own
forks = multiprocessing.get_context("fork")
together = forks.Barrier(8)
with forks.Pool(8) as writers:
    writers.map(write, range(8), chunksize=1)
print(Counter.objects.get().used)
"""


@pytest.mark.wide
def test_eight_processes_write_one_sqlite_file_without_losing_an_update(tmp_path):
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", WRITERS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{8 * 50}\n", "")
