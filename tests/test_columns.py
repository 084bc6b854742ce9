"""A column is written down in four places: model, migration, serializer and document.

Everything else takes it from the model, or one of these tests says what is missing.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import AbstractUser
from django.core.management import call_command
from django.db import connection, models
from django.test import RequestFactory

from accounts.api.serializers import ProfileSerializer
from accounts.forms import ProfileForm
from accounts.models import User
from core.values import FoldedField
from sms.api.serializers import MessageDetailSerializer
from tests import documented, test_api_document
from tests.builders import make_todo
from tests.todos.transfer.test_round_trip import exported, imported
from todos.admin import TodoAdmin
from todos.api.saved_filters import SavedFilterSerializer
from todos.api.serializers import ListSerializer, TodoSerializer, TodoTagSerializer
from todos.models import List, Tag, Todo
from todos.models.recurrence import KEPT
from todos.transfer.formats import table
from todos.transfer.members import members

APPS = ("accounts", "core", "sms", "todos")
NOT_IN_THE_ADMIN = {
    "accounts.ApiToken.digest": "opens nothing, and is of no use to anybody",
    "core.IdempotencyKey.body": "answers are personal",
    "core.IdempotencyKey.headers": "answers are personal",
    "sms.Message.idempotency_key": "a word of the client, which the scope makes unique",
    "sms.Message.unreached_told_at": "of use to the tick only",
    "todos.Todo.due_on": "made of the due, for the release before",
    "todos.Todo.due_order": "made of the due",
    "todos.Todo.finished_with": "of use to reopening only",
    "todos.Todo.made_in": "of use to recurrence only",
    "todos.Todo.trashed_with": "of use to restoring only",
    "todos.Todo.status_at": "of use to a merge only",
    "todos.List.former_position": "of use to the former release only",
    "todos.Todo.former_position": "of use to the former release only",
    "accounts.User.changed_in": "of use to a merge only",
    "todos.List.changed_in": "of use to a merge only",
    "todos.SavedFilter.changed_in": "of use to a merge only",
    "todos.Tag.changed_in": "of use to a merge only",
    "todos.Todo.changed_in": "of use to a merge only",
}
NOT_IN_THE_API = {
    "sms.Message.accepted_at": "in the events",
    "sms.Message.claimed_at": "how it is delivered",
    "sms.Message.dispatched_at": "how it is delivered",
    "sms.Message.from_number": "chosen by the operator",
    "sms.Message.idempotency_key": "a word of the client, which the scope makes unique",
    "sms.Message.lane": "how it is delivered",
    "sms.Message.next_attempt_at": "how it is delivered",
    "sms.Message.provider": "chosen by the operator",
    "sms.Message.refers_to": "for answers by text: ids of what a list names",
    "sms.Message.provider_sid": "of use to the operator only",
    "sms.Message.retry_of": "what an operator did in the admin",
    "sms.Message.sender": "always the caller",
    "sms.Message.unreached": "what becomes of the channel is in the profile",
    "sms.Message.unreached_told_at": "of use to the tick only",
    "todos.List.changed_in": "of use to a merge only",
    "todos.List.owner": "always the caller",
    "todos.SavedFilter.changed_in": "of use to a merge only",
    "todos.SavedFilter.owner": "always the caller",
    "todos.Tag.changed_in": "of use to a merge only",
    "todos.Tag.id": "the key of a row; clients know its uuid",
    "todos.Tag.owner": "always the caller",
    "todos.Todo.changed_in": "of use to a merge only",
    "todos.Todo.status_at": "of use to a merge only",
    "todos.List.former_position": "of use to the former release only",
    "todos.Todo.former_position": "of use to the former release only",
    "todos.Todo.owner": "always the caller",
    "todos.Todo.due_on": "made of the due, for the release before",
    "todos.Todo.due_order": "made of the due",
    "todos.Todo.finished_with": "of use to reopening only",
    "todos.Todo.made_in": "of use to recurrence only",
    "todos.Todo.trashed_with": "of use to restoring only",
}


def label(column: models.Field) -> str:
    return f"{column.model._meta.label}.{column.name}"


def columns(model: type[models.Model]) -> list[models.Field]:
    """Those that say something of their own: a folded one repeats what others say."""
    every = [*model._meta.concrete_fields, *model._meta.many_to_many]
    return [column for column in every if not isinstance(column, FoldedField)]


def missing_in_the_admin(model: type[models.Model], staff: User) -> set[str]:
    """The columns that neither the page of an object, its inlines nor the list shows."""
    view: Any = admin.site.get_model_admin(model)
    request = RequestFactory().get("/admin/")
    request.user = staff
    fieldsets = view.get_fieldsets(request, model())
    shown = {*flatten_fieldsets(fieldsets), *view.get_list_display(request)}
    missing = {label(column) for column in columns(model) if column.name not in shown}
    inlines = view.get_inline_instances(request, model())
    for inline in (each for each in inlines if not admin.site.is_registered(each.model)):
        names = {*inline.get_fields(request), *inline.get_readonly_fields(request)}
        missing |= {
            label(column)
            for column in columns(inline.model)
            if not (column.primary_key or column.related_model is model or column.name in names)
        }
    return missing


def test_the_admin_shows_every_column_or_says_why_not(staff):
    admin.autodiscover()
    pages = [model for model in apps.get_models() if admin.site.is_registered(model)]
    own = [model for model in pages if model._meta.app_label in APPS]
    assert {List, Todo, User} < set(own)
    missing = set().union(*(missing_in_the_admin(model, staff) for model in own))
    keys = {label(model._meta.pk) for model in own}  # the address of every page
    assert missing - keys == set(NOT_IN_THE_ADMIN)


def missing_in_the_api() -> set[str]:
    found = set()
    for serializer in (
        ListSerializer,
        MessageDetailSerializer,
        SavedFilterSerializer,
        TodoSerializer,
        TodoTagSerializer,
    ):
        shown = {field.source for field in serializer().fields.values()} | {"created_by"}
        found |= {label(it) for it in columns(serializer.Meta.model) if it.name not in shown}
    return found


def test_the_api_shows_every_column_or_says_why_not():
    assert missing_in_the_api() == set(NOT_IN_THE_API)


def test_the_page_and_the_api_of_the_profile_have_every_column_of_a_person():
    inherited = {field.name for field in AbstractUser._meta.get_fields()}
    for_operators = {"has_old_spelling", "deletion_at"}
    own = {column.name for column in columns(User)} - inherited - for_operators
    assert set(ProfileSerializer.Meta.fields) == own - {"changed_in"} | {"email"}
    read_only = {"changed_in", "channels_off", "id", "version"}
    assert set(ProfileForm.Meta.fields) == own - read_only


# --- One more column ------------------------------------------------------------------------------


@pytest.fixture
def estimate(db, monkeypatch) -> Iterator[models.Field]:
    """Todo with one column more, as its model, its migration and its serializer would have it."""
    documented.contract()  # is made once for all tests: without the column
    column = models.PositiveSmallIntegerField(default=30, null=True, blank=True)
    column.contribute_to_class(Todo, "estimate")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE todos_todo ADD COLUMN estimate smallint NULL")
    monkeypatch.setattr(TodoSerializer.Meta, "fields", (*TodoSerializer.Meta.fields, "estimate"))
    yield column
    options: Any = Todo._meta
    options.local_fields.remove(column)
    options._expire_cache()
    delattr(Todo, "estimate")


@pytest.mark.undocumented("the document may be older than the column")
@pytest.mark.usefixtures("estimate")
def test_a_new_column_is_shown_changed_and_strict_in_the_api(api, alice):
    phone = api(alice)
    created = phone.post("/api/v1/todos/", {"title": "Buy milk", "estimate": 5}).json()
    assert created["estimate"] == 5
    url = f"/api/v1/todos/{created['id']}/"
    assert phone.patch(url, {"estimate": 6}).json()["estimate"] == 6
    refused = phone.patch(url, {"estimate": "6"})
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "estimate")


@pytest.mark.undocumented("the document may be older than the column")
@pytest.mark.usefixtures("estimate")
def test_a_put_that_leaves_a_new_column_out_resets_it(api, alice):
    todo = make_todo(alice, estimate=5)
    answer = api(alice).put(
        f"/api/v1/todos/{todo.pk}/", {"title": "Buy milk"}, headers={"If-Match": "*"}
    )
    assert (answer.status_code, answer.json()["estimate"]) == (200, 30)


@pytest.mark.usefixtures("estimate")
@pytest.mark.parametrize("value", [5, None])
def test_undo_brings_a_new_column_back(web, alice, value):
    todo, browser = make_todo(alice, estimate=value), web(alice)
    browser.post(f"/todos/plain/{todo.pk}/delete/")
    assert not Todo.objects.owned_by(alice).exists()
    browser.post("/todos/undo/")
    assert Todo.objects.values_list("estimate", flat=True).get() == value


@pytest.mark.usefixtures("estimate")
def test_the_admin_shows_and_changes_a_new_column(web, staff):
    todo = make_todo(staff)
    page = web(staff).get(f"/admin/todos/todo/{todo.pk}/change/")
    assert "estimate" in page.context["adminform"].form.fields
    assert "todos.Todo.estimate" not in missing_in_the_admin(Todo, staff)


def test_the_admin_shows_a_new_column_that_nobody_writes(web, staff, estimate, monkeypatch):
    monkeypatch.setattr(estimate, "editable", False)
    page = web(staff).get(f"/admin/todos/todo/{make_todo(staff).pk}/change/")
    assert "estimate" not in page.context["adminform"].form.fields
    assert "estimate" in TodoAdmin(Todo, admin.site).get_readonly_fields(page.wsgi_request)
    assert "todos.Todo.estimate" not in missing_in_the_admin(Todo, staff)


@pytest.mark.parametrize("value", [5, None])
@pytest.mark.parametrize("name", ["json", "csv"])
def test_a_new_column_comes_back_from_a_file(alice, estimate, monkeypatch, name, value):
    members.cache_clear()
    monkeypatch.setattr(table, "COLUMNS", (*table.COLUMNS, "estimate"))
    monkeypatch.setattr(estimate, "default", None)
    make_todo(alice, estimate=value)
    file = exported(alice, name)
    Todo.objects.all().delete()
    report = imported(alice, name, file)
    members.cache_clear()
    assert [it["problems"] for it in report["lines"] if it["title"] == "buy milk"] == [[]]
    assert Todo.objects.values_list("estimate", flat=True).get() == value


@pytest.mark.usefixtures("estimate")
def test_the_document_must_name_a_new_column():
    with pytest.raises(AssertionError):
        test_api_document.test_the_members_of_a_table_are_the_code(
            "To-dos", set(TodoSerializer.Meta.fields)
        )


@pytest.mark.usefixtures("estimate")
def test_the_api_must_show_a_new_column(monkeypatch):
    fields = [name for name in TodoSerializer.Meta.fields if name != "estimate"]
    monkeypatch.setattr(TodoSerializer.Meta, "fields", fields)
    assert missing_in_the_api() == {*NOT_IN_THE_API, "todos.Todo.estimate"}


# --- What the next occurrence of a recurring to-do has -------------------------------------------

NOT_KEPT = {
    **dict.fromkeys(("due", "start_on", "recurrence", "reminders"), "one occurrence later"),
    **dict.fromkeys(("due_at", "due_on", "due_order"), "made of the due"),
    **dict.fromkeys(("folded", "folded_tags"), "made of the title, the notes and the tags"),
    **dict.fromkeys(("list", "parent", "owner"), "those of the to-do, or of its copy"),
    **dict.fromkeys(("status", "finished_at", "deleted_at", "status_at"), "it is open"),
    **dict.fromkeys(("finished_with", "trashed_with"), "the same"),
    **dict.fromkeys(("id", "created_at", "created_by", "made_in"), "it is a new row"),
    **dict.fromkeys(("updated_at", "version", "changed_in"), "the same"),
    "former_position": "of use to the former release only",
}


def test_the_next_occurrence_keeps_every_column_or_says_why_not():
    every = [column.name for column in Todo._meta.concrete_fields]
    assert sorted([*KEPT, *NOT_KEPT]) == sorted(every)


# --- Lengths --------------------------------------------------------------------------------------


def test_the_document_has_the_lengths_of_the_models():
    lengths = {label(column): getattr(column, "max_length", 0) for column in columns(Todo)}
    title, notes = lengths["todos.Todo.title"], lengths["todos.Todo.notes"]
    [tag] = [column.max_length for column in columns(Tag) if column.name == "name"]
    row = (
        f"| title, notes, tags | {title} characters, {notes:,} characters, 20 of {tag} characters |"
    )
    assert row in test_api_document.API


# --- Folded columns -------------------------------------------------------------------------------


def bulk_changes(text: str) -> Iterator[set[str]]:
    """The columns that each call of update() or stamp() names."""
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in ("update", "stamp"):
            yield {keyword.arg for keyword in call.keywords if keyword.arg}


def test_who_changes_many_rows_at_once_writes_their_folds_too():
    """save() does it by itself; update() does not."""
    folded = [each for model in apps.get_models() for each in model._meta.concrete_fields]
    sources = {name for each in folded if isinstance(each, FoldedField) for name in each.of}
    assert sources == {"name", "notes", "title"}
    assert [*bulk_changes('a.update(title="b"); stamp(c=1)')] == [{"title"}, {"c"}]
    for path in (file for app in APPS for file in Path(app).rglob("*.py")):
        for named in bulk_changes(path.read_text()):
            assert not named & sources or "folded" in named, path
            assert "due" not in named, path  # the columns that are made of it would stay


@pytest.mark.django_db
def test_the_migrations_make_what_the_models_say():
    """A rule of a column (core.values) is none of the database."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
