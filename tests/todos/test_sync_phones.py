"""Two phones without a network, a page and an operator: afterwards all hold the same.

The client is that of docs/sync.md: it queues what its person does, chains it by `after`, and sends
the queue again until an answer comes.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from tests.builders import make_list, make_todo, position_of
from tests.conftest import bearer_token, make_user
from tests.feeds import check, living
from todos import service
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db
SYNC = "/api/v1/sync/"
START = datetime(2026, 11, 26, 12, tzinfo=UTC)
DONE = ("applied", "merged", "replayed")


class Phone:
    """A copy, a queue, and a clock that is wrong."""

    def __init__(self, account: User, skew: timedelta) -> None:
        self.account, self.skew = account, skew
        self.client = logged_in(account)
        self.copy: dict[tuple[str, str], dict[str, Any]] = {}
        self.cursor: str | None = None
        self.queue: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []  # what the person is shown: conflicts and deletions

    def do(self, kind: str, key: str, op: str, **more: Any) -> None:
        """Offline: into the queue, behind what this phone did with the object before."""
        earlier = [it["op_id"] for it in self.queue if it["id"] == key]
        if earlier:
            more["after"] = earlier[-1]
        elif op != "create":
            more["base_version"] = self.copy[kind, key]["version"]
        at = (datetime.now(UTC) + self.skew).isoformat()
        self.queue.append(
            {"op_id": str(uuid.uuid4()), "kind": kind, "id": key, "op": op, "at": at, **more}
        )

    def sync(self, *, answer_is_lost: bool = False) -> None:
        more = True
        while more:
            sent = self.queue[:100]
            body: dict[str, Any] = {
                "account": str(self.account.pk),
                "sent_at": (datetime.now(UTC) + self.skew).isoformat(),
                "operations": sent,
            }
            response = self.client.post(
                SYNC, body | ({"cursor": self.cursor} if self.cursor else {})
            )
            assert response.status_code == 200, response.content
            if answer_is_lost:
                return
            page = response.json()
            assert [it["op_id"] for it in page["results"]] == [it["op_id"] for it in sent]
            self.told += [it for it in page["results"] if it["status"] not in DONE]
            self.queue = self.queue[len(sent) :]
            self.take(page["changes"])
            self.cursor, more = page["cursor"], page["has_more"] or bool(self.queue)

    def lend(self, other: User) -> None:
        """Another person logs in, and the app forgets whose queue and cursor it has."""
        client = logged_in(other)
        body: dict[str, Any] = {"sent_at": datetime.now(UTC).isoformat()}
        body |= {"account": str(self.account.pk), "operations": self.queue[:100]}
        assert error(client.post(SYNC, body)) == (409, "other_account")
        if self.cursor:
            assert error(client.get(SYNC, {"cursor": self.cursor})) == (410, "resync")
        self.client = logged_in(self.account)  # again, with another token

    def take(self, changes: list[dict[str, Any]]) -> None:
        for change in changes:
            key = change["kind"], change["id"]
            if change["op"] == "purge":
                self.copy.pop(key, None)
            else:
                assert change["version"] >= self.copy.get(key, {"version": 0})["version"]
                self.copy[key] = change[change["kind"]]

    def ids(self, kind: str) -> list[str]:
        """Those it may act on: what it holds, and what it has made itself."""
        held = [key for name, key in self.copy if name == kind]
        made = [it["id"] for it in self.queue if it["kind"] == kind and it["op"] == "create"]
        return sorted({*held, *made})


def logged_in(account: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(account)}")
    return client


def error(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def act(phone: Phone, other: User, verb: str, number: int, text: str) -> None:  # noqa: C901 - one case each
    todos, lists = phone.ids("todo"), phone.ids("list")
    key = todos[number % len(todos)] if todos else ""
    home = lists[number % len(lists)] if lists else ""
    match verb:
        case "create":
            fields = {"title": text, "tags": [text[:1]], **({"list": home} if home else {})}
            fields |= {"parent": key} if key and number % 2 else {}
            phone.do("todo", str(uuid.uuid4()), "create", fields=fields)
        case "create list":
            phone.do("list", str(uuid.uuid4()), "create", fields={"name": text})
        case "remove list" if home:
            phone.do("list", home, "purge", fields={"todos": ("move", "trash")[number % 2]})
        case "rename" if key:
            phone.do("todo", key, "update", fields={"title": text})
        case "notes" if key:
            phone.do("todo", key, "update", fields={"notes": text})
        case "tags" if key:
            fields = {"tags_added": [text[:1]], "tags_removed": [text[-1:]]}
            phone.do("todo", key, "update", fields=fields)
        case "move" if key and home:
            phone.do("todo", key, "move", fields={"list": home, "position": position_of(number)})
        case "nest" if key:
            parent = todos[number // 3 % len(todos)] if number % 3 else None
            phone.do("todo", key, "move", fields={"parent": parent})
        case "finish" | "reopen" | "trash" | "restore" | "purge" if key:
            phone.do("todo", key, verb)
        case "sync" | "lost answer":
            phone.sync(answer_is_lost=verb == "lost answer")
        case "another person":
            phone.lend(other)
        case "page":
            at_home(phone.account, number, text)


def at_home(account: User, number: int, text: str) -> None:
    """The page, the admin and a job write by the models."""
    todos = list(Todo.objects.of(account.pk).order_by("pk"))
    todo = todos[number % len(todos)] if todos else make_todo(account, text)
    match number % 6:
        case 0:
            todo.rename(text)
        case 1:
            todo.trash()
        case 2:
            Todo.objects.of(account.pk).update(priority=number % 5)
        case 3:
            for tag in Tag.objects.owned_by(account)[:1]:
                tag.delete()
        case 4:
            for row in List.objects.owned_by(account).filter(is_inbox=False)[:1]:
                service.remove_list(actor=account, todo_list=row)
        case _:
            todo.delete()


VERBS = [
    *("create", "create", "create list", "remove list", "rename", "rename", "notes", "tags"),
    *("move", "finish", "reopen", "trash", "restore", "purge", "sync", "sync", "lost answer"),
    *("page", "page", "nest", "nest", "another person"),
]
steps = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from(VERBS), st.integers(0, 50), st.text("abc", min_size=1)
    ),
    min_size=40 if settings().max_examples > 1000 else 0,
    max_size=40,
)


@pytest.mark.wide
@given(steps=steps)
@settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_two_phones_and_the_server_end_up_equal(steps):
    tail = uuid.uuid4().hex
    alice, bob = (make_user(f"{name}{tail}@example.com") for name in ("a", "b"))
    make_todo(bob, "bob's", list=make_list(bob), tags=["a"])
    untouched = living(bob)
    day = timedelta(days=1)
    with time_machine.travel(START, tick=False) as clock:
        phones = [Phone(alice, day), Phone(alice, -day)]
        for who, verb, number, text in steps:
            clock.shift(timedelta(minutes=1))
            act(phones[who], bob, verb, number, text[:20])
        for phone in (*phones, *phones):
            phone.sync()
    check(alice)
    for phone in phones:
        assert {key: row["version"] for key, row in phone.copy.items()} == living(alice)
        assert {it["status"] for it in phone.told} <= {"conflict", "deleted", "refused"}
        assert all(it["conflicting"] for it in phone.told if it["status"] == "conflict")
    assert phones[0].copy == phones[1].copy
    assert living(bob) == untouched
    assert not any("bob" in str(row) for row in phones[0].copy.values())


def test_two_phones_on_a_plane(alice, bob):
    """Every way in which their changes can meet, told to both."""
    home = make_list(alice)
    names = ("both", "split", "tags", "done", "gone", "moved")
    rows = {name: str(make_todo(alice, name, tags=["a"]).pk) for name in names}
    first, second = Phone(alice, timedelta(hours=2)), Phone(alice, timedelta())
    first.sync()
    second.sync()

    first.do("todo", rows["both"], "update", fields={"title": "one"})
    first.do("todo", rows["both"], "update", fields={"title": "two"})
    second.do("todo", rows["both"], "update", fields={"title": "other"})
    first.do("todo", rows["split"], "update", fields={"title": "left"})
    second.do("todo", rows["split"], "update", fields={"notes": "right"})
    first.do("todo", rows["tags"], "update", fields={"tags_added": ["b"]})
    second.do("todo", rows["tags"], "update", fields={"tags_removed": ["a"]})
    first.do("todo", rows["done"], "finish")
    second.do("todo", rows["done"], "finish")
    first.do("todo", rows["gone"], "trash")
    second.do("todo", rows["gone"], "update", fields={"title": "still here"})
    first.do("list", str(home.pk), "purge", fields={"todos": "move"})
    second.do("todo", rows["moved"], "move", fields={"list": str(home.pk)})
    for phone in (first, second, first):
        phone.sync(answer_is_lost=True)
        phone.sync()

    todos = {name: first.copy["todo", key] for name, key in rows.items()}
    assert first.copy == second.copy
    assert first.told == []
    told = {it["id"]: (it["status"], it.get("conflicting")) for it in second.told}
    assert told == {
        rows["both"]: ("conflict", ["title"]),
        rows["gone"]: ("deleted", None),
    }
    assert todos["both"]["title"] == "two"
    assert (todos["split"]["title"], todos["split"]["notes"]) == ("left", "right")
    assert todos["tags"]["tags"] == ["b"]
    assert (todos["done"]["status"], todos["done"]["version"]) == ("finished", 2)
    assert todos["moved"]["list"] == str(List.objects.inbox_of(alice).pk)
    assert not Todo.objects.filter(owner=bob).exists()
    check(alice)
