"""Moving: beside another one, again and again, and when there is no room left."""

import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from core.order_keys import SMALLEST, between
from tests import feeds
from tests.builders import make_list, make_todo
from todos import ordering
from todos.models import List, Todo
from todos.models.columns import UNPLACED

pytestmark = pytest.mark.django_db
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
LONG = "a0" + "0" * 100 + "1"


def path(row: Any) -> str:
    return f"{TODOS if isinstance(row, Todo) else LISTS}{row.pk}/move/"


def order(account: Any, model: Any = Todo) -> list[str]:
    return [str(row) for row in model.objects.owned_by(account).order_by("position", "pk")]


def versions(account: Any) -> dict[str, int]:
    return dict(Todo.objects.of(account.pk).values_list("title", "version"))


@pytest.mark.parametrize("body", [{"after": "a"}, {"before": "c"}])
def test_a_move_to_where_it_stands_changes_nothing(api, alice, bob, body):
    """Its key is not the one that a move would give it."""
    home = make_list(alice)
    made = {name: make_todo(alice, name, position=f"a{name}x", list=home) for name in "abc"}
    make_todo(bob, position="abx")
    beside = {side: str(made[name].pk) for side, name in body.items()}
    answer = api(alice).post(path(made["b"]), beside).json()
    assert (answer["position"], versions(alice)) == ("abx", {"a": 1, "b": 1, "c": 1})


@pytest.fixture
def rows(alice, bob) -> dict[str, Todo]:
    """a, b, c, d in this order; c is in another list, and d is in the trash."""
    home = make_list(alice)
    made = {title: make_todo(alice, title, position=f"a{title}") for title in "abd"}
    made["c"] = make_todo(alice, "c", position="ac", list=home)
    made["d"].trash()
    make_todo(bob, "a stranger's", position="ab")
    return made


@pytest.mark.parametrize(
    ("moved", "side", "beside", "expected"),
    [
        ("a", "after", "b", "bac"),
        ("b", "before", "a", "bac"),
        ("b", "after", "a", "abc"),
        ("a", "before", "b", "abc"),
        ("a", "after", "a", "abc"),
    ],
)
def test_it_stands_right_beside_the_other_and_again_changes_nothing(
    api, alice, rows, moved, side, beside, expected
):
    phone, body = api(alice), {side: str(rows[beside].pk).upper()}
    answer = phone.post(path(rows[moved]), body)
    assert (answer.status_code, order(alice)) == (200, list(expected))
    is_moved = expected != "abc"
    assert answer.json()["version"] == (2 if is_moved else 1)
    assert answer["ETag"] == f'"{answer.json()["version"]}"'
    again = phone.post(path(rows[moved]), body)
    assert again.json() == answer.json()
    assert versions(alice) == {"a": 1, "b": 1, "c": 1, "d": 2, moved: answer.json()["version"]}
    feeds.check(alice)


def test_a_list_may_be_named_alone_or_beside_a_todo_of_it(api, alice, rows):
    phone, home = api(alice), str(rows["c"].list_id)
    beside = phone.post(path(rows["a"]), {"list": home, "after": str(rows["c"].pk)}).json()
    assert (beside["list"], beside["version"], order(alice)) == (home, 2, ["b", "c", "a"])
    alone = phone.post(path(rows["b"]), {"list": home}).json()
    assert (alone["list"], alone["position"], alone["version"]) == (home, "ab", 2)


@pytest.mark.parametrize(
    ("body", "status", "code", "attr"),
    [
        ({}, 400, "nowhere", None),
        ({"after": "a", "before": "b"}, 400, "two_places", None),
        ({"after": "stranger"}, 404, "not_found", None),
        ({"after": "c"}, 404, "not_found", None),
        ({"before": "d"}, 404, "not_found", None),
        ({"before": "nobody"}, 404, "not_found", None),
        ({"after": 7}, 400, "invalid", "after"),
        ({"list": "nobody"}, 400, "does_not_exist", "list"),
        ({"list": "a stranger's"}, 400, "does_not_exist", "list"),
        ({"parent": "stranger"}, 400, "does_not_exist", "parent"),
        ({"after": "a", "position": "a0"}, 400, "unknown_field", "position"),
    ],
)
def test_what_makes_no_sense_moves_nothing(api, alice, bob, rows, body, status, code, attr):
    keys = {name: str(row.pk) for name, row in rows.items()}
    keys |= {"stranger": str(Todo.objects.get(owner=bob).pk), "nobody": str(uuid.uuid4())}
    keys["a stranger's"] = str(Todo.objects.get(owner=bob).list_id)
    sent = {name: keys.get(value, value) for name, value in body.items()}
    before = versions(alice)
    answer = api(alice).post(path(rows["b"]), sent)
    [problem] = answer.json()["errors"]
    assert (answer.status_code, problem["code"], problem["attr"]) == (status, code, attr)
    assert versions(alice) == before


def test_if_match_and_owner_are_asked_for(api, alice, bob, rows):
    body = {"after": str(rows["b"].pk)}
    stale = api(alice).post(path(rows["a"]), body, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["current"]["id"]) == (412, str(rows["a"].pk))
    assert api(bob).post(path(rows["a"]), body).status_code == 404
    assert order(alice) == ["a", "b", "c"]


