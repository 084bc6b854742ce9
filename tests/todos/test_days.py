"""Whose day it is: the query, the row and the calendar agree in every zone, at every moment."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.builders import at as due_at
from tests.builders import make_todo
from todos.models import Due, List, Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
# Midnight does not exist on some days in the first three, comes twice in Havana; Apia and
# Kwajalein once left a day out; Lord Howe shifts by half an hour, Chatham lies at 12:45; in
# Scoresbysund the hour before midnight is left out.
ZONES = [
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Scoresbysund",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "UTC",
]
GAPS = [  # the first minute after a midnight that does not exist, or a day that was left out
    ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
]
SECONDS = [-90_000, -86_400, -3_601, -3_600, -60, -1, 0, 1, 59, 3_599, 3_600, 86_399, 86_400]
moments = st.one_of(
    st.builds(
        lambda gap, seconds: gap[1] + timedelta(seconds=seconds),
        st.sampled_from(GAPS),
        st.sampled_from(SECONDS),
    ),
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
CLOCKS = [None, "00:00", "00:30", "02:30", "09:00", "12:00", "23:30", "23:59"]
dues = st.one_of(
    st.none(),
    st.tuples(
        st.integers(-2, 2), st.sampled_from(CLOCKS), st.one_of(st.none(), st.sampled_from(ZONES))
    ),
)


def made(today: date, described: tuple[int, str | None, str | None] | None) -> Due | None:
    if described is None:
        return None
    days, clock, zone = described
    at = time.fromisoformat(clock) if clock else None
    return Due(today + timedelta(days=days), at, zone if clock else None)


STEP = timedelta(minutes=15)  # clocks are changed between two steps, never within one


def clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def moment_of(due: Due, home: ZoneInfo) -> datetime:
    """The first moment at which the clock there shows it, found by looking at the clock.

    A clock that leaves it out is followed as if it had gone on. A day is due when the next begins.
    """
    zone = ZoneInfo(due.time_zone) if due.time_zone else home
    midnight = datetime.combine(due.on + timedelta(days=1), time.min)
    wanted = datetime.combine(due.on, due.at) if due.at else midnight
    start = datetime.combine(due.on, time.min, UTC) - timedelta(hours=15)
    steps = [start + number * STEP for number in range(4 * 66)]
    shown = [(step, clock(step, zone)) for step in steps]
    found = [(step, here) for step, here in shown if here <= wanted < here + STEP]
    step, here = found[0] if found else [pair for pair in shown if pair[1] <= wanted][-1]
    return step + (wanted - here)


def last_moment_of(due: Due, home: ZoneInfo) -> datetime:
    return moment_of(due, home) - timedelta(microseconds=0 if due.at else 1)


def agree(owner, home: ZoneInfo, at: datetime) -> None:
    """What the queries, the rows and the clock say of the owner's to-dos."""
    own, today = Todo.objects.owned_by(owner), clock(at, home).date()
    rows = list(own)
    due = {todo: last_moment_of(todo.due, home) for todo in rows if todo.due}
    assert {todo: todo.due_order for todo in due} == due
    late = {todo for todo in due if todo.status == "open" and due[todo] < at}
    assert set(own.overdue(at)) == {todo for todo in rows if todo.is_overdue(at)} == late
    started = {todo for todo in rows if not todo.start_on or todo.start_on <= today}
    assert set(own.started(at, home)) == started == set(rows) - set(own.waiting(at, home))
    days = {todo: clock(moment, home).date() for todo, moment in due.items()}
    now = {todo for todo, day in days.items() if day == today}
    assert set(own.due_today(at, home)) == now & started
    assert set(own.upcoming(at, home)) == {todo for todo, day in days.items() if day > today}
    assert set(own.without_due()) == set(rows) - set(due)
    assert set(own.due_before(at)) == {todo for todo in due if due[todo] < at}
    assert set(own.due_after(at)) == {todo for todo in due if due[todo] >= at}
    assert {todo for todo in due if todo.due_at} == {todo for todo in due if todo.due.time_zone}
    assert all(todo.due_at in (None, due[todo]) for todo in due)


described = st.lists(
    st.tuples(dues, st.one_of(st.none(), st.integers(-1, 2)), st.booleans()),
    min_size=4,
    max_size=12,
)
OFTEN = [((days, at, None), None, False) for days in (-1, 0, 1) for at in CLOCKS[:4]]


