"""Nothing that a device keeps is written without its version, its marks and its place."""

import ast
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F

from accounts.models import User
from core.db_functions import MarkedIn
from core.feed import FeedEntry, Synced, dead_entry, draw, stamp, writing
from tests.builders import make_list, make_todo
from tests.feeds import SYNCED, check, fed, last, living
from todos import service
from todos.models import List, SavedFilter, Tag, Todo

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "core", "sms", "todos")

# Rows of an account that no device keeps a copy of, and why.
NOT_SYNCED = {
    "accounts.ApiToken": "secret, and asked for by the page",
    "accounts.Invitation": "made by the operator",
    "accounts.SecurityEvent": "a record, which nobody changes",
    "core.FeedCounter": "the feed itself",
    "core.FeedEntry": "the feed itself",
    "todos.SyncOperation": "what devices did, to know it again",
    "todos.Usage": "counted for quotas",
    "sms.Allowance": "granted by an operator",
    "sms.Consent": "a ledger, which nobody changes",
    "sms.Phone": "proved by a code, not written by a device",
    "sms.PhoneCode": "for ten minutes",
    "sms.ReceivedText": "what was answered, to know it again",
    "todos.CalendarFeed": "a secret",
    "todos.Transfer": "a job, for two days",
    "todos.Firing": "planned by what devices keep",
    "todos.Notice": "what was sent",
    "todos.PushSubscription": "of one browser, and secret",
    "sms.Message": "has a state, and is asked for by its id",
}


def owned_models() -> set[type[Any]]:
    """The product's own tables whose rows belong to one account."""
    models = [model for name in APPS for model in apps.get_app_config(name).get_models()]
    return {
        model
        for model in models
        if model is User
        or any(column.related_model is User for column in model._meta.concrete_fields)
    }


def test_every_table_of_an_account_is_in_the_feed_or_says_why_not():
    synced = {model for model in owned_models() if issubclass(model, Synced)}
    assert synced == set(SYNCED)
    assert {model._meta.label for model in owned_models() - synced} == set(NOT_SYNCED)


def test_what_shows_a_tag_is_written_by_its_model_only():
    """Rows between to-dos and tags have no version: who writes them stamps the to-do."""
    writers = {
        path.relative_to(ROOT).as_posix()
        for app in ("accounts", "config", "core", "sms", "todos")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        if node.attr == "through" or _writes_links(node)
    }
    models = {f"todos/models/{name}.py" for name in ("recurrence", "tags", "todos")}
    assert writers == {*models, "todos/folding.py", "todos/service.py"}


def _writes_links(node: ast.Attribute) -> bool:
    verbs, names = {"add", "clear", "remove", "set"}, {"tags", "todos"}
    return node.attr in verbs and isinstance(node.value, ast.Attribute) and node.value.attr in names


def unsaved(owner: User, model: type[Any], name: str = "first") -> Any:
    if model is User:
        return User(email=f"{uuid.uuid4()}@example.com", name=name)
    fields = {"title": name, "list": List.objects.inbox_of(owner)} if model is Todo else {}
    if model is SavedFilter:
        fields = {"name": name, "query": "milk"}
    return model(owner=owner, **(fields or {"name": name}))


def text_of(model: type[Any]) -> str:
    return "title" if model is Todo else "name"


def owner_of(row: Any) -> User:
    return User.objects.get(pk=row.account_id)


def saved(owner: User, model: type[Any], name: str = "first") -> Any:
    row = unsaved(owner, model, name)
    row.save()
    return row


def by_save(row: Any, name: str) -> None:
    setattr(row, name, "second")
    row.save()


def by_naming_the_column(row: Any, name: str) -> None:
    setattr(row, name, "second")
    row.save(update_fields=[name])


def by_change(row: Any, name: str) -> None:
    with writing(row.account_id):
        row.change(**{name: "second"})


def by_update(row: Any, name: str) -> None:
    type(row).objects.filter(pk=row.pk).update(**{name: "second"})


def by_update_or_create(row: Any, name: str) -> None:
    type(row).objects.update_or_create(pk=row.pk, defaults={name: "second"})


