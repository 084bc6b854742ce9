"""Moments and days of the release before become dues: nothing is lost, and twice is once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, QuerySet

from accounts.models import User
from core.feed import FeedCounter, FeedEntry
from tests import feeds
from tests.builders import make_todo
from todos import dues
from todos.models import Todo
from todos.models.due import NEVER

BEFORE, AFTER = [("todos", "0009_operations_of_devices")], [("todos", "0011_one_due")]


def migrate(targets: list[tuple[str, str]] | None = None) -> Any:
    executor = MigrationExecutor(connection)
    leaves = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "todos"]
    executor.migrate(targets or leaves)
    return executor.loader.project_state(targets or leaves).apps


@pytest.fixture
def release_before() -> Iterator[Any]:
    yield migrate(BEFORE)
    migrate()


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]  # it counts no parts


@pytest.mark.wide
@pytest.mark.django_db(transaction=True)
def test_a_moment_or_a_day_becomes_a_due_that_every_device_reads(release_before, monkeypatch):
    monkeypatch.setattr(dues, "BATCH", 2)
    names = ("accounts.User", "todos.List", "todos.Todo", "core.FeedEntry", "core.FeedCounter")
    user, todo_list, todo, entry, counter = (release_before.get_model(name) for name in names)
    alice = user.objects.create(email="alice@example.com", time_zone="Europe/Berlin")
    bob = user.objects.create(email="bob@example.com", time_zone="Mars/Base")
    # What it was, what it becomes, its moment and its order.
    cases: list[tuple[Any, dict[str, Any], str | None, datetime | None, datetime]] = [
        (alice, {}, None, None, NEVER),
        (
            alice,
            {"due_on": date(2026, 12, 1)},
            "2026-12-01",
            None,
            moment(2026, 12, 1, 22, 59, 59, 999_999),
        ),
        (
            alice,
            {"due_at": moment(2026, 12, 1, 8, 0, 30)},
            "2026-12-01T09:00[Europe/Berlin]",
            *[moment(2026, 12, 1, 8)] * 2,
        ),
        (  # the first and the second 02:30 of that night
            alice,
            {"due_at": moment(2026, 10, 25, 0, 30)},
            "2026-10-25T02:30[Europe/Berlin]",
            *[moment(2026, 10, 25, 0, 30)] * 2,
        ),
        (
            alice,
            {"due_at": moment(2026, 10, 25, 1, 30), "deleted_at": moment(2026, 11, 1)},
            "2026-10-25T01:30[UTC]",
            *[moment(2026, 10, 25, 1, 30)] * 2,
        ),
        (  # where it is a day of the year 9999
            alice,
            {"due_at": moment(9998, 12, 31, 23, 30)},
            "9998-12-31T23:30[UTC]",
            *[moment(9998, 12, 31, 23, 30)] * 2,
        ),
        (
            bob,
            {"due_at": moment(2026, 12, 1, 8)},
            "2026-12-01T08:00[UTC]",
            *[moment(2026, 12, 1, 8)] * 2,
        ),
    ]
    inboxes = {it.pk: todo_list.objects.create(owner=it, name="Inbox") for it in (alice, bob)}
    keys = []
    for number, (owner, columns, *_) in enumerate(cases, 1):
        marks = {"due_at": 2, "due_on": 3, "title": 1} if number == 2 else {}
        row = todo.objects.create(
            owner=owner, list=inboxes[owner.pk], title="x", version=4, changed_in=marks, **columns
        )
        entry.objects.create(
            account=owner,
            kind="todo",
            object_id=row.pk,
            seq=number,
            version=4,
            changed_at=moment(2026, 11, 1),
        )
        keys.append(row.pk)
    for owner in (alice, bob):
        counter.objects.create(account=owner, seq=10)

    todo = migrate(AFTER).get_model("todos.Todo")

    rows = [todo.objects.get(pk=key) for key in keys]
    assert [(it.due, it.due_at, it.due_order) for it in rows] == [
        (due, due_at, order) for _owner, _columns, due, due_at, order in cases
    ]
    assert {row.version for row in rows} == {5}
    assert [row.changed_in for row in rows] == [{}, {"due": 3, "title": 1}, *[{}] * 5]
    entries = {it.object_id: (it.seq, it.version) for it in FeedEntry.objects.all()}
    assert sorted(entries[key] for key in keys[:-1]) == [(seq, 5) for seq in range(11, 17)]
    assert entries[keys[-1]] == (11, 5)
    assert dict(FeedCounter.objects.values_list("account", "seq")) == {alice.pk: 16, bob.pk: 11}
    migrate()
    assert told() == 0


# --- The release before writes while it is replaced, and after a way back -------------------------


def told() -> int:
    out = StringIO()
    call_command("refold", stdout=out)
    return int(out.getvalue().split()[-3])


def by_the_release_before(todo: Todo, **columns: Any) -> None:
    """It knows its two columns, marks them, and sorts days at UTC."""
    due_on, due_at = columns.get("due_on"), columns.get("due_at")
    day = due_on and datetime(due_on.year, due_on.month, due_on.day, tzinfo=UTC)
    version = Todo.objects.get(pk=todo.pk).version + 1
    marks = {**todo.changed_in, **dict.fromkeys(columns, version)}
    rows: QuerySet[Todo] = QuerySet(Todo).filter(pk=todo.pk)
    rows.update(
        **columns, due_order=due_at or day or NEVER, version=F("version") + 1, changed_in=marks
    )
    FeedEntry.objects.filter(object_id=todo.pk).update(version=version)


@pytest.mark.django_db
def test_a_moment_follows_the_rules_of_its_zone(alice: User, bob: User):
    """They have changed since it was stored."""
    todo, other = (make_todo(alice, due="2026-12-01T09:00[Europe/Berlin]") for _ in range(2))
    only = make_todo(bob, due="2026-12-01T09:00[Europe/Berlin]")
    wrong = moment(2026, 12, 1, 7)
    QuerySet(Todo).filter(pk__in=[todo.pk, only.pk]).update(due_at=wrong, due_order=wrong)
    assert [told(), told()] == [2, 0]
    rows = [Todo.objects.get(pk=it.pk) for it in (todo, other, only)]
    assert [(it.due_at, it.due_order) for it in rows] == [(other.due_at, other.due_order)] * 3
    assert [it.version for it in rows] == [2, 1, 2]
    feeds.check(alice)


@pytest.mark.django_db
def test_what_the_release_before_writes_is_taken_over_at_night(alice: User, bob: User):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    day, nine, gone, new, kept, other = (
        make_todo(alice, due=due)
        for due in (
            "2026-12-01T07:00",
            "2026-12-01",
            "2026-12-01",
            None,
            "2026-12-01",
            "2026-12-05",
        )
    )
    make_todo(bob, due="2026-12-01")
    by_the_release_before(day, due_on=date(2026, 12, 2))
    by_the_release_before(nine, due_on=None, due_at=moment(2026, 12, 1, 8))
    by_the_release_before(gone, due_on=None)
    QuerySet(Todo).filter(pk=new.pk).update(due_on=date(2026, 12, 3))  # made by it, so unmarked
    by_the_release_before(kept, due_on=date(2026, 12, 9))
    nine_there = "2026-12-04T09:00[America/New_York]"
    Todo.objects.get(pk=kept.pk).change(due=nine_there)  # and by the new one after it
    QuerySet(Todo).filter(pk=other.pk).update(due_order=moment(2026, 12, 5))  # renamed by it
    assert [told(), told()] == [6, 0]
    rows = [Todo.objects.get(pk=it.pk) for it in (day, nine, gone, new, kept, other)]
    assert [str(row.due) for row in rows] == [
        "2026-12-02",
        "2026-12-01T09:00[Europe/Berlin]",
        "None",
        "2026-12-03",
        nine_there,
        "2026-12-05",
    ]
    ends = [row.due_order for row in rows if row.due and not row.due.at]
    last = timedelta(microseconds=1)
    assert ends == [moment(2026, 12, day, 23) - last for day in (2, 3, 5)]
    assert [row.changed_in for row in rows] == [
        {"due": 3},
        {"due": 3},
        {"due": 3},
        {"due": 2},
        {"due": 3},
        {},
    ]
    assert [row.version for row in rows] == [3, 3, 3, 2, 3, 1]
    feeds.check(alice)