def check_days(alice, bob, *, zone: str, other: str, at: datetime, described) -> None:
    Todo.objects.all().delete()
    alice.time_zone = zone
    alice.save()
    home = ZoneInfo(zone)
    today, inbox = clock(at, home).date(), List.objects.inbox_of(alice)
    todos = [
        Todo(
            owner=alice,
            list=inbox,
            title=str(number),
            due=made(today, due),
            start_on=None if days is None else today + timedelta(days=days),
            status="finished" if is_finished else "open",
            finished_at=at if is_finished else None,
        )
        for number, (due, days, is_finished) in enumerate(described)
    ]
    # At the moment itself, and at the bounds of the person's day.
    edges = [made(today, (0, "00:00", None)), made(today, (1, "00:00", None)), Due(today)]
    edges += [due_at(at), *(Due(today + timedelta(days=days)) for days in (-1, 1))]
    todos += [Todo(owner=alice, list=inbox, title="edge", due=due) for due in edges]
    Todo.objects.bulk_create(todos)
    make_todo(bob, due=due_at(at))
    agree(alice, home, at)
    alice.time_zone = other
    alice.save()
    agree(alice, ZoneInfo(other), at)
    assert set(Todo.objects.owned_by(alice).values_list("version", flat=True)) == {1}


arguments = {
    "zone": st.sampled_from(ZONES),
    "other": st.sampled_from(ZONES),
    "at": moments,
    "described": described,
}
thorough = settings(
    max_examples=300,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # few rows; to shorten takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(**arguments)
@example(zone="America/Santiago", other="UTC", at=GAPS[0][1], described=OFTEN)
@example(zone="Pacific/Apia", other="America/Havana", at=GAPS[4][1], described=OFTEN)
@settings(thorough, max_examples=4)
def test_query_row_and_clock_agree(alice, bob, zone, other, at, described):
    check_days(alice, bob, zone=zone, other=other, at=at, described=described)


@pytest.mark.nightly
@given(**arguments)
@settings(thorough)
def test_query_row_and_clock_agree_in_many_places(alice, bob, zone, other, at, described):
    check_days(alice, bob, zone=zone, other=other, at=at, described=described)


@pytest.mark.parametrize(("zone", "midnight"), GAPS[:3], ids=[zone for zone, _ in GAPS[:3]])
def test_the_api_and_the_page_turn_the_day_where_midnight_does_not_exist(
    api, web, alice, bob, zone, midnight
):
    alice.time_zone = zone
    alice.save()
    day = midnight.astimezone(ZoneInfo(zone)).date()
    make_todo(bob, "bob's", due=Due(day))
    make_todo(alice, "day before", due=Due(day - timedelta(days=1)))
    make_todo(alice, "last minute", due=due_at(midnight - timedelta(minutes=1)))
    make_todo(alice, "first moment", due=due_at(midnight))
    make_todo(alice, "midnight", due=Due(day, time.min))
    make_todo(alice, "the day", due=Due(day))
    make_todo(alice, "day after", due=Due(day + timedelta(days=1)))
    first, later = ["the day", "midnight", "first moment"], ["day after"]
    seen = {}
    for seconds in (-1, 0):
        with time_machine.travel(midnight + timedelta(seconds=seconds), tick=False):
            phone = api(alice)
            seen[seconds] = [
                [row["title"] for row in phone.get(TODOS, {"due": when}).json()["results"]]
                for when in ("overdue", "today", "upcoming")
            ]
            assert web(alice).get("/todos/").text.count("Overdue:") == len(seen[seconds][0])
    assert seen == {
        -1: [["last minute"], ["last minute", "day before"], [*later, *first]],
        0: [["last minute", "day before"], first, later],
    }
    for query, expected in (
        ({"due_before": day.isoformat()}, ["last minute", "day before"]),
        ({"due_after": day.isoformat()}, [*later, *first]),
        ({"due_before": midnight.isoformat()}, ["last minute", "day before"]),
        ({"due_after": midnight.isoformat()}, [*later, *first]),
    ):
        with time_machine.travel(midnight, tick=False):
            found = api(alice).get(TODOS, query).json()["results"]
        assert [row["title"] for row in found] == expected, query