CHANGES = [by_save, by_naming_the_column, by_change, by_update, by_update_or_create]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("model", SYNCED)
def test_every_way_of_changing_a_row_stamps_it(alice, bob, model, change):
    row = saved(alice, model)
    saved(alice, model, "other")
    saved(bob, model)
    untouched = fed(bob)
    name = text_of(model)
    change(row, name)
    stored = model.objects.get(pk=row.pk)
    key = (model.feed_kind, str(getattr(stored, model.feed_key)))
    assert (getattr(stored, name), stored.version, stored.changed_in) == ("second", 2, {name: 2})
    assert last(owner_of(row)) == key
    check(owner_of(row))
    assert fed(bob) == untouched


@pytest.mark.parametrize("change", CHANGES[:3])
@pytest.mark.parametrize("model", SYNCED)
def test_a_change_that_changes_nothing_is_none(alice, model, change):
    row = saved(alice, model)
    change(row, text_of(model))
    before = fed(owner_of(row))
    change(row, text_of(model))
    assert (row.version, fed(owner_of(row))) == (2, before)


@pytest.mark.parametrize("model", SYNCED)
def test_an_object_read_long_ago_is_saved_with_the_next_version(alice, model):
    row = saved(alice, model)
    stale = model.objects.get(pk=row.pk)
    by_update(row, text_of(model))
    setattr(stale, text_of(model), "third")
    stale.save(update_fields=[text_of(model)])
    assert (stale.version, stale.changed_in) == (3, {text_of(model): 3})
    check(owner_of(row))


@pytest.mark.parametrize("model", SYNCED)
def test_new_rows_enter_the_feed_in_every_way(alice, bob, model):
    rows = [saved(alice, model)]
    names = iter(["a", "b", "c"])
    rows += model.objects.bulk_create([unsaved(alice, model, next(names)) for _ in range(3)])
    assert model.objects.bulk_create([]) == []
    for row in rows:
        key = (model.feed_kind, str(getattr(row, model.feed_key)))
        assert fed(owner_of(row))[key] == 1
        check(owner_of(row))
    assert fed(bob) == {("profile", str(bob.pk)): 1}


@pytest.mark.parametrize("model", [List, Tag, Todo])
@pytest.mark.parametrize("several", [False, True])
def test_what_is_deleted_leaves_its_id_and_last_version(alice, bob, model, several):
    row, other = saved(alice, model), saved(bob, model)
    by_change(row, text_of(model))
    key = getattr(row, model.feed_key)
    if several:
        model.objects.exclude(pk=other.pk).filter(**{text_of(model): "second"}).delete()
    else:
        row.delete()
    entry = dead_entry(alice.pk, model.feed_kind, key)
    assert entry is not None
    assert (entry.version, last(alice)) == (3, (model.feed_kind, str(key)))
    assert dead_entry(bob.pk, model.feed_kind, key) is None
    assert dead_entry(alice.pk, "filter", key) is None
    check(alice)
    check(bob)


def test_rows_of_several_accounts_are_changed_and_removed_at_once(alice, bob):
    for owner in (alice, bob):
        make_todo(owner)
        make_todo(owner)
    assert Todo.objects.update(priority=1) == 4
    assert set(Todo.objects.values_list("version", flat=True)) == {2}
    check(alice)
    check(bob)
    Todo.objects.all().delete()
    check(alice)
    check(bob)
    assert len(fed(bob, deleted=True)) == 2


def test_rows_with_values_of_their_own_are_not_written_in_bulk(alice):
    with pytest.raises(NotImplementedError):
        Todo.objects.bulk_update([make_todo(alice)], ["title"])


def test_no_rows_are_no_change(alice):
    make_todo(alice)
    before = fed(alice)
    with writing(alice.pk):
        assert stamp(alice.pk, Todo.objects.filter(pk__in=[]), priority=1) == 0
        assert stamp(alice.pk, Todo.objects.filter(title="another"), priority=1) == 0
    assert fed(alice) == before


def test_no_number_is_drawn_twice(alice):
    first = draw(alice.pk, 2)
    with writing(alice.pk):
        assert [draw(alice.pk, amount) - first for amount in (1, 0, 2)] == [1, 1, 3]
    assert draw(alice.pk, 1) == first + 4


