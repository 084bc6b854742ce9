"""Operations of one request do what they would do in a request each, with few statements."""

import json
import random
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.order_keys import SMALLEST
from tests.builders import make_list, make_todo
from tests.feeds import check
from todos.models import Todo

pytestmark = pytest.mark.django_db
SYNC = "/api/v1/sync/"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SEEN = 2**40  # a version as if the device had seen everything
KEYS = [str(uuid.UUID(int=number, version=4)) for number in range(1, 9)]
ID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TAGS = ["home", "Shop", "work"]
Operation = dict[str, Any]


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def push(api, alice, bob):
    make_todo(bob, "bob's", tags=["home"])
    client = api(alice)

    def send(*operations: Operation) -> list[Any]:
        body = {"account": str(alice.pk), "sent_at": NOW.isoformat(), "operations": operations}
        answer = client.post(SYNC, body)
        assert answer.status_code == 200, answer.content
        results: list[Any] = answer.json()["results"]
        return results

    return send


def operation(op: str, key: str, kind: str = "todo", **fields: Any) -> Operation:
    seen = {} if op == "create" else {"base_version": SEEN}
    named = {"op_id": str(uuid.uuid4()), "kind": kind, "id": key, "op": op}
    return {**named, **seen, "fields": fields}


# --- As one by one --------------------------------------------------------------------------------


def anything(dice: random.Random, lists: list[str], tag: str) -> Operation:
    key, other = dice.sample(KEYS, 2)
    fields: dict[str, Any] = {"title": f"title {dice.randrange(5)}"}
    if dice.random() < 0.3:
        fields["tags"] = dice.sample(TAGS, 2)
    if dice.random() < 0.2:
        fields["parent"] = other
    if dice.random() < 0.2:
        fields["list"] = dice.choice(lists)
    if dice.random() < 0.2:
        fields["position"] = dice.choice(["Zz", "a0", "a1V"])
    kinds = {
        "create": (9, lambda: operation("create", key, **fields)),
        "update": (4, lambda: operation("update", key, **fields)),
        "finish": (2, lambda: operation("finish", key)),
        "reopen": (1, lambda: operation("reopen", key)),
        "trash": (2, lambda: operation("trash", key)),
        "restore": (1, lambda: operation("restore", key)),
        "purge": (3, lambda: operation("purge", key)),
        "remove": (1, lambda: operation("purge", dice.choice(lists), "list", todos="trash")),
        "rename": (1, lambda: operation("update", tag, "tag", name=dice.choice(TAGS))),
        "forget": (1, lambda: operation("purge", tag, "tag")),
        "tag": (1, lambda: operation("create", other, "tag", name=dice.choice(TAGS))),
    }
    [chosen] = dice.choices([*kinds], [weight for weight, _make in kinds.values()])
    return kinds[chosen][1]()


def told(client: Any, results: list[Any], known: set[str]) -> tuple[list[str], list[str]]:
    """Results and objects without the order of the feed, and without ids that the server chose."""
    changes = client.get(SYNC, {"limit": 500}).json()["changes"]
    texts = [[json.dumps(each) for each in some] for some in (results, changes)]
    for text in texts:
        text[:] = [ID.sub(lambda it: it[0] if it[0] in known else "", each) for each in text]
    return texts[0], sorted(texts[1])


def compared(api: Any, push: Any, alice: Any, sent: list[Operation]) -> None:
    client = api(alice)
    known = {*KEYS, *(it["id"] for it in sent), *(it["op_id"] for it in sent)}
    with transaction.atomic():
        together = told(client, push(*sent), known)
        check(alice)
        transaction.set_rollback(True)
    one_by_one = told(client, [result for each in sent for result in push(each)], known)
    assert together == one_by_one
    check(alice)


