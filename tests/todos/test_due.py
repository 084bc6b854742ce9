"""A due is one value with its own time zone, or with that of the person, wherever the person is."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.feed import FeedCounter
from tests.builders import make_todo
from tests.feeds import check
from tests.test_entry_points import page_data
from todos.models import Due, Todo

pytestmark = pytest.mark.django_db
TODOS, SYNC, PROFILE = "/api/v1/todos/", "/api/v1/sync/", "/api/v1/account/"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def operation(row: Any, kind: str, **more: Any) -> dict[str, Any]:
    named = {"op_id": str(uuid.uuid4()), "kind": kind, "id": str(row.pk), "op": "update"}
    return {**named, "base_version": row.version, **more}


def push(phone: Any, account: User, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"account": str(account.pk), "sent_at": NOW.isoformat(), "operations": operations}
    answer = phone.post(SYNC, body)
    assert answer.status_code == 200, answer.content
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


# --- The moment -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "at", "time_zone", "due_at"),
    [
        ("2026-12-01", None, None, None),
        ("2026-12-01", "09:00", None, None),
        ("2026-12-01", "09:00", "Europe/Berlin", "2026-12-01T08:00:00.000Z"),
        ("2026-07-01", "09:00", "Europe/Berlin", "2026-07-01T07:00:00.000Z"),
        ("2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"),  # never shown
        ("2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"),  # shown twice
        ("2026-12-01", "00:00", "Pacific/Kiritimati", "2026-11-30T10:00:00.000Z"),
        ("2011-12-30", "09:00", "Pacific/Apia", "2011-12-30T19:00:00.000Z"),  # the day left out
    ],
)
def test_the_moment_of_a_due_is_that_of_its_own_clock(api, alice, on, at, time_zone, due_at):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    due = {"on": on, "at": at, "time_zone": time_zone}
    made = api(alice).post(TODOS, {"title": "x", "due": due}).json()
    assert (made["due"], made["due_at"]) == (due, due_at)


def test_a_zone_is_that_of_the_due_and_what_is_left_out_is_null(api, alice):
    due = {"on": "2026-12-01", "at": "23:00", "time_zone": "asia/tokyo"}
    made = api(alice).post(TODOS, {"title": "x", "due": due}).json()
    assert made["due"] == {**due, "time_zone": "Asia/Tokyo"}
    put = {"title": "x", "due": {"on": "2026-12-01"}}
    answer = api(alice).put(f"{TODOS}{made['id']}/", put, headers={"If-Match": '"1"'}).json()
    assert answer["due"] == {"on": "2026-12-01", "at": None, "time_zone": None}


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30", "2026-12-01[UTC]", "2026-12-01T9:00"])
def test_no_other_text_is_a_due(alice, text):
    assert Due.read(text) is None
    with pytest.raises(ValidationError):
        make_todo(alice, due=text)


# --- The person's clock ---------------------------------------------------------------------------


def by_the_api(account: User, zone: str, api: Any, web: Any, operator: Any) -> None:
    assert api(account).patch(PROFILE, {"time_zone": zone}).status_code == 200


def by_the_page(account: User, zone: str, api: Any, web: Any, operator: Any) -> None:
    form = {"name": "", "time_zone": zone, "language": ""}
    assert web(account).post("/account/", form).status_code == 302


def by_the_admin(account: User, zone: str, api: Any, web: Any, operator: Any) -> None:
    path = f"/admin/accounts/user/{account.pk}/change/"
    data = page_data(web(operator).get(path).context)
    assert web(operator).post(path, {**data, "time_zone": zone}).status_code == 302


def by_sync(account: User, zone: str, api: Any, web: Any, operator: Any) -> None:
    changed = operation(account, "profile", fields={"time_zone": zone})
    [result] = push(api(account), account, changed)
    assert result["status"] == "applied"


def by_many(account: User, zone: str, api: Any, web: Any, operator: Any) -> None:
    User.objects.filter(pk=account.pk).update(time_zone=zone)


@pytest.mark.parametrize("way", [by_the_api, by_the_page, by_the_admin, by_sync, by_many])
def test_what_is_due_goes_along_with_the_person_without_another_version(
    api, web, alice, bob, staff, way: Callable[..., None]
):
    home = "2026-12-01"
    floating = make_todo(alice, due=f"{home}T09:00")
    day = make_todo(alice, due=home)
    finished = make_todo(alice, due=home, status="finished")
    binned = make_todo(alice, due=f"{home}T09:00")
    binned.trash()
    fixed = make_todo(alice, due=f"{home}T09:00[Europe/Berlin]")
    never, theirs = make_todo(alice), make_todo(bob, due=home)
    before = {row.pk: (row.version, row.changed_in) for row in Todo.objects.all()}
    way(alice, "Pacific/Auckland", api, web, staff)
    assert User.objects.get(pk=alice.pk).time_zone == "Pacific/Auckland"
    orders = dict(Todo.objects.values_list("pk", "due_order"))
    assert orders == {
        floating.pk: datetime(2026, 11, 30, 20, tzinfo=UTC),
        binned.pk: datetime(2026, 11, 30, 20, tzinfo=UTC),
        day.pk: datetime(2026, 12, 1, 10, 59, 59, 999_999, UTC),
        finished.pk: datetime(2026, 12, 1, 10, 59, 59, 999_999, UTC),
        fixed.pk: datetime(2026, 12, 1, 8, tzinfo=UTC),
        never.pk: never.due_order,
        theirs.pk: theirs.due_order,
    }
    assert {row.pk: (row.version, row.changed_in) for row in Todo.objects.all()} == before
    check(alice)


def test_an_object_read_before_the_change_does_not_bring_the_old_order_back(alice, bob):
    todo, other = make_todo(alice, due="2026-12-01"), make_todo(alice, due="2026-12-01")
    stale, late = Todo.objects.get(pk=todo.pk), Todo.objects.get(pk=other.pk)
    alice.time_zone = "Pacific/Auckland"
    alice.save()
    renewed = Todo.objects.get(pk=todo.pk).due_order
    assert renewed != stale.due_order
    stale.title = "another"
    stale.save()
    stored = Todo.objects.get(pk=todo.pk)
    assert (stored.title, stored.due_order, stored.changed_in) == ("another", renewed, {"title": 2})
    late.due = "2026-12-02"  # by a clock that it has not seen
    late.save()
    late.refresh_from_db()
    assert late.due_order == datetime(2026, 12, 2, 10, 59, 59, 999_999, UTC)


def test_many_dues_are_renewed_in_few_statements(alice):
    for day in range(1, 29):
        make_todo(alice, due=Due(date(2027, 1, day)))
        make_todo(alice, due=Due(date(2027, 1, day), time(9)))
    seq = FeedCounter.objects.get(account=alice).seq
    alice.time_zone = "Pacific/Auckland"
    with CaptureQueriesContext(
        connection,
    ) as queries:
        alice.save()
    writes = [each["sql"] for each in queries if each["sql"].startswith('UPDATE "todos_todo"')]
    assert len(writes) == 1
    assert FeedCounter.objects.get(account=alice).seq == seq + 1  # the profile
    assert Todo.objects.filter(due_order__hour=20, due_order__minute=0).count() == 28


# --- Merging --------------------------------------------------------------------------------------


def test_two_devices_that_change_the_due_collide_in_one_member(api, alice):
    phone, todo = api(alice), make_todo(alice, due="2026-12-01T09:00")
    with time_machine.travel(NOW, tick=False):
        first, second, third = push(
            phone,
            alice,
            operation(todo, "todo", fields={"due": {"on": "2026-12-01", "at": "10:00"}}),
            operation(todo, "todo", fields={"due": {"on": "2026-12-02", "at": "09:00"}}),
            operation(todo, "todo", fields={"start_on": "2026-11-30"}),
        )
    assert (first["status"], second["status"], third["status"]) == ("applied", "conflict", "merged")
    assert second["conflicting"] == ["due"]
    assert third["todo"]["due"] == {"on": "2026-12-01", "at": "10:00", "time_zone": None}
    assert Todo.objects.get().changed_in == {"due": 2, "start_on": 3}


def test_the_same_due_in_other_words_is_no_conflict(api, alice):
    phone, todo = api(alice), make_todo(alice, due="2026-12-01")
    due = {"on": "2026-12-02", "at": "10:00", "time_zone": "Europe/Berlin"}
    with time_machine.travel(NOW, tick=False):
        one, two, bad = push(
            phone,
            alice,
            operation(todo, "todo", fields={"due": due}),
            operation(todo, "todo", fields={"due": {**due, "time_zone": "EUROPE/berlin"}}),
            operation(todo, "todo", fields={"due": {"on": "2026-12-02", "time_zone": "UTC"}}),
        )
    assert (one["version"], two["version"]) == (2, 2)
    assert (bad["status"], bad["errors"][0]["attr"]) == ("invalid", "due.time_zone")


def test_the_trash_is_asked_by_no_filter_and_gives_a_due_back(api, alice):
    phone = api(alice)
    todo = make_todo(alice, due="2026-11-26T09:00", priority=4)
    phone.delete(f"{TODOS}{todo.pk}/")
    with time_machine.travel(NOW, tick=False):
        phone = api(alice)
        for query in ("due=today", "due=overdue", "due_before=2027-01-01", "priority=4"):
            assert phone.get(f"{TODOS}?{query}").json()["results"] == []
        back = phone.post(f"/api/v1/trash/{todo.pk}/restore/").json()
        assert back["due"] == {"on": "2026-11-26", "at": "09:00", "time_zone": None}
        found = phone.get(f"{TODOS}?due=overdue&priority=4").json()["results"]
    assert [row["id"] for row in found] == [str(todo.pk)]


# --- The index ------------------------------------------------------------------------------------


@pytest.mark.sqlite  # PostgreSQL reads few rows without an index
def test_what_asks_for_a_day_reads_the_rows_of_that_day_only(alice):
    own, home = Todo.objects.owned_by(alice).order_by("position", "id"), alice.zone
    week = own.due_after(NOW).due_before(NOW + timedelta(days=7))
    for found in (own.due_today(NOW, home), week):
        assert "INDEX todos_todo_by_due (owner_id=? AND due_order" in found.explain()
    assert "INDEX todos_todo_start (owner_id=? AND start_on" in own.waiting(NOW, home).explain()