def test_lists_move_too_and_the_inbox_with_them(api, alice, bob):
    phone = api(alice)
    phone.get(LISTS)
    one, two, theirs = make_list(alice, "1"), make_list(alice, "2"), make_list(bob)
    inbox = List.objects.inbox_of(alice)
    moved = phone.post(path(two), {"before": str(one.pk)}).json()
    assert (order(alice, List), moved["version"]) == (["Inbox", "2", "1"], 2)
    assert phone.post(path(inbox), {"after": str(one.pk)}).status_code == 200
    assert order(alice, List) == ["2", "1", "Inbox"]
    assert phone.post(path(one), {"after": str(theirs.pk)}).status_code == 404
    assert phone.post(path(one), {"list": str(two.pk)}).status_code == 400
    feeds.check(alice)


# --- When there is no room ------------------------------------------------------------------------


def test_between_two_of_one_key_those_are_told_apart_first(api, alice):
    made = [make_todo(alice, str(number), position="a1") for number in range(4)]
    made.sort(key=lambda row: row.pk)
    moved = make_todo(alice, "moved", position="a5")
    answer = api(alice).post(path(moved), {"after": str(made[1].pk)})
    assert answer.json()["version"] == 2
    titles = [row.title for row in made]
    assert order(alice) == [*titles[:2], "moved", *titles[2:]]
    assert len(set(Todo.objects.values_list("position", flat=True))) == 5
    feeds.check(alice)


def test_a_key_that_would_be_too_long_makes_room_first(api, alice):
    low = "a0" + "0" * 125 + "1"
    rows = [make_todo(alice, name, position=key) for name, key in (("x", "a0"), ("y", low))]
    moved = make_todo(alice, "moved", position="a5")
    assert len(between("a0", low)) > 128
    assert api(alice).post(path(moved), {"before": str(rows[1].pk)}).status_code == 200
    assert order(alice) == ["x", "moved", "y"]
    assert max(map(len, Todo.objects.values_list("position", flat=True))) <= 64


def test_before_the_first_of_all_keys_there_is_room(alice):
    make_todo(alice, "first", position=f"{SMALLEST}{'0' * 100}1")
    made = make_todo(alice, "new")
    assert order(alice) == ["new", "first"]
    assert len(made.position) <= 64


def renewed() -> str:
    out = StringIO()
    call_command("renew_positions", stdout=out)
    return out.getvalue()


def test_long_keys_are_renewed_at_night_in_the_order_they_had(alice, bob):
    keys = {"short": "Zz", "0": "a0", "1": LONG[:65], "2": LONG, "3": f"{LONG}V", "end": "a1"}
    keys["1"] = "a0" + "0" * 62 + "1"
    keys["tie"] = keys["3"]
    for title, key in keys.items():
        make_todo(alice, title, position=key)
        make_todo(bob, title, position="a0" if len(key) < 65 else key)
    make_list(alice, "long", position=LONG)
    before = [order(alice), order(bob)]
    assert renewed() == "9 positions renewed.\n"
    assert [order(alice), order(bob)] == before
    found = dict(Todo.objects.owned_by(alice).values_list("title", "position"))
    assert {found[title] for title in ("short", "0", "end")} == {"Zz", "a0", "a1"}
    assert max(map(len, found.values())) <= 32
    assert len({*found.values()}) == len(found)
    assert versions(alice) == dict.fromkeys(keys, 2) | dict.fromkeys(("short", "0", "end"), 1)
    todo = Todo.objects.get(owner=alice, title="2")
    assert todo.changed_in == {"position": 2}
    for account in (alice, bob):
        feeds.check(account)
    assert renewed() == "0 positions renewed.\n"


def test_a_run_without_room_around_it_takes_its_neighbors_in(alice):
    near = "a0" + "0" * 58
    keys = {"0": "a0", "1": f"{near}1", "2": f"{near}1{'V' * 10}", "3": f"{near}2", "4": "a1"}
    for title, key in keys.items():
        make_todo(alice, title, position=key)
    assert renewed() == "3 positions renewed.\n"
    found = Todo.objects.owned_by(alice).order_by("position").values_list("title", "position")
    assert list(found) == [("0", "a0"), ("1", "a0G"), ("2", "a0V"), ("3", "a0l"), ("4", "a1")]


def as_the_former_release(row: Any, number: int) -> None:
    """It knows nothing of keys."""
    with connection.cursor() as cursor:
        key = row._meta.pk.get_db_prep_value(row.pk, connection)
        statement = f"UPDATE {row._meta.db_table} SET place = %s, position = %s WHERE id = %s"  # noqa: S608
        cursor.execute(statement, [UNPLACED, number, key])


def test_rows_of_the_former_release_come_first_in_their_order(alice):
    for title, number in (("3", 0), ("1", -2048), ("2", -1024)):
        as_the_former_release(make_todo(alice, title), number)
    kept = make_todo(alice, "4")
    assert kept.position == "a0"
    assert renewed() == "3 positions renewed.\n"
    assert order(alice) == ["1", "2", "3", "4"]
    assert make_todo(alice, "0").position == "Zw" < Todo.objects.get(title="1").position
    feeds.check(alice)


def test_a_run_that_another_has_renewed_is_left_alone(alice):
    make_todo(alice)
    assert ordering._renew(Todo.objects.of(alice.pk), str.isspace) == 0
