"""The forms of to-dos in the admin save the right row by the ways of the service; none is a 500."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from tests.builders import make_list, make_todo
from tests.conftest import make_user
from tests.todos.admin_forms import LISTS, TODOS, errors, list_form, run, saved, todo_form
from todos.models import Due, List, Status, Tag, Todo

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(web, staff):
    return web(staff)


def test_a_todo_is_added_first_and_says_by_whom(operator, staff, alice, bob):
    before = make_todo(alice)
    make_todo(bob)
    fields = {
        "owner": alice.pk,
        "list": before.list_id,
        "title": "  new  ",
        "priority": "2",
        "recurrence_from": "due",
        "status": "finished",
        "position": "99",
        "tags": [],
    }
    saved(operator.post(f"{TODOS}add/", fields))
    new = Todo.objects.get(title="new")
    assert (new.owner, new.created_by, new.list, new.priority) == (alice, staff.pk, before.list, 2)
    assert (new.status, new.version) == (Status.OPEN, 1)
    assert new.position < before.position
    assert list(Todo.objects.owned_by(alice)) == [new, before]


def test_a_changed_todo_has_the_next_version_so_a_late_phone_is_refused(operator, api, alice):
    todo = make_todo(alice, "old", tags=["a"], due="2026-01-02T03:04[Europe/Berlin]")
    phone = api(alice)
    known = phone.get(f"/api/v1/todos/{todo.pk}/")["ETag"]
    saved(operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo, title="new")))
    stored = Todo.objects.get()
    assert (stored.title, stored.version) == ("new", 2)
    assert stored.updated_at > todo.updated_at
    assert (stored.due, stored.position) == (todo.due, todo.position)
    headers = {"If-Match": known}
    late = phone.patch(f"/api/v1/todos/{todo.pk}/", {"title": "mine"}, headers=headers)
    assert late.status_code == 412


def test_a_form_without_a_change_changes_nothing(operator, alice):
    groceries = make_list(alice)
    todo = make_todo(alice, list=groceries, tags=["a"], due="2026-01-02")
    before = list(Todo.objects.values()), list(List.objects.values())
    saved(operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo)))
    saved(operator.post(f"{LISTS}{groceries.pk}/change/", list_form(groceries)))
    assert (list(Todo.objects.values()), list(List.objects.values())) == before


def test_only_changed_fields_of_a_todo_are_written(operator, alice, monkeypatch):
    """The phone renames between the look at the row and the write of the form."""
    todo = make_todo(alice, "old")
    original = Todo.full_clean

    def rename_first(row: Todo, **kwargs: Any) -> None:
        original(row, **kwargs)
        Todo.objects.filter(pk=row.pk).update(title="by phone")

    monkeypatch.setattr(Todo, "full_clean", rename_first)
    saved(operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo, notes="by admin")))
    stored = Todo.objects.get()
    assert (stored.title, stored.notes, stored.version) == ("by phone", "by admin", 3)


def test_every_field_of_a_todo_can_be_changed_and_no_other(operator, alice, bob):
    todo, other = make_todo(alice, tags=["a"]), make_list(alice)
    make_todo(alice, tags=["b"])
    tag = Tag.objects.get(owner=alice, name="b")
    changes = {
        "list": other.pk,
        "notes": "n",
        "priority": 4,
        "start_on": "2026-03-01",
        "recurrence": "freq=daily",
        "recurrence_from": "completion",
        "due_0": "2026-03-04",
        "due_1": "09:00",
        "due_2": "europe/berlin",
        "tags": [tag.pk],
        "status": "finished",
        "finished_at": "2026-01-01",
        "owner": bob.pk,
        "position": 7,
        "version": 70,
        "created_by": bob.pk,
    }
    saved(operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo, **changes)))
    stored = Todo.objects.get(pk=todo.pk)
    assert (stored.list, stored.notes, stored.priority) == (other, "n", 4)
    assert stored.due == Due(date(2026, 3, 4), time(9), "Europe/Berlin")
    assert stored.due_order == stored.due_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert stored.start_on == date(2026, 3, 1)
    assert (stored.recurrence, stored.recurrence_from) == ("FREQ=DAILY", "completion")
    assert list(stored.tags.all()) == [tag]
    assert (stored.owner, stored.created_by, stored.status) == (alice, alice.pk, Status.OPEN)
    assert (stored.position, stored.version) == (todo.position, 2)


def test_a_change_of_tags_alone_is_a_change(operator, alice):
    todo = make_todo(alice, tags=["a"])
    saved(operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo, tags=[])))
    stored = Todo.objects.get()
    assert (list(stored.tags.all()), stored.version) == ([], 2)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "\u3000"}, "title"),
        ({"title": "a" * 129}, "title"),
        ({"notes": "a" * 10_001}, "notes"),
        ({"priority": "5"}, "priority"),
        ({"list": ""}, "list"),
        ({"list": "00000000-0000-0000-0000-000000000000"}, "list"),
        ({"due_0": "2026-02-30"}, "due"),
        ({"due_1": "09:00"}, "due"),
        ({"due_2": "Europe/Berlin"}, "due"),
        ({"due_0": "2026-02-03", "due_2": "Europe/Berlin"}, "due"),
        ({"due_0": "2026-02-03", "due_1": "09:00", "due_2": "Mars/Base"}, "due"),
        ({"tags": ["0"]}, "tags"),
    ],
    ids=repr,
)
def test_a_todo_that_does_not_fit_is_said_so(operator, alice, changes, field):
    todo = make_todo(alice)
    owner = {"owner": alice.pk}
    response = operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo, **changes))
    assert list(errors(response)) == [field]
    response = operator.post(f"{TODOS}add/", todo_form(todo, **owner, **changes))
    assert list(errors(response)) == [field]
    assert [(row.title, row.version) for row in Todo.objects.all()] == [("buy milk", 1)]


def test_a_todo_points_to_nothing_of_another_person(operator, alice, bob):
    todo, theirs = make_todo(alice), make_todo(bob, tags=["a"], list=make_list(bob))
    tags = [Tag.objects.get().pk]
    wrong = todo_form(todo, list=theirs.list_id, tags=tags)
    expected = {
        "list": ["Choose a list of the same owner."],
        "tags": ["Choose tags of the same owner."],
    }
    assert errors(operator.post(f"{TODOS}{todo.pk}/change/", wrong)) == expected
    assert errors(operator.post(f"{TODOS}add/", {**wrong, "owner": alice.pk})) == expected
    nobody = errors(operator.post(f"{TODOS}add/", wrong))
    assert nobody == {"owner": ["This field is required."]}


def test_todos_are_finished_and_reopened_by_actions(operator, alice, bob):
    first, second, other = make_todo(alice), make_todo(bob, status="finished"), make_todo(alice)
    page = run(operator, TODOS, "finish", first, second).content.decode()
    assert "1 to-do changed." in page
    first.refresh_from_db()
    assert (first.status, first.version) == (Status.FINISHED, 2)
    assert first.finished_at is not None
    assert Todo.objects.get(pk=second.pk).version == 1
    assert Todo.objects.get(pk=other.pk).status == Status.OPEN
    assert "2 to-dos changed." in run(operator, TODOS, "reopen", first, second).content.decode()
    assert set(Todo.objects.values_list("status", "finished_at")) == {(Status.OPEN, None)}
    history = operator.get(f"{TODOS}{first.pk}/history/").content.decode()
    assert history.count("Changed status.") == 2


def test_todos_are_moved_to_the_trash_and_restored_by_actions(operator, alice, bob):
    first, other = make_todo(alice), make_todo(bob)
    assert "1 to-do changed." in run(operator, TODOS, "move_to_trash", first).content.decode()
    assert "0 to-dos changed." in run(operator, TODOS, "move_to_trash", first).content.decode()
    assert set(Todo.objects.exclude(deleted_at=None)) == {first}
    assert "1 to-do changed." in run(operator, TODOS, "restore", first).content.decode()
    versions = set(Todo.objects.values_list("pk", "deleted_at", "version"))
    assert versions == {(first.pk, None, 3), (other.pk, None, 1)}


def test_who_may_only_look_has_no_actions(web, alice):
    helper = make_user("helper@example.com", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    todo, groceries = make_todo(alice), make_list(alice)
    client = web(helper)
    for path, action, row in (
        (TODOS, "finish", todo),
        (TODOS, "delete_selected", todo),
        (LISTS, "delete_selected", groceries),
    ):
        run(client, path, action, row, post="yes")
        assert client.post(f"{path}{row.pk}/change/", {}).status_code == 403
        assert client.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.get(f"{path}{row.pk}/change/").status_code == 200
    assert Todo.objects.get().version == 1
    assert List.objects.filter(pk=groceries.pk).exists()


def test_a_todo_is_removed(operator, alice):
    todo, other = make_todo(alice, tags=["a"]), make_todo(alice)
    saved(operator.post(f"{TODOS}{todo.pk}/delete/", {"post": "yes"}))
    assert list(Todo.objects.all()) == [other]
    run(operator, TODOS, "delete_selected", other, post="yes")
    assert not Todo.objects.exists()
