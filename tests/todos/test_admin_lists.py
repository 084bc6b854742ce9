"""The forms of lists and tags in the admin; an inbox stays, and so do the to-dos of a list."""

from datetime import UTC, datetime

import pytest

from tests.builders import make_list, make_todo
from tests.todos.admin_forms import LISTS, TAGS, errors, list_form, run, saved
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(web, staff):
    return web(staff)


def test_a_list_is_added_last(operator, alice, bob):
    before = make_list(alice)
    make_list(bob)
    fields = {"owner": alice.pk, "name": "new", "is_inbox": "on", "position": "-9"}
    saved(operator.post(f"{LISTS}add/", fields))
    new = List.objects.get(name="new")
    assert (new.owner, new.is_inbox, new.version, new.archived_at) == (alice, False, 1, None)
    assert list(List.objects.owned_by(alice)) == [before, new]


def test_a_changed_list_has_the_next_version_and_keeps_its_owner(operator, alice, bob):
    groceries = make_list(alice, color="#112233")
    fields = list_form(
        groceries, name="new", owner=bob.pk, archived_at_0="2026-01-02", archived_at_1="03:04:05"
    )
    saved(operator.post(f"{LISTS}{groceries.pk}/change/", fields))
    stored = List.objects.get(pk=groceries.pk)
    assert (stored.name, stored.owner, stored.version) == ("new", alice, 2)
    assert (stored.color, stored.position) == ("#112233", groceries.position)
    assert stored.archived_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert stored.updated_at > groceries.updated_at


def test_an_inbox_can_be_renamed_and_not_archived(operator, alice):
    inbox = List.objects.inbox_of(alice)
    fields = list_form(inbox, name="In", archived_at_0="2026-01-02", archived_at_1="03:04:05")
    saved(operator.post(f"{LISTS}{inbox.pk}/change/", fields))
    stored = List.objects.get()
    assert (stored.name, stored.archived_at, stored.version) == ("In", None, 2)
    assert stored.is_inbox


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a" * 129}, "name"),
        ({"color": "#1122334"}, "color"),
        ({"color": "red"}, "color"),
        ({"archived_at_0": "soon"}, "archived_at"),
    ],
    ids=repr,
)
def test_a_list_that_does_not_fit_is_said_so(operator, alice, changes, field):
    groceries = make_list(alice)
    fields = list_form(groceries, owner=alice.pk, **changes)
    for path in (f"{LISTS}add/", f"{LISTS}{groceries.pk}/change/"):
        assert list(errors(operator.post(path, fields))) == [field]
    assert [(row.name, row.version) for row in List.objects.all()] == [("Groceries", 1)]


def test_a_removed_list_leaves_its_todos_in_the_inbox_of_its_owner(operator, staff, alice, bob):
    groceries, empty = make_list(alice), make_list(alice)
    todo, theirs = make_todo(alice, list=groceries), make_todo(bob)
    page = operator.get(f"{LISTS}{groceries.pk}/delete/").content.decode()
    assert "Groceries; its 1 to-do moves to the inbox" in page
    saved(operator.post(f"{LISTS}{groceries.pk}/delete/", {"post": "yes"}))
    saved(operator.post(f"{LISTS}{empty.pk}/delete/", {"post": "yes"}))
    stored = Todo.objects.get(pk=todo.pk)
    assert (stored.list, stored.version) == (List.objects.inbox_of(alice), 2)
    assert Todo.objects.get(pk=theirs.pk).version == 1
    assert [row.is_inbox for row in List.objects.all()] == [True, True]
    assert not List.objects.owned_by(staff).exists()


def test_lists_of_several_people_are_removed_at_once(operator, alice, bob):
    lists = [make_list(owner) for owner in (alice, bob, bob)]
    todos = [make_todo(row.owner, list=row) for row in lists]
    page = run(operator, LISTS, "delete_selected", *lists).content.decode()
    assert page.count("moves to the inbox") == 3
    run(operator, LISTS, "delete_selected", *lists, post="yes")
    assert all(row.is_inbox for row in List.objects.all())
    for todo in todos:
        assert Todo.objects.get(pk=todo.pk).list == List.objects.inbox_of(todo.owner)


def test_an_inbox_is_never_removed(operator, alice):
    todo, groceries = make_todo(alice), make_list(alice)
    response = operator.post(f"{LISTS}{todo.list_id}/delete/", {"post": "yes"})
    assert response.status_code == 403
    page = run(operator, LISTS, "delete_selected", todo.list, groceries, post="yes")
    assert "Cannot delete lists" in page.content.decode()
    assert List.objects.count() == 2
    assert list(Todo.objects.all()) == [todo]


def test_a_list_with_a_todo_of_another_person_is_not_removed(operator, alice, bob):
    """No form puts one there; the database could still hold one."""
    groceries, stray = make_list(alice), make_todo(bob, "stray")
    Todo.objects.filter(pk=stray.pk).update(list=groceries)
    page = operator.post(f"{LISTS}{groceries.pk}/delete/", {"post": "yes"})
    assert page.status_code == 200
    assert "stray" in page.content.decode()
    assert Todo.objects.get().list == groceries


def test_a_tag_is_added_renamed_and_removed(operator, alice, bob):
    saved(operator.post(f"{TAGS}add/", {"owner": alice.pk, "name": "home"}))
    tag = Tag.objects.get()
    saved(operator.post(f"{TAGS}{tag.pk}/change/", {"owner": bob.pk, "name": "house"}))
    tag.refresh_from_db()
    assert (tag.name, tag.owner) == ("house", alice)
    saved(operator.post(f"{TAGS}{tag.pk}/delete/", {"post": "yes"}))
    assert not Tag.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "taken", "a" * 51])
def test_a_tag_that_does_not_fit_is_said_so(operator, alice, bob, name):
    make_todo(alice, tags=["taken", "mine"])
    make_todo(bob, tags=["taken"])
    tag = Tag.objects.get(owner=alice, name="mine")
    for path in (f"{TAGS}add/", f"{TAGS}{tag.pk}/change/"):
        assert errors(operator.post(path, {"owner": alice.pk, "name": name}))
    assert Tag.objects.filter(owner=alice).count() == 2
