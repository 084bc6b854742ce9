"""Long ways through the page, the API and the admin, each request in its own transaction.

Other tests run inside a transaction of pytest's own, which hides a row lock that is taken outside
of any and a statement that fails in the middle of one. PostgreSQL refuses both; SQLite neither.
"""

from typing import Any

import pytest
from django.db import OperationalError

from tests.builders import make_list, make_todo
from tests.conftest import PASSWORD
from tests.todos.admin_forms import LISTS, TAGS, TODOS, list_form, run, saved, todo_form
from tests.todos.pages import PAGE, act, row
from todos import service
from todos.models import List, Tag, Todo

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
API = "/api/v1"


def facts(todo: Todo) -> tuple[str, str, int]:
    values = row(todo)
    assert (values["finished_at"] is None) == (values["status"] == "open")
    return values["title"], values["status"], values["version"]


def test_a_person_uses_the_page_from_log_in_to_undo(client, alice, bob):
    theirs = make_todo(bob)
    log_in = client.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    assert (log_in.status_code, log_in["Location"]) == (302, "/todos/")

    def send(path: str, **form: str) -> int:
        return int(client.post(path, form).status_code)

    assert send(PAGE, title="buy milk") == 302
    todo = Todo.objects.get(owner=alice)
    seen = [facts(todo)]
    for name, form in (
        ("finish", {}),
        ("finish", {}),
        ("reopen", {}),
        ("rename", {"title": "buy oat milk"}),
    ):
        assert send(act(name, todo), **form) == 302
        seen.append(facts(todo))
    assert seen == [
        ("buy milk", "open", 1),
        ("buy milk", "finished", 2),
        ("buy milk", "finished", 2),
        ("buy milk", "open", 3),
        ("buy oat milk", "open", 4),
    ]
    assert send(act("rename", todo), title=" ") == 422
    assert send(act("delete", todo)) == 302
    assert list(Todo.objects.filter(deleted_at=None)) == [theirs]
    assert [send(f"{PAGE}undo/"), send(f"{PAGE}undo/")] == [302, 302]
    assert facts(todo) == ("buy oat milk", "open", 6)
    assert [send(act(name, theirs), title="x") for name in ("finish", "rename", "delete")] == [
        404
    ] * 3
    assert facts(theirs) == ("buy milk", "open", 1)


