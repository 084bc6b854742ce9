"""The plain page: delete, and undo for ten minutes."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages

from tests.builders import make_list, make_todo
from tests.todos.pages import PAGE, act, row
from todos import service
from todos.models import Priority, Todo

COUNTED = ("version", "updated_at", "changed_in")


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def make_rich_todo(alice) -> Todo:
    todo = make_todo(
        alice,
        notes="two litres",
        priority=Priority.HIGH,
        due="2031-05-01T20:30[UTC]",
        list=make_list(alice),
        tags=["cold", "shop"],
    )
    todo.finish()
    return todo


def everything(todo: Todo) -> dict[str, object]:
    values = row(todo) | {"tags": sorted(tag.name for tag in todo.tags.all())}
    return {name: values[name] for name in values if name not in COUNTED}


def test_delete_offers_undo_which_brings_everything_back(alice, browser):
    todo = make_rich_todo(alice)
    before = everything(todo)

    deleted = browser.post(act("delete", todo, "?status=finished"), follow=True)
    gone = not Todo.objects.owned_by(alice).exists()
    undone = browser.post("/todos/plain/undo/?status=finished", follow=True)

    assert deleted.redirect_chain == [(f"{PAGE}?status=finished", 302)]
    assert "Deleted “<bdi>buy milk</bdi>”." in deleted.text
    assert 'action="/todos/plain/undo/?status=finished"' in deleted.text
    assert gone
    assert undone.redirect_chain == [(f"{PAGE}?status=finished#todo-{todo.pk}", 302)]
    assert everything(Todo.objects.get()) == before
    assert row(todo)["version"] == 4


def test_undo_of_a_removed_list_leads_to_the_inbox(alice, browser):
    home = make_list(alice)
    todo = make_todo(alice, list=home)
    browser.post(act("delete", todo))
    service.remove_list(actor=alice, todo_list=home)

    browser.post("/todos/plain/undo/")

    assert Todo.objects.owned_by(alice).get().list.is_inbox


def test_undo_twice_brings_back_once(alice, browser):
    browser.post(act("delete", make_todo(alice)))

    first, second = browser.post("/todos/plain/undo/"), browser.post("/todos/plain/undo/")

    assert (first.status_code, second.status_code) == (302, 302)
    assert said(second)[-1] == "There is nothing left to undo."
    assert Todo.objects.owned_by(alice).count() == 1


def test_undo_that_lost_the_race_changes_nothing(alice, browser):
    todo = make_todo(alice)
    browser.post(act("delete", todo))
    Todo.objects.get().restore()
    before = row(todo)

    response = browser.post("/todos/plain/undo/", follow=True)

    assert "There is nothing left to undo." in response.text
    assert row(todo) == before


def test_only_the_last_one_comes_back(alice, browser):
    browser.post(act("delete", make_todo(alice, "first")))
    browser.post(act("delete", make_todo(alice, "second")))

    browser.post("/todos/plain/undo/")
    browser.post("/todos/plain/undo/")

    assert [todo.title for todo in Todo.objects.owned_by(alice)] == ["second"]


@pytest.mark.parametrize(("seconds", "back"), [(599, 1), (600, 1), (601, 0)])
def test_undo_works_for_ten_minutes(alice, bob, web, seconds, back):
    with time_machine.travel(datetime(2026, 11, 20, 9, tzinfo=UTC), tick=False) as clock:
        browser = web(alice)
        browser.post(act("delete", make_todo(alice)))
        clock.shift(timedelta(seconds=seconds))
        browser.post("/todos/plain/undo/")

    assert Todo.objects.owned_by(alice).count() == back


def test_undo_of_another_account_brings_nothing_back(alice, bob, browser, web):
    browser.post(act("delete", make_todo(alice)))
    stranger = web(bob)

    response = stranger.post("/todos/plain/undo/", follow=True)
    nothing = not Todo.objects.filter(deleted_at=None).exists()
    browser.post("/todos/plain/undo/")

    assert "There is nothing left to undo." in response.text
    assert nothing
    assert Todo.objects.get().owner == alice


def test_undo_is_forgotten_with_the_session(alice, bob, browser):
    browser.post(act("delete", make_todo(alice)))
    browser.force_login(bob)

    browser.post("/todos/plain/undo/")

    assert not Todo.objects.filter(deleted_at=None).exists()


def test_undo_counts_the_versions_on_and_keeps_the_moments(alice, browser):
    todo = make_rich_todo(alice)
    before = row(todo)
    for _ in range(3):
        browser.post(act("delete", todo))
        browser.post("/todos/plain/undo/")
    after = row(todo)
    assert after["version"] == before["version"] + 6
    assert after["updated_at"] > before["updated_at"]
    assert (after["created_at"], after["finished_at"]) == (
        before["created_at"],
        before["finished_at"],
    )