def test_a_log_in_is_no_change_of_the_profile(alice):
    before = fed(alice)
    alice.set_password("another long passphrase")
    alice.save(update_fields=["password"])
    alice.is_staff = True
    alice.save()
    User.objects.update(is_active=True)
    assert (fed(alice), User.objects.get().is_staff) == (before, True)


@pytest.mark.parametrize("way", ["save", "change", "update"])
def test_a_renamed_tag_is_another_version_of_what_shows_it(alice, bob, way):
    shown, trashed = make_todo(alice, tags=["a"]), make_todo(alice, tags=["a", "b"])
    other = make_todo(alice, tags=["b"])
    theirs = make_todo(bob, tags=["a"])
    trashed.trash()
    tag = Tag.objects.get(owner=alice, name="a")
    {"save": by_save, "change": by_change, "update": by_update}[way](tag, "name")
    versions = {row.pk: row.version for row in Todo.objects.all()}
    assert versions == {shown.pk: 2, trashed.pk: 3, other.pk: 1, theirs.pk: 1}
    assert Todo.objects.get(pk=shown.pk).changed_in == {"tags": 2}
    if way != "update":  # which writes no folded column
        assert list(Todo.objects.owned_by(alice).mentioning("second")) == [shown]
    check(alice)
    check(bob)


def test_a_deleted_tag_is_another_version_of_what_showed_it(alice):
    shown, other = make_todo(alice, tags=["a"]), make_todo(alice, tags=["b"])
    Tag.objects.get(name="a").delete()
    assert {row.pk: row.version for row in Todo.objects.all()} == {shown.pk: 2, other.pk: 1}
    assert not Todo.objects.mentioning("a").exists()
    check(alice)


def test_renaming_a_tag_takes_the_same_statements_for_many_todos(
    alice, django_assert_max_num_queries
):
    for number in range(30):
        make_todo(alice, str(number), tags=["a"])
    tag = Tag.objects.get()
    with writing(alice.pk), django_assert_max_num_queries(11):
        tag.change(name="b")
    check(alice)


@pytest.mark.parametrize("trashes", [False, True])
def test_removing_a_list_stamps_what_was_in_it(alice, trashes):
    home = make_list(alice)
    kept, gone = make_todo(alice, list=home), make_todo(alice, list=home)
    gone.trash()
    service.remove_list(actor=alice, todo_list=home, trashes=trashes)
    rows = {row.pk: row for row in Todo.objects.all()}
    assert (rows[kept.pk].deleted_at is not None) is trashes
    assert {row.list.is_inbox for row in rows.values()} == {True}
    assert "list" in rows[kept.pk].changed_in
    check(alice)


def test_an_account_takes_its_feed_with_it(alice, bob):
    make_todo(alice, tags=["a"])
    make_todo(bob)
    User.objects.filter(pk=alice.pk).delete()
    assert set(FeedEntry.objects.values_list("account", flat=True)) == {bob.pk}
    check(bob)


def test_who_made_a_todo_is_still_said_after_that_account_has_gone(alice, bob):
    """Otherwise an answer would change without a version."""
    todo = make_todo(alice)
    todo.created_by = bob.pk
    todo.save()
    before = living(alice)
    bob.delete()
    assert (Todo.objects.get().created_by, living(alice)) == (todo.created_by, before)


def test_a_search_column_alone_is_no_change(alice):
    todo = make_todo(alice)
    Todo.objects.filter(pk=todo.pk).update(folded="x")
    assert Todo.objects.get().version == 1
    check(alice)


def test_postgresql_marks_members_in_one_expression():
    """Run for real by the lane on PostgreSQL; here its SQL and the order of its parameters."""
    query = Todo.objects.all().query
    marked = MarkedIn("changed_in", F("version") + 1, ["title", "notes"]).resolve_expression(query)
    sql, given = marked.as_postgresql(query.get_compiler("default"), connection)
    version = '("todos_todo"."version" + %s)'
    assert sql == (
        f'"todos_todo"."changed_in" || JSONB_BUILD_OBJECT(%s::text, {version}, %s::text, {version})'
    )
    assert given == ["notes", 1, "title", 1]