def test_a_phone_uses_lists_and_todos_from_creation_to_removal(api, alice, bob):
    theirs = make_todo(bob, list=make_list(bob))
    phone, key = api(alice), {"Idempotency-Key": "k1"}
    home = phone.post(f"{API}/lists/", {"name": "Home"}, headers=key)
    assert phone.post(f"{API}/lists/", {"name": "Home"}, headers=key).json() == home.json()
    body = {
        "id": "6f8f2a52-51b4-4a3d-9e0b-000000000001",
        "title": "buy milk",
        "list": home.json()["id"],
        "tags": ["new", "shop"],
    }
    answers = [phone.post(f"{API}/todos/", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    path = answers[0]["Location"]
    conflict = phone.post(f"{API}/todos/", body | {"title": "bread"})
    assert (conflict.status_code, conflict.json()["errors"][0]["code"]) == (409, "already_exists")
    changed = [
        phone.patch(path, {"title": "bread", "tags": ["shop", "other"]}),
        phone.put(path, {"title": "cheese"}, headers={"If-Match": '"2"'}),
        phone.post(f"{path}finish/"),
        phone.post(f"{path}reopen/", headers={"If-Match": '"4"'}),
    ]
    assert [(answer.status_code, answer["ETag"]) for answer in changed] == [
        (200, '"2"'),
        (200, '"3"'),
        (200, '"4"'),
        (200, '"5"'),
    ]
    assert changed[0].json()["tags"] == ["other", "shop"]
    stale = [
        phone.patch(path, {"title": "x"}, headers={"If-Match": '"4"'}),
        phone.delete(path, headers={"If-Match": '"4"'}),
        phone.post(f"{path}finish/", headers={"If-Match": '"4"'}),
    ]
    assert [answer.status_code for answer in stale] == [412] * 3
    renamed = phone.patch(home["Location"], {"name": "House"})
    assert (renamed.status_code, renamed["ETag"]) == (200, '"2"')
    assert phone.delete(home["Location"]).status_code == 204
    moved = phone.get(path).json()
    assert (moved["list"], moved["version"]) == (str(List.objects.inbox_of(alice).pk), 6)
    assert phone.delete(path).status_code == 204
    assert phone.delete(path).status_code == 404
    assert phone.delete(f"{API}/lists/{moved['list']}/").status_code == 409
    trash = f"{API}/trash/"
    assert phone.post(f"{trash}{body['id']}/restore/").json()["version"] == 8
    assert phone.delete(path).status_code == 204
    assert phone.delete(trash).status_code == 204
    assert facts(theirs) == ("buy milk", "open", 1)
    assert Todo.objects.get().list == theirs.list


def test_an_operator_adds_changes_and_removes_what_people_have(web, staff, alice, bob):
    operator, theirs = web(staff), make_todo(bob)
    inbox = List.objects.inbox_of(alice)
    saved(operator.post(f"{LISTS}add/", {"owner": alice.pk, "name": "Home"}))
    home = List.objects.get(name="Home")
    saved(operator.post(f"{LISTS}{home.pk}/change/", list_form(home, name="House")))
    saved(operator.post(f"{TAGS}add/", {"owner": alice.pk, "name": "shop"}))
    tag = Tag.objects.get()
    fields = {"owner": alice.pk, "list": home.pk, "title": "buy milk", "priority": 0}
    fields |= {"recurrence_from": "due"}
    saved(operator.post(f"{TODOS}add/", {**fields, "tags": [tag.pk]}))
    todo = Todo.objects.get(owner=alice)
    saved(operator.post(f"{TODOS}{todo.pk}/change/", todo_form(todo, title="bread")))
    for action in ("finish", "reopen"):
        assert "1 to-do changed." in run(operator, TODOS, action, todo).text
    assert facts(todo) == ("bread", "open", 5)
    other = make_list(alice)
    saved(operator.post(f"{LISTS}{home.pk}/delete/", {"post": "yes"}))
    page = run(operator, LISTS, "delete_selected", other, post="yes")
    assert "Successfully deleted 1 list" in page.text
    assert list(List.objects.owned_by(alice)) == [inbox]
    assert (row(todo)["list_id"], row(todo)["version"]) == (inbox.pk, 6)
    saved(operator.post(f"{TAGS}{tag.pk}/change/", {"name": "market"}))
    assert [tag.name for tag in todo.tags.all()] == ["market"]
    saved(operator.post(f"{TAGS}{tag.pk}/delete/", {"post": "yes"}))
    run(operator, TODOS, "delete_selected", todo, post="yes")
    assert list(Todo.objects.all()) == [theirs]
    assert facts(theirs) == ("buy milk", "open", 1)


def test_an_operator_removes_all_the_chosen_lists_or_none(web, staff, alice, bob, monkeypatch):
    """TN7."""
    chosen = [make_list(alice), make_list(bob)]
    todos = [make_todo(each.owner, list=each) for each in chosen]
    remove = service.remove_list
    removed: list[List] = []

    def fails_at_the_second(**arguments: Any) -> None:
        if removed:
            raise OperationalError("server closed the connection unexpectedly")
        removed.append(arguments["todo_list"])
        remove(**arguments)

    monkeypatch.setattr(service, "remove_list", fails_at_the_second)
    assert run(web(staff), LISTS, "delete_selected", *chosen, post="yes").status_code == 503
    assert len(removed) == 1
    assert {each.pk for each in chosen} <= {*List.objects.values_list("pk", flat=True)}
    assert [row(todo)["list_id"] for todo in todos] == [each.pk for each in chosen]