def by_chance(api: Any, push: Any, alice: Any, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - what is done, and to what
    lists = [str(make_list(alice, name).pk) for name in ("x", "y")]
    make_todo(alice, "first", position=f"{SMALLEST}{'0' * 100}1", tags=["Shop"])
    tag = str(alice.tags.get().uuid)
    compared(api, push, alice, [anything(dice, lists, tag) for _ in range(25)])


@pytest.mark.wide
@pytest.mark.parametrize("seed", range(3))
def test_operations_of_one_request_see_each_other(api, push, alice, seed):
    by_chance(api, push, alice, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_operations_of_one_request_see_each_other(api, push, alice, seed):
    by_chance(api, push, alice, seed)


A, B, C, D = KEYS[:4]
YESTERDAY = "2026-11-25T12:00:00Z"
MADE = [operation("create", key, title=key) for key in (A, B, C)]
BELOW = operation("create", D, title="below", parent=A)


def again(operations: list[Operation]) -> list[Operation]:
    """Under op_ids of this test."""
    return [{**each, "op_id": str(uuid.uuid4())} for each in operations]


SEQUENCES = {
    "purged along": [
        *(*MADE, BELOW, operation("trash", A), operation("purge", A)),
        *(operation("restore", D), operation("create", D, title="x")),
    ],
    "purged and made again": [*MADE, operation("purge", A), operation("create", A, title="x")],
    "reopened by what is below": [
        *(*MADE, operation("finish", A), BELOW),
        operation("update", A, title="x", notes="y"),
    ],
    "reopened by what is two levels below": [
        *(operation("create", A, title="a"), operation("create", B, title="b", parent=A)),
        *(operation("finish", A), operation("create", D, title="d", parent=B)),
        *(operation("update", A, title="x"), operation("update", B, title="y")),
    ],
    "finished with what is above": [
        *(*MADE, BELOW, operation("finish", A)),
        *(operation("update", D, title="x"), operation("reopen", D), operation("finish", A)),
    ],
    "moved to make room": [
        *(operation("create", key, title=key, position="a1") for key in (A, B, C)),
        *(operation("move", C, after=A), operation("update", A, title="x")),
        operation("update", B, title="x"),
    ],
    "a preference of the person": [
        {**operation("update", "", "profile", default_reminder=10), "id": None},
        operation("create", A, title="x", due={"on": "2026-12-01", "at": "09:00"}),
    ],
}


@pytest.mark.wide
@pytest.mark.parametrize("name", SEQUENCES)
def test_what_one_operation_changes_the_next_one_sees(api, push, alice, name):
    sent = again(SEQUENCES[name])
    for each in sent:
        each["id"] = each["id"] or str(alice.pk)
    compared(api, push, alice, sent)
    assert alice.todos.exists()


def test_a_tag_that_is_renamed_keeps_its_former_name_in_the_request(api, push, alice):
    tag = str(make_todo(alice, tags=["home"]).tags.get().uuid)
    old = {**operation("create", A, title="x", tags=["home"]), "at": YESTERDAY}
    first = {**operation("create", B, title="x", tags=["home"]), "at": YESTERDAY}
    rename = operation("update", tag, "tag", name="house")
    compared(api, push, alice, [first, rename, old])
    assert [it.name for it in alice.tags.all()] == ["house"]


def test_before_the_first_of_all_keys_rows_are_read_again(api, push, alice):
    first = str(make_todo(alice, position=f"{SMALLEST}{'0' * 100}1").pk)
    rename = operation("update", first, title="y")
    compared(api, push, alice, [operation("create", A, title="x"), rename])


def test_a_refused_creation_takes_nothing_else_with_it(api, push, alice, bob):
    """It was the first, and has made the inbox."""
    taken = str(make_todo(bob).pk)
    alice.lists.all().delete()
    sent = [operation("create", taken, title="x"), operation("create", A, title="y")]
    assert [it["status"] for it in push(*sent)] == ["refused", "applied"]
    check(alice)


# --- Statements -----------------------------------------------------------------------------------

LIFE = [
    ("create", {"title": "x"}, 5),
    ("create", {"title": "x", "tags": ["home"]}, 7),
    ("update", {"title": "y", "notes": "Two litres."}, 5),
    ("finish", {}, 5),
    ("trash", {}, 5),
    ("purge", {}, 12),
]


@pytest.mark.wide
@pytest.mark.parametrize(("op", "fields", "expected"), LIFE)
def test_an_operation_takes_few_statements_whatever_their_number(push, alice, op, fields, expected):
    counts = []
    for amount in (1, 5, 15):  # the first makes the inbox and the tag
        keys = [str(uuid.uuid4()) for _ in range(amount)]
        if op != "create":
            push(*(operation("create", key, title="x") for key in keys))
        with CaptureQueriesContext(connection) as captured:
            results = push(*(operation(op, key, **fields) for key in keys))
        assert {it["status"] for it in results} == {"applied"}
        counts.append(len(captured))
    assert (counts[2] - counts[1]) / 10 == expected
    check(alice)


def test_new_todos_of_one_request_stand_before_each_other(push, alice):
    first = operation("create", KEYS[0], title="low", position="Zv")
    last = operation("create", KEYS[5], title="last")
    push(*(operation("create", key, title=key) for key in KEYS[1:4]), first, last)
    order = [str(key) for key in Todo.objects.of(alice.pk).values_list("pk", flat=True)]
    assert order == [KEYS[5], KEYS[0], *KEYS[3:0:-1]]
