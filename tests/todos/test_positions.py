"""Manual order is the order of keys, byte by byte on every database."""

import re

import pytest
from django.db import DatabaseError, connection, transaction

from core.order_keys import SMALLEST, is_key
from tests.builders import make_list, make_todo
from tests.core.test_order_keys import NO_KEYS
from tests.todos.pages import PAGE, titles
from todos import service
from todos.models import List, SavedFilter, Todo

pytestmark = pytest.mark.django_db
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
ENDPOINTS = [(TODOS, "title"), (LISTS, "name")]
both = pytest.mark.parametrize(("path", "name"), ENDPOINTS, ids=["to-do", "list"])
ORDER = ["A" + "0" * 25 + "1", "Xzzz", "Y00", "Z0", "ZZ", "Zz", "a0", "a00V", "a0V", "aA", "aa"]


@both
@pytest.mark.parametrize("position", [f"{SMALLEST}1", "Zz", "a0", "a0V", "z" * 27, "a" * 128])
def test_every_key_is_kept(api, alice, path, name, position):
    phone = api(alice)
    made = phone.post(path, {name: "x", "position": position})
    assert (made.status_code, made.json()["position"]) == (201, position)
    changed = phone.patch(made["Location"], {"position": "a1"})
    assert (changed.status_code, changed.json()["position"]) == (200, "a1")


@both
@pytest.mark.parametrize(
    ("position", "code"),
    [
        *((text, "invalid") for text in NO_KEYS[1:] if not text.endswith((" ", "\n", "\0"))),
        ("", "blank"),
        ("a" * 129, "max_length"),
        (0, "invalid"),
        (None, "null"),
    ],
)
def test_what_is_no_key_is_400(api, alice, path, name, position, code):
    phone = api(alice)
    made = phone.post(path, {name: "x"})
    for answer in (
        phone.post(path, {name: "y", "position": position}),
        phone.patch(made["Location"], {"position": position}),
    ):
        [problem] = answer.json()["errors"]
        assert (answer.status_code, problem["attr"], problem["code"]) == (400, "position", code)
    assert phone.get(made["Location"]).json() == made.json()


@pytest.mark.parametrize("make", [make_todo, make_list])
def test_the_database_takes_exactly_the_keys(alice, make):
    row = make(alice)
    statement = f"UPDATE {row._meta.db_table} SET place = %s"  # noqa: S608
    for text in (*NO_KEYS, "a" * 129, *ORDER, f"{SMALLEST}1", "a" * 128, "a01"):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [text])
            taken = True
        except (DatabaseError, ValueError):
            taken = False
        assert taken is is_key(text), text


def test_a_new_todo_stands_before_all_and_a_new_list_behind_all(api, alice, bob):
    make_todo(bob, position="Xzzz")
    make_list(bob, position="a9")
    service.add_filter(actor=bob, name="x", query="x", position="a9")
    phone = api(alice)
    phone.get(LISTS)  # makes the inbox
    made = [phone.post(TODOS, {"title": str(number)}).json()["position"] for number in range(4)]
    assert made == ["a0", "Zz", "Zy", "Zx"]
    made = [phone.post(LISTS, {"name": str(number)}).json()["position"] for number in range(3)]
    assert made == ["a0", "a1", "a2"]
    assert service.add_filter(actor=alice, name="x", query="x").position == "a0"


def test_the_operator_adds_at_the_same_places(web, staff, alice, bob):
    make_todo(bob, position="Xzzz")
    make_list(bob, position="a9")
    service.add_filter(actor=bob, name="x", query="x", position="a9")
    operator, todo = web(staff), make_todo(alice)
    form = {"owner": alice.pk, "list": todo.list_id, "title": "new", "priority": 0}
    form["recurrence_from"] = "due"
    assert operator.post("/admin/todos/todo/add/", form).status_code == 302
    form = {"owner": alice.pk, "name": "new"}
    assert operator.post("/admin/todos/list/add/", form).status_code == 302
    assert (todo.position, Todo.objects.get(title="new").position) == ("a0", "Zz")
    assert List.objects.get(name="new").position == "a0"
    form["query"] = "milk"
    assert operator.post("/admin/todos/savedfilter/add/", form).status_code == 302
    assert SavedFilter.objects.get(name="new").position == "a0"


def test_order_is_that_of_bytes(api, web, alice, bob):
    for position in sorted(ORDER, key=str.casefold):
        make_todo(alice, position, position=position)
        make_todo(bob, "bob's", position=position)
    phone, seen = api(alice), []
    url: str | None = f"{TODOS}?limit=1"
    for _ in ORDER:
        page = phone.get(url).json()
        seen += [row["title"] for row in page["results"]]
        url = page["next"]
    assert url is None
    assert seen == ORDER == sorted(ORDER)
    assert titles(web(alice).get(PAGE)) == ORDER
    last = make_todo(alice, "before all").position
    assert last < ORDER[0]


@pytest.mark.parametrize("amount", [9, 10, 11, 100])
def test_the_page_counts_in_several_digits(browser, alice, bob, amount):
    make_todo(bob)
    home = List.objects.inbox_of(alice)
    rows = [Todo(owner=alice, list=home, title=str(number)) for number in range(amount)]
    Todo.objects.bulk_create(rows)
    make_todo(alice).finish()
    counted = re.findall(r"(\d+) items left", browser.get(PAGE).text)
    assert counted == [str(amount)]
