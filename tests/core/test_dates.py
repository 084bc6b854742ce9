"""Moments and days have one form in answers, and the documented ones in requests (RFC 3339).

tests/documented.py compares every moment of every answer of every test with that form.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import values
from tests.builders import make_list, make_todo
from todos.models import List, Todo

TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
EIGHT = datetime(2026, 12, 1, 8, tzinfo=UTC)

MOMENTS = {
    "2026-12-01T08:00:00Z": EIGHT,
    "2026-12-01t08:00:00z": EIGHT,
    "2026-12-01T08:00Z": EIGHT,
    "2026-12-01T08:00:00.0Z": EIGHT,
    "2026-12-01T08:00:00.123Z": EIGHT + timedelta(milliseconds=123),
    "2026-12-01T08:00:00.123999Z": EIGHT + timedelta(milliseconds=123),
    "2026-12-01T08:00:00.123999999z": EIGHT + timedelta(milliseconds=123),
    "2026-12-01T09:00:00+01:00": EIGHT,
    "2026-11-30T22:30:00-09:30": EIGHT,
    "2026-12-01T08:00:00-00:00": EIGHT,
}
NO_MOMENTS = [
    "20261201T080000Z", "2026-12-01T080000Z", "2026-W49-2T08:00:00Z", "2026-335T08:00Z",
    "2026-12-01 08:00:00Z", "2026-12-01_08:00:00Z", "2026-12-01T08Z", "2026-12-01T08:00:00,5Z",
    "2026-12-01T08:00:00.Z", "2026-12-01T08:00:00+0100", "2026-12-01T08:00:00+01",
    "2026-12-01T08:00:00 Z", " 2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z\n", "2026-12-01",
    "2026-1-05T08:00:00Z", "2026-13-01T08:00:00Z", "2026-02-30T08:00:00Z", "2026-12-01T24:00:00Z",
    "2026-12-01T08:60:00Z", "2026-12-01T23:59:60Z", "2026-12-01T08:00:00+24:00",
    "٢٠٢٦-12-01T08:00:00Z", "12026-12-01T08:00:00Z", "now", "", "1764576000",
]  # fmt: skip
NO_DAYS = [
    "20261120", "2026-W47-5", "2026-324", "2026-1-5", "2026-11-5", "26-11-20", "20.11.2026",
    "2026/11/20", "2026-11-20T00:00:00Z", "2026-11-31", " 2026-11-20", "2026-11-20\n",
    "٢٠٢٦-11-20", "today", "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), MOMENTS.items())
def test_a_moment_is_read_in_its_documented_forms(text, moment):
    assert values.read_moment(text) == moment


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_no_other_form_is_a_moment(text):
    assert values.read_moment(text) is None


@pytest.mark.parametrize("text", NO_DAYS)
def test_no_other_form_is_a_day(text):
    assert values.read_day(text) is None


@given(
    st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9998, 12, 30)),  # noqa: DTZ001
    st.integers(-23, 23),
)
def test_a_moment_is_written_in_one_form_and_read_as_the_same(moment, hours):
    moment = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    text = values.written(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    read = values.read_moment(text)
    assert read
    assert timedelta() <= moment - read < timedelta(milliseconds=1)
    assert values.read_day(text[:10]) == read.date()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["2026-12-01t08:00:00.123999z", "2026-12-01T08:00:00.123Z"])
def test_what_is_stored_is_what_is_answered(api, alice, text):
    phone = api(alice)
    created = phone.post(LISTS, {"name": "x", "archived_at": text}).json()
    assert created["archived_at"] == "2026-12-01T08:00:00.123Z"
    assert List.objects.get().archived_at == EIGHT + timedelta(milliseconds=123)
    for moment in ("created_at", "updated_at"):
        assert re.fullmatch(r"[^.]+\.[0-9]{3}Z", created[moment])
    url = f"{LISTS}{created['id']}/"
    again = phone.put(url, created, headers={"If-Match": '"1"'}).json()
    assert again == created


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "code"),
    [
        *((text, "invalid") for text in (*NO_MOMENTS[:8], 1_800_000_000)),
        ("2026-12-01T09:00:00", "naive"),
        ("0001-01-01T00:00:00+14:00", "out_of_range"),
        ("1899-12-31T23:59:59Z", "out_of_range"),
        ("9999-01-01T00:00:00Z", "out_of_range"),
    ],
)
def test_any_other_moment_is_400(api, alice, value, code):
    todo_list, phone = make_list(alice), api(alice)
    [error] = phone.patch(f"{LISTS}{todo_list.pk}/", {"archived_at": value}).json()["errors"]
    assert (error["code"], error["attr"]) == (code, "archived_at")


@pytest.mark.django_db
@pytest.mark.parametrize("text", NO_DAYS[:8])
def test_any_other_form_of_a_day_is_400_in_a_body_and_in_a_filter(api, alice, text):
    todo, phone = make_todo(alice, start_on=date(2026, 1, 1)), api(alice)
    for ask in (
        lambda: phone.patch(f"{TODOS}{todo.pk}/", {"start_on": text}),
        lambda: phone.patch(f"{TODOS}{todo.pk}/", {"due": {"on": text}}),
        lambda: phone.get(TODOS, {"due_before": text}),
    ):
        [error] = ask().json()["errors"]
        assert error["code"] == "invalid"
    assert Todo.objects.get().start_on == date(2026, 1, 1)
