"""The calendar of a person, for whoever knows its secret address."""

import gzip
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from tests.builders import make_list, make_todo
from tests.config.test_matrix import everything
from todos.models import CalendarFeed, Due, Todo
from todos.transfer import links

pytestmark = pytest.mark.django_db
FEED = "/api/v1/account/feed/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def address_of(phone) -> str:
    answer = phone.post(FEED)
    assert answer.status_code == 201
    return answer.json()["url"].removeprefix("http://testserver")


def test_a_secret_address_is_shown_once_renewed_and_ended(api, alice, bob):
    phone = api(alice)
    assert phone.get(FEED).json() == {"created_at": None}
    theirs, first = address_of(api(bob)), address_of(phone)
    assert phone.get(FEED).json() == {"created_at": "2026-11-20T12:00:00.000Z"}
    assert Client().get(first).status_code == 200
    second = address_of(phone)
    assert second != first
    assert [Client().get(path).status_code for path in (first, second, theirs)] == [404, 200, 200]
    assert phone.delete(FEED).status_code == 204
    assert [Client().get(path).status_code for path in (second, theirs)] == [404, 200]
    assert phone.get(FEED).json() == {"created_at": None}
    assert phone.delete(FEED).status_code == 204


def test_nothing_in_the_database_opens_the_calendar(api, alice):
    secret = address_of(api(alice)).removeprefix("/feeds/").removesuffix(".ics")
    assert len(secret) == 32
    assert secret not in str(everything()) + str(CalendarFeed.objects.get())
    assert Client().get(f"/feeds/{CalendarFeed.objects.get().digest}.ics").status_code == 404


@pytest.mark.parametrize("secret", ["x", "%00", "a" * 3000, "%F0%9F%A5%9B"])
def test_an_unknown_address_is_404(alice, secret):
    assert Client().get(f"/feeds/{secret}.ics").status_code == 404


def test_the_feed_of_an_account_that_is_switched_off_is_404(api, alice):
    path = address_of(api(alice))
    alice.is_active = False
    alice.save()
    assert Client().get(path).status_code == 404


def test_the_feed_only_reads(api, alice):
    make_todo(alice)
    path = address_of(api(alice))
    before = everything()
    for verb in ("post", "put", "patch", "delete"):
        assert getattr(Client(), verb)(path).status_code == 405
    Client().get(path)
    assert everything() == before


def test_a_task_for_each_todo_and_an_event_for_each_that_is_open_and_due(api, alice, bob):
    home = make_list(alice, "Home")
    parent = make_todo(
        alice, "paint", notes="two coats", list=home, due=Due(date(2026, 12, 1)), priority=4
    )
    make_todo(alice, "walls", parent=parent, due=Due(date(2026, 12, 2), time(9), "Europe/Berlin"))
    make_todo(alice, "rent", due=Due(date(2026, 12, 3), time(9)), recurrence="FREQ=MONTHLY")
    make_todo(alice, "done", due=Due(date(2026, 11, 1))).finish(NOON - timedelta(days=30))
    make_todo(alice, "long done").finish(NOON - timedelta(days=31))
    make_todo(alice, "gone").trash()
    make_todo(bob, "secret")
    answer = Client().get(address_of(api(alice)))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-cache"
    calendar: Any = Calendar.from_ical(answer.content)
    tasks = {str(it["summary"]): it for it in calendar.walk("VTODO")}
    events = {str(it["summary"]): it for it in calendar.walk("VEVENT")}
    assert (sorted(tasks), sorted(events)) == (
        ["done", "paint", "rent", "walls"],
        ["paint", "rent", "walls"],
    )
    assert (tasks["paint"]["due"].dt, tasks["paint"]["priority"]) == (date(2026, 12, 1), 1)
    assert tasks["walls"].to_ical().count(b"DUE;TZID=Europe/Berlin:20261202T090000") == 1
    assert tasks["rent"]["due"].dt == tasks["rent"]["dtstart"].dt == datetime(2026, 12, 3, 9)  # noqa: DTZ001
    assert tasks["rent"]["rrule"].to_ical() == b"FREQ=MONTHLY"
    assert (tasks["done"]["status"], tasks["walls"]["related-to"]) == ("COMPLETED", str(parent.pk))
    assert events["paint"]["description"] == "two coats"
    assert events["paint"]["dtend"].dt == date(2026, 12, 2)
    assert events["walls"]["dtend"].dt - events["walls"]["dtstart"].dt == timedelta(minutes=30)
    assert [str(it["tzid"]) for it in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]


