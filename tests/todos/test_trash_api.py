"""Nothing that was removed is lost for 30 days, and no id is ever used again."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.builders import make_list, make_todo
from tests.feeds import check, fed
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db
NOON, DAY = datetime(2026, 11, 20, 12, tzinfo=UTC), timedelta(days=1)
TODOS, LISTS, TRASH = "/api/v1/todos/", "/api/v1/lists/", "/api/v1/trash/"


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_a_removed_todo_comes_back_as_it_was(api, alice, bob):
    home = make_list(alice)
    todo = make_todo(alice, list=home, tags=["shop"], notes="two litres", priority=3)
    make_todo(bob).trash()
    phone = api(alice)
    path = f"{TODOS}{todo.pk}/"
    before = phone.get(path).json()

    assert phone.delete(path).status_code == 204
    [binned] = phone.get(TRASH).json()["results"]
    shown = phone.get(TODOS).json()["results"]
    restored = phone.post(f"{TRASH}{todo.pk}/restore/")

    assert shown == []
    assert binned["deleted_at"] is not None
    assert binned == {
        **before,
        "version": 2,
        "deleted_at": binned["deleted_at"],
        "updated_at": binned["updated_at"],
    }
    assert restored.status_code == 200
    assert restored.json() == {**before, "version": 3, "updated_at": restored.json()["updated_at"]}
    assert phone.get(path).json() == restored.json()
    assert code(phone.post(f"{TRASH}{todo.pk}/restore/")) == (404, "not_found")
    check(alice)


def test_what_was_in_the_trash_before_its_list_goes_keeps_its_day_there(api, alice, bob):
    home, phone = make_list(alice), api(alice)
    todos = [make_todo(alice, title, list=home) for title in ("early", "late")]
    theirs = make_todo(bob)
    with time_machine.travel(NOON, tick=False) as clock:
        assert phone.delete(f"{TODOS}{todos[0].pk}/").status_code == 204
        clock.shift(DAY)
        assert phone.delete(f"{LISTS}{home.pk}/?todos=trash").status_code == 204
    for todo in (*todos, theirs):
        todo.refresh_from_db()
    assert [todo.deleted_at for todo in (*todos, theirs)] == [NOON, NOON + DAY, None]
    assert [todo.list for todo in todos] == [List.objects.inbox_of(alice)] * 2


@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete", "finish", "reopen"])
def test_what_is_in_the_trash_is_nowhere_else(api, alice, verb):
    todo = make_todo(alice, tags=["a"])
    todo.trash()
    path = f"{TODOS}{todo.pk}/"
    before = list(Todo.objects.values())
    phone = api(alice)
    if verb in ("finish", "reopen"):
        response = phone.post(f"{path}{verb}/")
    else:
        body = None if verb == "get" else {"title": "x"}
        response = getattr(phone, verb)(path, body, headers={"If-Match": "*"})
    assert code(response) == (404, "not_found")
    for query in ("", "q=milk", "tag=a", "status=open", "ordering=due", f"list={todo.list_id}"):
        assert phone.get(f"{TODOS}?{query}").json()["results"] == []
    assert list(Todo.objects.values()) == before


def test_the_last_one_removed_comes_first_and_pages_walk(api, alice):
    todos = [make_todo(alice, str(number)) for number in range(3)]
    for todo in todos:
        todo.trash()
    phone = api(alice)
    first = phone.get(f"{TRASH}?limit=2").json()
    second = phone.get(first["next"]).json()
    titles = [row["title"] for row in (*first["results"], *second["results"])]
    assert titles == ["2", "1", "0"]
    assert code(phone.get(f"{TRASH}?foo=1")) == (400, "unknown_field")


def test_one_or_all_of_it_goes_for_good(api, alice, bob):
    todos = [make_todo(alice, str(number)) for number in range(4)]
    theirs = make_todo(bob)
    for todo in (*todos[:3], theirs):
        todo.trash()
    phone = api(alice)
    assert code(phone.delete(f"{TRASH}{todos[3].pk}/")) == (404, "not_found")
    assert phone.delete(f"{TRASH}{todos[0].pk}/").status_code == 204
    assert code(phone.delete(f"{TRASH}{todos[0].pk}/")) == (404, "not_found")
    assert phone.delete(TRASH).status_code == 204
    assert set(Todo.objects.all()) == {todos[3], theirs}
    assert fed(alice, deleted=True) == {("todo", str(todo.pk)): 3 for todo in todos[:3]}
    check(alice)
    check(bob)


@pytest.mark.parametrize("name", ["todos", "lists"])
def test_an_id_is_never_used_again(api, alice, bob, name):
    phone, key = api(alice), str(uuid.uuid4())
    body = {"id": key, "title": "x"} if name == "todos" else {"id": key, "name": "x"}
    path = f"/api/v1/{name}/"
    made = phone.post(path, body)
    removed = phone.delete(f"{path}{key}/")
    assert (made.status_code, removed.status_code) == (201, 204)
    if name == "todos":
        response = phone.post(path, body)
        current = phone.get(TRASH).json()["results"][0]
        assert (code(response), response.json()["current"]) == ((409, "deleted"), current)
        assert response["ETag"] == '"2"'
        phone.delete(TRASH)
    response = phone.post(path, body)
    assert (code(response), "current" in response.json()) == ((409, "deleted"), False)
    assert not Todo.objects.exists()
    assert api(bob).post(path, body).status_code == 201  # to him it says nothing


def test_a_strangers_id_is_taken_even_in_the_trash(api, alice, bob):
    theirs = make_todo(bob, "secret")
    theirs.trash()
    response = api(alice).post(TODOS, {"id": str(theirs.pk), "title": "secret"})
    assert (code(response), "current" in response.json()) == ((409, "id_taken"), False)


@pytest.mark.parametrize(("query", "trashed"), [("", False), ("move", False), ("trash", True)])
def test_removing_a_list_says_what_becomes_of_its_todos(api, alice, bob, query, trashed):
    home = make_list(alice)
    todo, other, theirs = make_todo(alice, list=home), make_todo(alice), make_todo(bob)
    phone = api(alice)
    wrong = phone.delete(f"{LISTS}{home.pk}/?todos=burn")
    assert code(wrong) == (400, "invalid_choice")
    address = f"{LISTS}{home.pk}/" + (f"?todos={query}" if query else "")
    assert phone.delete(address).status_code == 204
    rows = {row.pk: row.deleted_at is not None for row in Todo.objects.all()}
    assert rows == {todo.pk: trashed, other.pk: False, theirs.pk: False}
    if trashed:
        phone.post(f"{TRASH}{todo.pk}/restore/")
    assert Todo.objects.owned_by(alice).get(pk=todo.pk).list == List.objects.inbox_of(alice)
    check(alice)


def test_a_tag_that_was_deleted_meanwhile_does_not_come_back(api, alice):
    todo = make_todo(alice, tags=["a", "b"])
    todo.trash()
    Tag.objects.get(name="a").delete()
    assert api(alice).post(f"{TRASH}{todo.pk}/restore/").json()["tags"] == ["b"]


def test_a_restore_has_nothing_to_be_told(api, alice):
    todo = make_todo(alice)
    todo.trash()
    phone = api(alice)
    assert code(phone.post(f"{TRASH}{todo.pk}/restore/", {"foo": 1})) == (400, "unknown_field")
    assert Todo.objects.owned_by(alice).count() == 0
