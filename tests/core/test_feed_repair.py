"""A former release knows neither versions nor the feed; a restored database repeats neither."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F, QuerySet

from accounts.models import User
from core.feed import FeedCounter
from core.feed_repair import VERSIONS_APART, begin_epoch
from tests.builders import make_list, make_todo
from tests.feeds import check, fed, last, living
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db


def nightly() -> str:
    out = StringIO()
    call_command("refold", stdout=out)
    return out.getvalue()


def past_the_feed(row: Any, **columns: Any) -> None:
    """As a release writes that knows no feed."""
    QuerySet(type(row)).filter(pk=row.pk).update(**columns, version=F("version") + 1)


def created_past_the_feed(row: Any) -> None:
    rows: Any = QuerySet(type(row))
    rows.bulk_create([row])


def test_the_night_feeds_what_a_former_release_has_written(alice, bob, monkeypatch):
    monkeypatch.setattr("core.feed_repair.BATCH", 2)
    todos = [make_todo(alice, str(number), tags=["home"]) for number in range(5)]
    home, theirs, before = make_list(alice), make_todo(bob), fed(bob)
    for todo in todos[:3]:
        past_the_feed(todo, title="Straße")
    past_the_feed(home, name="Home")
    past_the_feed(alice, name="Alice")
    created_past_the_feed(Todo(owner=alice, list=home, title="new"))
    assert nightly() == "1 rows folded, 6 fed, 0 dues renewed.\n"
    check(alice)
    assert fed(bob) == before
    changed = Todo.objects.get(pk=todos[0].pk)
    assert changed.version == 3
    assert set(changed.changed_in.values()) == {3}
    assert {"title", "tags", "deleted_at"} <= set(changed.changed_in)
    assert Todo.objects.get(pk=todos[3].pk).version == 1
    assert Todo.objects.mentioning("strasse home").count() == 3
    assert nightly() == "0 rows folded, 0 fed, 0 dues renewed.\n"
    assert Todo.objects.get(pk=theirs.pk).version == 1


def test_the_night_feeds_each_account_by_itself(alice, bob):
    rows = [make_todo(person) for person in (alice, bob)]
    gone = [make_todo(person) for person in (alice, bob)]
    for row in rows:
        past_the_feed(row, title="x")
    for row in gone:
        QuerySet(Todo).filter(pk=row.pk)._raw_delete("default")
    assert nightly() == "0 rows folded, 4 fed, 0 dues renewed.\n"
    for person, row, lost in zip((alice, bob), rows, gone, strict=True):
        check(person)
        assert fed(person, deleted=True) == {("todo", str(lost.pk)): 2}
        assert Todo.objects.get(pk=row.pk).version == 3


def test_the_epoch_of_one_account_is_not_that_of_others(alice, bob):
    make_todo(bob)
    before = living(bob)
    epochs = dict(FeedCounter.objects.values_list("account", "epoch"))
    begin_epoch(alice.pk)
    after = dict(FeedCounter.objects.values_list("account", "epoch"))
    assert {key for key in epochs if epochs[key] != after[key]} == {alice.pk}
    assert living(bob) == before


def test_the_night_tells_of_what_a_former_release_has_deleted(alice, bob):
    todo, kept = make_todo(alice), make_todo(alice)
    make_todo(bob)
    QuerySet(Todo).filter(pk=todo.pk)._raw_delete("default")
    assert nightly() == "0 rows folded, 1 fed, 0 dues renewed.\n"
    assert last(alice) == ("todo", str(todo.pk))
    assert fed(alice, deleted=True) == {("todo", str(todo.pk)): 2}
    assert ("todo", str(kept.pk)) in living(alice)
    check(alice)
    check(bob)
    assert fed(bob, deleted=True) == {}
    assert nightly() == "0 rows folded, 0 fed, 0 dues renewed.\n"


def test_an_account_that_a_former_release_has_made_gets_its_feed(alice):
    person = User(email="new@example.com")
    created_past_the_feed(person)
    assert nightly() == "0 rows folded, 1 fed, 0 dues renewed.\n"
    check(person)
    check(alice)


def test_a_new_epoch_gives_no_version_a_second_time(alice, bob):
    todo = make_todo(alice, tags=["home"])
    todo.rename("other")
    make_list(alice).delete()
    make_todo(bob)
    before = {account.pk: (living(account), fed(account, deleted=True)) for account in (alice, bob)}
    epochs = dict(FeedCounter.objects.values_list("account", "epoch"))
    out = StringIO()
    call_command("begin_epoch", stdout=out)
    assert out.getvalue() == "The devices of 2 accounts will sync from the start.\n"
    for account in (alice, bob):
        raised = [
            {key: it + VERSIONS_APART for key, it in each.items()} for each in before[account.pk]
        ]
        assert [living(account), fed(account, deleted=True)] == raised
        check(account)
    after = dict(FeedCounter.objects.values_list("account", "epoch"))
    assert after.keys() == epochs.keys()
    assert not set(after.values()) & set(epochs.values())
    todo.refresh_from_db()
    assert todo.changed_in == {"title": 2}  # nobody has changed anything
    assert (List.objects.count(), Tag.objects.count()) == (2, 1)
