"""What a format can hold comes back equal: of 200 to-dos in the fast lane, of 10,000 at night."""

import io
from typing import Any

import pytest

from accounts.models import User
from core.feed import writing
from tests.conftest import make_user
from tests.feeds import check
from tests.todos.transfer.shapes import fill
from todos.models import Todo
from todos.transfer.formats import FORMATS
from todos.transfer.formats.table import COLUMNS
from todos.transfer.intake import Intake
from todos.transfer.members import MODELS, members, shown
from todos.transfer.source import opened

pytestmark = pytest.mark.django_db


def exported(person: User, name: str) -> bytes:
    return "".join(FORMATS[name].write(person)).encode()


def imported(person: User, name: str, content: bytes) -> dict[str, Any]:
    """The report, after the file was looked through and taken."""

    def records() -> Any:
        with opened(io.BytesIO(content)) as source:
            yield from FORMATS[name].read(source, person)

    with writing(person.pk, savepoint=True):
        intake = Intake(person)
        intake.look(records())
        intake.make(records())
    return intake.report.stored


def everything(person: User) -> dict[str, list[dict[str, Any]]]:
    return {
        kind: [shown(row) for row in model.objects.of(person.pk).order_by(model.feed_key)]
        for kind, model in MODELS.items()
    }


def of_one_account(objects: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Every account has an inbox of its own, and has made its to-dos."""
    inbox = next(it["id"] for it in objects["list"] if it["is_inbox"])
    todos = [
        {**it, "created_by": None, "list": "inbox" if it["list"] == inbox else it["list"]}
        for it in objects["todo"]
    ]
    lists = [it for it in objects["list"] if not it["is_inbox"]]
    return {**objects, "list": lists, "todo": todos}


@pytest.mark.parametrize("amount", [120, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_json_brings_everything_back(alice, bob, amount):
    fill(alice, amount)
    before, file = everything(alice), exported(alice, "json")
    alice.delete()
    carol = make_user("carol@example.com")
    report = imported(carol, "json", file)
    assert report["refused"] == report["warnings"] == 0
    assert [it["title"] for it in report["lines"] if it["outcome"] == "kept"] == ["Inbox"]
    assert of_one_account(everything(carol)) == of_one_account(before)
    check(carol)


# --- Formats that hold less -----------------------------------------------------------------------

HOLDS: dict[str, Any] = {
    "csv": set(COLUMNS),
    "ics": set(COLUMNS),
    "todotxt": {*COLUMNS} - {"notes", "reminders", "position", "updated_at"},
}
TO_THE_SECOND = ("created_at", "updated_at", "finished_at")


def seen(person: User, name: str) -> list[dict[str, Any]]:
    """The to-dos outside the trash, in their order, as far as the format can hold them."""
    rows = Todo.objects.owned_by(person).order_by("position", "pk").select_related("list")
    found = []
    for row in rows:
        values = {key: it.write(row) for key, it in members(Todo).items() if key in HOLDS[name]}
        values["list"] = None if row.list.is_inbox else row.list.name
        for key in TO_THE_SECOND:
            if values.get(key) and name != "csv":
                values[key] = values[key][: 19 if name == "ics" else 10]
        found.append(values)
    return found


@pytest.mark.wide
@pytest.mark.parametrize("amount", [120, pytest.param(10_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", HOLDS)
def test_a_format_brings_back_what_it_holds(alice, bob, name, amount):
    fill(alice, amount)
    before, file = seen(alice, name), exported(alice, name)
    alice.delete()
    carol = make_user("carol@example.com")
    report = imported(carol, name, file)
    assert (report["refused"], [it for it in report["lines"] if it["problems"]]) == (0, [])
    assert seen(carol, name) == before
    check(carol)


@pytest.mark.wide
@pytest.mark.parametrize("name", ["json", *HOLDS])
def test_imported_twice_is_once_and_every_account_has_ids_of_its_own(alice, bob, name):
    fill(alice, 60)
    mine, file = everything(alice), exported(alice, name)
    again = imported(alice, name, file)
    assert (sum(again["new"].values()), everything(alice)) == (0, mine)
    first, second = imported(bob, name, file), imported(bob, name, file)
    amount = Todo.objects.filter(owner=alice).count() if name == "json" else len(seen(alice, name))
    assert (first["new"]["todos"], sum(second["new"].values())) == (amount, 0)
    assert second["kept"] >= amount
    assert Todo.objects.filter(owner=bob).count() == amount
    assert not {it["id"] for it in everything(bob)["todo"]} & {it["id"] for it in mine["todo"]}
    trees = [
        {it["title"] for it in everything(person)["todo"] if it["parent"]}
        for person in (alice, bob)
    ]
    assert trees[0] == trees[1] or name != "json"
    assert everything(alice) == mine
    check(bob)