def test_what_a_calendar_holds_already_is_not_sent_again(
    api, alice, bob, django_assert_max_num_queries
):
    todo = make_todo(alice, notes="x" * 2000)
    path = address_of(api(alice))
    first = Client().get(path, headers={"Accept-Encoding": "gzip"})
    assert first["Content-Encoding"] == "gzip"
    assert b"BEGIN:VTODO" in gzip.decompress(first.content)
    held = {"If-None-Match": first["ETag"]}
    with django_assert_max_num_queries(3):
        again = Client().get(path, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    make_todo(bob)
    assert Client().get(path, headers=held).status_code == 304
    todo.rename("changed")
    assert Client().get(path, headers=held).status_code == 200


def test_a_calendar_of_another_day_is_sent_again(api, alice):
    """What was finished leaves it after thirty days, though nobody has changed anything."""
    make_todo(alice, "done").finish(NOON - timedelta(days=29, hours=12))
    path = address_of(api(alice))
    first = Client().get(path)
    held = {"If-None-Match": first["ETag"]}
    assert ("SUMMARY:done" in first.text, Client().get(path, headers=held).status_code) == (
        True,
        304,
    )
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        again = Client().get(path, headers=held)
    assert (again.status_code, "SUMMARY:done" in again.text) == (200, False)


def test_texts_of_a_feed_are_exact(api, alice, bob):
    text = "C:\\New; a\\\\N, \\n"
    todo = make_todo(alice, text, notes=f"{text}\nD:\\N", due=Due(date(2026, 12, 1)))
    content = Client().get(address_of(api(alice))).text.replace("\r\n ", "")
    lines = [line.partition(":") for line in content.splitlines()]
    found = {(name, re.sub(r"\\(.)", read_sign, value)) for name, _colon, value in lines}
    assert {it for it in found if it[0] in ("SUMMARY", "DESCRIPTION")} == {
        ("SUMMARY", todo.title),
        ("DESCRIPTION", todo.notes),
    }


def read_sign(found: re.Match[str]) -> str:
    """RFC 5545, 3.3.11."""
    return "\n" if found[1] in "nN" else found[1]


def test_a_feed_is_bounded_in_bytes_with_its_zones_and_whole(api, alice, bob, monkeypatch):
    for number, zone in enumerate(["Asia/Tokyo", "Asia/Kolkata", "Asia/Tokyo"]):
        due = Due(date(2026, 12, 1 + number), time(9), zone)
        make_todo(alice, str(number), notes="é" * 1000, due=due)
    path = address_of(api(alice))
    whole = len(json.dumps(Client().get(path).text))
    amounts = []
    for most in range(0, whole + 1, whole // 6):
        monkeypatch.setattr(links, "MOST_BYTES", most)
        text = Client().get(path).text
        calendar: Any = Calendar.from_ical(text)
        titles = [str(it["summary"]) for it in calendar.walk("VTODO")]
        assert len(json.dumps(text)) < most + 200  # of its first and last lines
        assert titles == ["0", "1", "2"][: len(titles)]
        assert text.count("BEGIN:VTIMEZONE") == len(set(re.findall("TZID=([A-Za-z/]+)", text)))
        amounts.append(len(titles))
    assert sorted(amounts) == amounts
    assert {*amounts} == {0, 1, 2, 3}


def test_a_feed_is_bounded_and_has_what_is_due_first(api, alice, monkeypatch):
    monkeypatch.setattr(links, "MOST", 2)
    for day in (3, 1, 2):
        make_todo(alice, str(day), due=Due(date(2026, 12, day)))
    calendar: Any = Calendar.from_ical(Client().get(address_of(api(alice))).content)
    assert [str(it["summary"]) for it in calendar.walk("VTODO")] == ["1", "2"]
    assert Todo.objects.count() == 3
