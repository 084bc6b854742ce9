"""A phone and a page against a model of plain dicts: after every step both say the same.

The model is written from docs/api.md. Time stands still within a step, so moments can be compared.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from rest_framework.test import APIClient

from core.order_keys import between
from tests import feeds
from tests.builders import make_list, make_todo
from tests.conftest import bearer_token, make_user
from todos.models import List, Tag, Todo

TODOS, LISTS, TRASH, PAGE = "/api/v1/todos/", "/api/v1/lists/", "/api/v1/trash/", "/todos/plain/"
START = datetime(2026, 11, 20, 9, tzinfo=UTC)
DEFAULTS: dict[str, Any] = {
    "notes": "",
    "status": "open",
    "priority": 0,
    "start_on": None,
    "due": None,
    "recurrence": None,
    "recurrence_from": "due",
    "tags": [],
    "reminders": [],
}
DUES: list[dict[str, Any] | None] = [  # and when they are due for somebody who lives by UTC
    None,
    {"on": "2026-11-19", "at": None, "time_zone": None},
    {"on": "2026-11-20", "at": "09:05", "time_zone": None},
    {"on": "2026-11-20", "at": "09:05", "time_zone": "Asia/Tokyo"},
    {"on": "2026-11-20", "at": None, "time_zone": None},
]
ORDERS = ["9", "2026-11-20", "2026-11-20T09:05", "2026-11-20T00:05", "2026-11-21"]
FIELDS = {
    "title": st.sampled_from(["milk", "Milk", "bread", "x" * 127 + "y", "x" * 127 + "z"]),
    "notes": st.sampled_from(["", "two litres", "Milk\n"]),
    "status": st.sampled_from(["open", "finished"]),
    "priority": st.integers(0, 4),
    "tags": st.lists(st.sampled_from(["home", "cold", "shop", "b", "ä"]), max_size=4),
    "due": st.sampled_from(DUES),
    "start_on": st.sampled_from([None, "2026-11-20", "2026-11-21"]),
    "position": st.sampled_from(["Yzz", "Zy", "Zz", "ZzV", "a0", "a9", "aA", "b00", "b0z"]),
}
changes = st.fixed_dictionaries({}, optional=FIELDS)
picks = st.integers(0, 1000)
versions = st.sampled_from(
    ["right", "right", "none", "none", "weak", "any", "among others", "old", "longer"]
)
BOBS = ["get", "patch", "delete", "finish", "page", "list", "id"]
NEEDS_TODOS = [
    *("patch", "put", "switch", "move", "nest", "delete", "tick", "rename", "read"),
    "delete on the page",
]
VERBS = [
    *("create", "create", "create again", "create list", "archive list", "remove list", "move"),
    *("patch", "patch", "patch", "put", "put", "switch", "switch", "delete", "read", "bob's"),
    *("tick", "rename", "delete on the page", "delete on the page", "undo", "undo", "undo"),
    *("order", "order", "filter", "filter", "restore", "restore", "purge"),
    *("nest", "nest", "nest", "nest"),
]
ORDERINGS = ["position", "created_at", "updated_at", "priority", "due"]


def moment(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def header(version: int, kind: str) -> dict[str, str]:
    """If-Match as clients and proxies write it."""
    value = {
        "right": f'"{version}"',
        "weak": f'W/"{version}"',
        "any": "*",
        "among others": f'"{version}0", "{version}"',
        "old": f'"{version - 1}"',
        "longer": f'"{version}0"',
    }.get(kind)
    return {"If-Match": value} if value else {}


def due_order(todo: dict[str, Any]) -> str:
    return ORDERS[DUES.index(todo["due"])]


def due_at(due: dict[str, Any] | None) -> str | None:
    """The read-only member beside it."""
    return "2026-11-20T00:05:00.000Z" if due and due["time_zone"] else None


def sorting(name: str):
    key = {"due": due_order}.get(name, lambda todo: todo[name])
    return lambda todo: (key(todo), todo["id"])


class Account(RuleBasedStateMachine):
    """Alice's account; Bob's rows have the same names and are never seen."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        tail = uuid.uuid4().hex
        self.alice, self.bob = (make_user(f"{name}{tail}@example.com") for name in ("a", "b"))
        self.phone, self.browser = APIClient(), Client()
        self.phone.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(self.alice)}")
        self.browser.force_login(self.alice)
        self.theirs = make_todo(self.bob, "milk", list=make_list(self.bob), tags=["home"])
        self.untouched = self.rows_of_bob()
        self.todos: dict[str, dict[str, Any]] = {}
        self.trash: dict[str, dict[str, Any]] = {}
        self.lists: dict[str, dict[str, Any]] = {}
        self.finished_with: dict[str, str] = {}
        self.trashed_with: dict[str, str] = {}
        self.sent: list[dict[str, Any]] = []
        self.removed: tuple[datetime, str] | None = None

    def teardown(self) -> None:
        try:
            self.compare_lists()
        finally:
            self.clock.stop()

    def rows_of_bob(self) -> list[Any]:
        tables = (Todo.objects, List.objects, Tag.objects)
        rows = [list(table.filter(owner=self.bob).order_by("pk").values()) for table in tables]
        return [*rows, [tag.name for tag in self.theirs.tags.all()]]

    # --- The model ----------------------------------------------------------------------------

    @property
    def now(self) -> str:
        return moment(self.at)

    def pick(self, number: int) -> dict[str, Any]:
        rows = list(self.todos.values())
        return rows[number % len(rows)]

    @property
    def inbox(self) -> str:
        return next(key for key, row in self.lists.items() if row["is_inbox"])

    def change(self, todo: dict[str, Any], **fields: Any) -> None:
        if "status" in fields and fields["status"] != todo["status"]:
            todo["finished_at"] = self.now if fields["status"] == "finished" else None
        if "tags" in fields:
            fields["tags"] = sorted(set(fields["tags"]))
        if fields.get("list", todo["list"]) != todo["list"] and "parent" not in fields:
            fields["parent"] = None
        changed = {name for name, value in fields.items() if todo[name] != value}
        act = self.finished_with.get(todo["id"], todo["id"])
        if changed:
            self.stamp(todo, **fields)
        if changed & {"status", "parent"}:
            self.finished_with.pop(todo["id"], None)
        self.follow(todo, changed, act)

    def follow(self, todo: dict[str, Any], changed: set[str], act: str) -> None:
        """What is above and below changes too."""
        if changed & {"status", "parent"} and todo["id"] in self.todos:
            self.open_above(todo)
        for row in self.below(todo) if "list" in changed else []:
            self.stamp(row, list=todo["list"])
        if "parent" in changed:
            for row in self.below(todo):
                if row["id"] in self.trash and len(self.above(row)) == 3:
                    self.stamp(row, parent=None)
        if "status" in changed:
            self.finish_below(todo, act)

    def finish_below(self, todo: dict[str, Any], act: str) -> None:
        for row in [row for row in self.below(todo) if row["id"] in self.todos]:
            along = self.finished_with.get(row["id"]) == act
            if todo["status"] == "finished" and row["status"] == "open":
                self.finished_with[row["id"]] = todo["id"]
                self.stamp(row, status="finished", finished_at=todo["finished_at"])
            elif todo["status"] == "open" and along:
                self.stamp(row, status="open", finished_at=None)
        if todo["status"] == "open":
            self.forget(todo, act)

    def forget(self, todo: dict[str, Any], act: str) -> None:
        for row in self.below(todo):
            if self.finished_with.get(row["id"]) == act:
                del self.finished_with[row["id"]]

    def open_above(self, todo: dict[str, Any]) -> None:
        parent = self.todos.get(todo["parent"] or "")
        if todo["status"] == "open" and parent and parent["status"] == "finished":
            self.forget(parent, self.finished_with.get(parent["id"], parent["id"]))
            self.change(parent, status="open")

    def above(self, todo: dict[str, Any]) -> list[dict[str, Any]]:
        rows = {**self.todos, **self.trash}
        return [rows[todo["parent"]], *self.above(rows[todo["parent"]])] if todo["parent"] else []

    def below(self, todo: dict[str, Any]) -> list[dict[str, Any]]:
        rows = {**self.todos, **self.trash}.values()
        right = [row for row in rows if row["parent"] == todo["id"]]
        return [*right, *(row for child in right for row in self.below(child))]

    def height(self, todo: dict[str, Any]) -> int:
        """Of what is not in the trash."""
        living = [row for row in self.below(todo) if row["id"] in self.todos]
        return 1 + max([len(self.above(row)) - len(self.above(todo)) for row in living], default=0)

    def stamp(self, row: dict[str, Any], **fields: Any) -> None:
        fields |= {"due_at": due_at(fields["due"])} if "due" in fields else {}
        row |= {**fields, "version": row["version"] + 1, "updated_at": self.now}

    def expect(self, response: Any, status: int, todo: dict[str, Any]) -> None:
        assert response.status_code == status, response.content
        assert response.json() == todo
        assert response["ETag"] == f'"{todo["version"]}"'

    def refused(self, response: Any, status: int, code: str) -> None:
        assert response.status_code == status, response.content
        assert response.json()["errors"][0]["code"] == code

    def is_stale(self, response: Any, kind: str, row: dict[str, Any]) -> bool:
        """Whether If-Match named another version, and the answer says so."""
        if kind not in ("old", "longer"):
            return False
        self.refused(response, 412, "version_mismatch")
        assert response.json()["current"] == row
        return True

    # --- To-dos by phone ----------------------------------------------------------------------

    @initialize(rows=st.lists(changes, min_size=3, max_size=5))
    def first_look(self, rows: list[dict[str, Any]]) -> None:
        answer = self.phone.get(LISTS).json()["results"]
        assert [row["is_inbox"] for row in answer] == [True]
        self.lists = {row["id"]: row for row in answer}
        self.create_list(name="Home", own_id=True)
        for number, fields in enumerate(rows):
            self.create(title=str(number), fields=fields, own_id=number > 0, home=number)

    # One rule: hypothesis leaves whole rules out of a run, and an undo needs what was removed.
    @rule(
        verb=st.sampled_from(VERBS),
        number=picks,
        other=picks,
        title=FIELDS["title"],
        fields=changes,
        kind=versions,
        flag=st.booleans(),
    )
    def step(self, *, verb, number, other, title, fields, kind, flag) -> None:
        if verb in NEEDS_TODOS and not self.todos:
            return
        if verb in ("restore", "purge") and not self.trash:
            return
        switch = "finish" if flag else "reopen"
        order = {"name": ORDERINGS[number % 5], "descending": flag, "limit": other % 4 + 1}
        steps: dict[str, Callable[[], None]] = {
            "create": lambda: self.create(title=title, fields=fields, own_id=flag, home=number),
            "create again": lambda: self.create_again(number),
            "patch": lambda: self.patch(number, fields, kind),
            "put": lambda: self.put(number, title, fields, kind),
            "switch": lambda: self.switch(number, switch, kind),
            "move": lambda: self.move(number, other),
            "nest": lambda: self.nest(number, other),
            "delete": lambda: self.delete(number, kind),
            "create list": lambda: self.create_list(name=title, own_id=flag),
            "archive list": lambda: self.archive_list(number=number, kind=kind, is_archived=flag),
            "remove list": lambda: self.remove_list(number, kind),
            "tick": lambda: self.tick(number, switch),
            "rename": lambda: self.rename(number, title),
            "delete on the page": lambda: self.delete_on_the_page(number),
            "undo": lambda: self.undo((0, 0, 300, 580, 620)[other % 5]),
            "order": lambda: self.order(**order),
            "filter": lambda: self.filter(number, other),
            "read": lambda: self.read(number),
            "restore": lambda: self.from_the_trash(number, "restore"),
            "purge": lambda: self.from_the_trash(number, "purge"),
            "bob's": lambda: self.reach_for_what_is_bobs(BOBS[number % len(BOBS)]),
        }
        steps[verb]()

    def create(self, *, title: str, fields: dict[str, Any], own_id: bool, home: int) -> None:
        self.later()
        lists = [None, *self.lists]
        chosen = lists[home % len(lists)]
        body = {"title": title, **fields}
        body |= {"list": chosen} if chosen else {}
        body |= {"parent": self.pick(home)["id"]} if self.todos and home % 3 == 0 else {}
        body |= {"id": str(uuid.uuid4())} if own_id else {}
        response = self.phone.post(TODOS, body)
        self.sent += [body] if own_id else []
        if "parent" in body and len(self.above(self.todos[body["parent"]])) == 2:
            self.refused(response, 409, "too_deep")
            return
        self.created(response, body)

    def created(self, response: Any, body: dict[str, Any]) -> None:
        rows = (*self.todos.values(), *self.trash.values())
        lowest = min((todo["position"] for todo in rows), default=None)
        todo = {
            "id": response.json().get("id"),
            "list": self.inbox,
            "parent": None,
            "position": between(None, lowest),
            "created_by": str(self.alice.pk),
            "created_at": self.now,
            "updated_at": self.now,
            "finished_at": self.now if body.get("status") == "finished" else None,
            "deleted_at": None,
            "version": 1,
            **DEFAULTS,
            **body,
        }
        todo["tags"], todo["due_at"] = sorted(set(todo["tags"])), due_at(todo["due"])
        todo["list"] = self.todos[todo["parent"]]["list"] if todo["parent"] else todo["list"]
        self.expect(response, 201, todo)
        assert response["Location"].endswith(f"{TODOS}{todo['id']}/")
        self.todos[todo["id"]] = todo
        self.open_above(todo)

    def create_again(self, number: int) -> None:
        """The phone never saw the answer and sends the same once more."""
        self.later()
        body = self.sent[number % len(self.sent)]
        is_gone = body.get("list", self.inbox) not in self.lists
        is_gone |= "parent" in body and body["parent"] not in self.todos
        stored = self.todos.get(body["id"])
        response = self.phone.post(TODOS, body)
        if response.status_code == 201:  # the first time it was too deep
            self.created(response, body)
        elif "too_deep" in response.text:
            assert len(self.above(self.todos[body["parent"]])) == 2
        elif is_gone:
            self.refused(response, 400, "does_not_exist")
        elif stored is None:
            self.refused(response, 409, "deleted")
        elif all(
            stored[name] == (sorted(set(value)) if name == "tags" else value)
            for name, value in body.items()
            if not (name == "list" and "parent" in body)
        ):
            self.expect(response, 200, stored)
        else:
            self.refused(response, 409, "already_exists")
            assert response.json()["current"] == stored

    def patch(self, number: int, fields: dict[str, Any], kind: str) -> None:
        self.later()
        todo = self.pick(number)
        response = self.phone.patch(
            f"{TODOS}{todo['id']}/", fields, headers=header(todo["version"], kind)
        )
        if self.is_stale(response, kind, todo):
            return
        self.change(todo, **fields)
        self.expect(response, 200, todo)

    def put(self, number: int, title: str, fields: dict[str, Any], kind: str) -> None:
        self.later()
        todo = self.pick(number)
        body = {"title": title, **fields}
        response = self.phone.put(
            f"{TODOS}{todo['id']}/", body, headers=header(todo["version"], kind)
        )
        if kind == "none":
            self.refused(response, 428, "precondition_required")
        elif self.is_stale(response, kind, todo):
            pass
        else:
            self.change(todo, **{**DEFAULTS, **body})
            self.expect(response, 200, todo)

    def switch(self, number: int, verb: str, kind: str) -> None:
        self.later()
        todo = self.pick(number)
        path = f"{TODOS}{todo['id']}/{verb}/"
        response = self.phone.post(path, headers=header(todo["version"], kind))
        if self.is_stale(response, kind, todo):
            return
        self.switched(todo, verb)
        self.expect(response, 200, todo)

    def switched(self, todo: dict[str, Any], verb: str) -> None:
        status = {"finish": "finished", "reopen": "open"}[verb]
        self.change(todo, status=status)

    def delete(self, number: int, kind: str) -> None:
        self.later()
        todo = self.pick(number)
        path = f"{TODOS}{todo['id']}/"
        response = self.phone.delete(path, headers=header(todo["version"], kind))
        if self.is_stale(response, kind, todo):
            return
        assert (response.status_code, response.content) == (204, b"")
        self.bin(todo)
        self.refused(self.phone.get(path), 404, "not_found")

    def bin(self, todo: dict[str, Any]) -> None:
        for row in (todo, *self.below(todo)):
            if row["id"] in self.todos:
                self.trash[row["id"]] = self.todos.pop(row["id"])
                self.stamp(row, deleted_at=self.now)
                self.trashed_with[row["id"]] = todo["id"]
        del self.trashed_with[todo["id"]]

    def from_the_trash(self, number: int, verb: str) -> None:
        """By phone: restored, or removed for good."""
        self.later()
        todo = list(self.trash.values())[number % len(self.trash)]
        path = f"{TRASH}{todo['id']}/"
        if verb == "restore":
            self.bring_back(todo)
            answer = self.phone.post(f"{path}restore/")
            assert (answer.status_code, answer.json()) == (200, todo)
        else:
            self.remove(todo)
            assert self.phone.delete(path).status_code == 204
        self.refused(self.phone.delete(path), 404, "not_found")

    def bring_back(self, todo: dict[str, Any]) -> None:
        parent = todo["parent"] if todo["parent"] in self.todos else None
        act = self.trashed_with.get(todo["id"], todo["id"])
        along = [row for row in self.below(todo) if self.trashed_with.get(row["id"]) == act]
        for row in (todo, *along):
            self.todos[row["id"]] = self.trash.pop(row["id"])
            self.trashed_with.pop(row["id"], None)
            self.stamp(row, deleted_at=None)
        if todo["parent"] != parent:
            todo["parent"] = parent
            self.finished_with.pop(todo["id"], None)
        self.open_above(todo)

    def remove(self, todo: dict[str, Any]) -> None:
        """For good, with what was trashed along with it."""
        act = self.trashed_with.get(todo["id"], todo["id"])
        below = self.below(todo)
        gone = [todo, *(row for row in below if self.trashed_with.get(row["id"]) == act)]
        for row in gone:
            del self.trash[row["id"]]
        for row in below:
            if row not in gone and row["parent"] in [it["id"] for it in gone]:
                self.stamp(row, parent=None)

    def nest(self, number: int, other: int) -> None:
        """Below another one, or to the top."""
        self.later()
        todo, above = self.pick(number), [None, *self.todos.values()]
        parent = above[other % len(above)]
        key = parent and parent["id"]
        response = self.phone.post(f"{TODOS}{todo['id']}/move/", {"parent": key})
        levels = [parent, *self.above(parent)] if parent else []
        if todo in levels:
            self.refused(response, 409, "cycle")
        elif len(levels) + self.height(todo) > 3:
            self.refused(response, 409, "too_deep")
        else:
            self.change(todo, parent=key, list=parent["list"] if parent else todo["list"])
            self.expect(response, 200, todo)

    def move(self, number: int, other: int) -> None:
        self.later()
        todo = self.pick(number)
        home = list(self.lists)[other % len(self.lists)]
        response = self.phone.patch(f"{TODOS}{todo['id']}/", {"list": home})
        self.change(todo, list=home)
        self.expect(response, 200, todo)

    def read(self, number: int) -> None:
        todo = self.pick(number)
        path, version = f"{TODOS}{todo['id']}/", todo["version"]
        self.expect(self.phone.get(path), 200, todo)
        self.expect(self.phone.get(path, headers={"If-None-Match": f'"{version}0"'}), 200, todo)
        held = self.phone.get(path, headers={"If-None-Match": f'"{version}"'})
        assert (held.status_code, held["ETag"]) == (304, f'"{version}"')

    # --- Lists by phone -----------------------------------------------------------------------

    def create_list(self, *, name: str, own_id: bool) -> None:
        self.later()
        body = {"name": name, **({"id": str(uuid.uuid4())} if own_id else {})}
        response = self.phone.post(LISTS, body)
        made = {
            "id": response.json().get("id"),
            "color": "",
            "position": between(max(row["position"] for row in self.lists.values()), None),
            "is_inbox": False,
            "archived_at": None,
            "created_at": self.now,
            "updated_at": self.now,
            "version": 1,
            **body,
        }
        self.expect(response, 201, made)
        self.lists[made["id"]] = made
        if own_id:
            self.expect(self.phone.post(LISTS, body), 200, made)

    def archive_list(self, *, number: int, kind: str, is_archived: bool) -> None:
        self.later()
        row = list(self.lists.values())[number % len(self.lists)]
        value = self.now if is_archived else None
        response = self.phone.patch(
            f"{LISTS}{row['id']}/", {"archived_at": value}, headers=header(row["version"], kind)
        )
        if self.is_stale(response, kind, row):
            return
        if row["is_inbox"] and is_archived:
            self.refused(response, 400, "inbox")
            return
        if row["archived_at"] != value:
            self.stamp(row, archived_at=value)
        self.expect(response, 200, row)

    def remove_list(self, number: int, kind: str) -> None:
        self.later()
        row = list(self.lists.values())[number % len(self.lists)]
        response = self.phone.delete(f"{LISTS}{row['id']}/", headers=header(row["version"], kind))
        if self.is_stale(response, kind, row):
            return
        if row["is_inbox"]:
            self.refused(response, 409, "inbox")
            return
        assert response.status_code == 204
        del self.lists[row["id"]]
        for todo in (*self.todos.values(), *self.trash.values()):
            if todo["list"] == row["id"]:
                self.stamp(todo, list=self.inbox)
        self.compare_lists()

    def compare_lists(self) -> None:
        shown = self.phone.get(LISTS, {"limit": 200}).json()
        assert shown["results"] == sorted(self.lists.values(), key=sorting("position"))

    # --- The page -----------------------------------------------------------------------------

    def send(self, path: str, **form: str) -> None:
        """A form of the page; the answer leads back to it and it counts what is open."""
        page = self.browser.post(f"{PAGE}{path}", form, follow=True)
        assert page.status_code == 200
        amount = sum(todo["status"] == "open" for todo in self.todos.values())
        assert f"{amount} item{'' if amount == 1 else 's'} left" in page.text

    def tick(self, number: int, verb: str) -> None:
        self.later()
        todo = self.pick(number)
        self.switched(todo, verb)
        self.send(f"{todo['id']}/{verb}/")

    def rename(self, number: int, title: str) -> None:
        self.later()
        todo = self.pick(number)
        self.change(todo, title=title)
        self.send(f"{todo['id']}/rename/", title=title)

    def delete_on_the_page(self, number: int) -> None:
        self.later()
        todo = self.pick(number)
        self.bin(todo)
        self.removed = self.at, todo["id"]
        self.send(f"{todo['id']}/delete/")

    def undo(self, wait: int) -> None:
        self.later(wait)
        at, key = self.removed or (START - timedelta(days=1), "")
        self.removed = None
        if self.at - at <= timedelta(minutes=10) and key in self.trash:
            self.bring_back(self.trash[key])
        self.send("undo/")

    # --- Questions ----------------------------------------------------------------------------

    def walk(self, query: str, limit: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        url = f"{TODOS}?limit={limit}&{query}"
        for _ in range(len(self.todos) + 1):
            page = self.phone.get(url).json()
            rows += page["results"]
            assert len(page["results"]) <= limit
            if page["next"] is None:
                return rows
            url = page["next"]
        raise AssertionError(f"{query}: the pages never end")

    def order(self, *, name: str, descending: bool, limit: int) -> None:
        expected = sorted(self.todos.values(), key=sorting(name), reverse=descending)
        assert self.walk(f"ordering={'-' if descending else ''}{name}", limit) == expected

    def filter(self, number: int, other: int) -> None:
        status, tag = (None, "open", "finished")[number % 3], (None, "home", "cold")[other % 3]
        priority, word = (None, 0, 4)[number // 3 % 3], (None, "MILK", None)[other // 3 % 3]
        where = (None, *self.lists)[number % (len(self.lists) + 1)] if other % 2 else None
        parent = (None, None, "none", *self.todos)[(number + other) % (len(self.todos) + 3)]
        limit = number % 4 + 1
        asked = {"status": status, "tag": tag, "priority": priority, "q": word, "list": where}
        asked["parent"] = parent
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        expected = [
            todo
            for todo in sorted(self.todos.values(), key=sorting("position"))
            if status in (None, todo["status"])
            and (tag is None or tag in todo["tags"])
            and priority in (None, todo["priority"])
            and (word is None or word.lower() in f"{todo['title']} {todo['notes']}".lower())
            and where in (None, todo["list"])
            and (parent is None or (todo["parent"] or "none") == parent)
        ]
        assert self.walk(query, limit) == expected

    def reach_for_what_is_bobs(self, verb: str) -> None:
        path, list_id = f"{TODOS}{self.theirs.pk}/", str(self.theirs.list_id)
        response: Any
        match verb:
            case "finish":
                response = self.phone.post(f"{path}finish/")
            case "page":
                response = self.browser.post(f"{PAGE}{self.theirs.pk}/delete/")
            case "list":
                response = self.phone.post(TODOS, {"title": "milk", "list": list_id})
            case "id":
                response = self.phone.post(TODOS, {"title": "milk", "id": str(self.theirs.pk)})
            case _:
                body = None if verb == "get" else {"title": "mine"}
                response = getattr(self.phone, verb)(path, body)
        assert response.status_code == {"list": 400, "id": 409}.get(verb, 404)

    # --- After every step ---------------------------------------------------------------------

    def later(self, seconds: int = 0) -> None:
        self.at += timedelta(seconds=seconds + 1)
        self.time.move_to(self.at, tick=False)

    @invariant()
    def the_phone_sees_what_the_model_holds(self) -> None:
        shown = self.phone.get(TODOS, {"limit": 200}).json()
        assert shown["results"] == sorted(self.todos.values(), key=sorting("position"))

    @invariant()
    def the_trash_is_that_of_the_model(self) -> None:
        shown = self.phone.get(TRASH, {"limit": 200}).json()
        binned = sorted(self.trash.values(), key=sorting("deleted_at"), reverse=True)
        assert shown["results"] == binned

    @invariant()
    def the_feed_is_what_the_tables_hold(self) -> None:
        feeds.check(self.alice)

    @invariant()
    def the_stranger_keeps_what_he_has(self) -> None:
        assert self.rows_of_bob() == self.untouched


@pytest.mark.wide
@pytest.mark.django_db
@pytest.mark.parametrize("examples", [4, pytest.param(12, marks=pytest.mark.nightly)])
def test_a_client_and_the_model_agree_after_every_step(examples):
    run_state_machine_as_test(
        Account,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.reuse, Phase.generate],  # 30 steps can be read; to shorten takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
