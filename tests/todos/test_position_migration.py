"""Numbers become keys in their order, and devices are told."""

import importlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from core.feed import FeedCounter
from tests import feeds
from tests.builders import make_list
from tests.todos.test_folding import migrate
from todos.models import List, Todo
from todos.models.columns import UNPLACED

BEFORE = [("todos", "0011_one_due")]
MIGRATION = importlib.import_module("todos.migrations.0013_keys_of_today")


@pytest.fixture
def release_before() -> Iterator[Any]:
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    yield executor.loader.project_state(BEFORE).apps
    migrate()


@pytest.mark.nightly
@pytest.mark.django_db(transaction=True)
def test_numbers_become_keys(release_before, monkeypatch):
    monkeypatch.setattr(MIGRATION, "BATCH", 2)
    todo_list, todo = (release_before.get_model("todos", name) for name in ("List", "Todo"))
    accounts = [User.objects.create_user(f"{name}@example.com") for name in ("alice", "bob")]
    numbers = {"5": 9, "1": -1024, "3": 0, "2": -9, "6": 2**53 - 1, "4": 0}
    ids = {}
    for account in accounts:
        inbox = todo_list.objects.create(
            owner_id=account.pk, name="Inbox", is_inbox=True, position=-1
        )
        todo_list.objects.create(owner_id=account.pk, name="later", position=0)
        for title, number in numbers.items():
            row = todo.objects.create(
                owner_id=account.pk, list=inbox, title=title, position=number, version=3
            )
            ids[account.pk, title] = row.pk
    FeedCounter.objects.update_or_create(account=accounts[0], defaults={"seq": 50})

    migrate()

    for account in accounts:
        rows = list(Todo.objects.of(account.pk).order_by("position", "pk"))
        ties = sorted(("3", "4"), key=lambda title: ids[account.pk, title])
        assert [row.title for row in rows] == ["1", "2", *ties, "5", "6"]
        assert [row.position for row in rows] == ["a0", "a1", "a2", "a3", "a4", "a5"]
        assert {(row.version, row.changed_in["position"]) for row in rows} == {(4, 4)}
        lists = List.objects.of(account.pk).order_by("position")
        assert list(lists.values_list("name", "position")) == [("Inbox", "a0"), ("later", "a1")]
        assert feeds.fed(account).items() >= {("todo", str(row.pk)): 4 for row in rows}.items()
        feeds.check(account)
    assert FeedCounter.objects.get(account=accounts[0]).seq >= 58


@pytest.mark.django_db
def test_a_row_that_the_former_release_makes_has_a_key_in_front_of_all(alice):
    made = make_list(alice)
    columns = [str(column.column) for column in List._meta.concrete_fields]
    key = List._meta.pk.get_db_prep_value(uuid.uuid4(), connection)
    names = ", ".join(name for name in columns if name not in ("place", "id"))
    statement = f"INSERT INTO todos_list (id, {names}) SELECT %s, {names} FROM todos_list"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} WHERE place = %s", [key, made.position])
    assert [row.position for row in List.objects.of(alice.pk)] == [UNPLACED, made.position]
