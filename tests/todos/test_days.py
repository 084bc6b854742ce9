"""Whose day it is: the query, the row and the calendar agree in every zone, at every moment."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.builders import make_todo
from todos.models import Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
# Midnight does not exist on some days in the first three, comes twice in Havana; Apia and
# Kwajalein once left a day out; Lord Howe shifts by half an hour, Chatham lies at 12:45.
ZONES = [
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
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


def dues(at: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Moments and days around `at`, and exactly at the bounds of the person's day."""
    today = at.astimezone(zone).date()
    bounds = [
        datetime.combine(today + timedelta(days=days), datetime.min.time(), zone).astimezone(UTC)
        for days in (0, 1)
    ]
    near = [at, *bounds, *(edge - timedelta(microseconds=1) for edge in (at, *bounds))]
    spread = [at + timedelta(hours=hours) for hours in (-49, -25, -23, -1, 1, 23, 25, 49)]
    days: list[dict[str, Any]] = [
        {"due_on": today + timedelta(days=number)} for number in range(-2, 3)
    ]
    return [*days, {}, *({"due_at": moment} for moment in (*near, *spread))]


def day_of(todo: Todo, zone: ZoneInfo) -> date | None:
    return todo.due_on or (todo.due_at.astimezone(zone).date() if todo.due_at else None)


@given(zone=st.sampled_from(ZONES), at=moments)
@example(zone="America/Santiago", at=GAPS[0][1])
@example(zone="Asia/Beirut", at=GAPS[1][1])
@example(zone="Africa/Cairo", at=GAPS[2][1])
@example(zone="Pacific/Apia", at=GAPS[4][1])
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_query_row_and_calendar_agree(alice, bob, zone, at):
    where = ZoneInfo(zone)
    Todo.objects.all().delete()
    for number, due in enumerate(dues(at, where)):
        make_todo(alice, str(number), **due, status="finished" if number % 5 == 4 else "open")
    make_todo(bob, due_at=at)
    own, today = Todo.objects.owned_by(alice), at.astimezone(where).date()
    rows = list(own)
    late = {todo for todo in rows if todo.is_overdue(at, where)}
    assert set(own.overdue(at, where)) == late
    assert late == {
        todo
        for todo in rows
        if todo.status == "open"
        and ((todo.due_at and todo.due_at < at) or (todo.due_on and todo.due_on < today))
    }
    days = {todo: day_of(todo, where) for todo in rows}
    assert set(own.due_today(at, where)) == {todo for todo in rows if days[todo] == today}
    later = {todo for todo, day in days.items() if day and day > today}
    assert set(own.upcoming(at, where)) == later
    assert set(own.without_due()) == {todo for todo, day in days.items() if day is None}


@pytest.mark.parametrize(("zone", "midnight"), GAPS[:3], ids=[zone for zone, _ in GAPS[:3]])
def test_the_api_and_the_page_turn_the_day_where_midnight_does_not_exist(
    api, web, alice, bob, zone, midnight
):
    alice.time_zone = zone
    alice.save()
    day = midnight.astimezone(ZoneInfo(zone)).date()
    make_todo(bob, "bob's", due_on=day)
    make_todo(alice, "day before", due_on=day - timedelta(days=1))
    make_todo(alice, "last second", due_at=midnight - timedelta(seconds=1))
    make_todo(alice, "first moment", due_at=midnight)
    make_todo(alice, "the day", due_on=day)
    make_todo(alice, "day after", due_on=day + timedelta(days=1))
    seen = {}
    for seconds in (-1, 0):
        with time_machine.travel(midnight + timedelta(seconds=seconds), tick=False):
            phone = api(alice)
            seen[seconds] = [
                [row["title"] for row in phone.get(TODOS, {"due": when}).json()["results"]]
                for when in ("overdue", "today", "upcoming")
            ]
            assert web(alice).get("/todos/plain/").text.count("Overdue:") == len(seen[seconds][0])
    assert seen == {
        -1: [[], ["last second", "day before"], ["day after", "the day", "first moment"]],
        0: [["last second", "day before"], ["the day", "first moment"], ["day after"]],
    }
    for query, expected in (
        ({"due_before": day.isoformat()}, ["last second", "day before"]),
        ({"due_after": day.isoformat()}, ["day after", "the day", "first moment"]),
        ({"due_before": midnight.isoformat()}, ["last second", "day before"]),
        ({"due_after": midnight.isoformat()}, ["day after", "the day", "first moment"]),
    ):
        with time_machine.travel(midnight, tick=False):
            found = api(alice).get(TODOS, query).json()["results"]
        assert [row["title"] for row in found] == expected, query
