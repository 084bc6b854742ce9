"""Operations of one request do what they would do in a request each, with few statements."""

import itertools
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
from todos.sync.kinds import KINDS

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


def test_a_refused_change_of_tags_and_parent_changes_neither(api, push, alice):
    """The tags are written before the parent is checked; what came before in the request stays."""
    push(operation("create", A, title="a"), operation("create", B, title="b", parent=A))
    both = operation("update", A, title="x", tags=["home"], parent=B)
    sent = [operation("update", B, title="y"), both, operation("create", C, title="c")]
    assert [it["status"] for it in push(*sent)] == ["applied", "refused", "applied"]
    shown = Todo.objects.in_bulk()
    assert [shown[uuid.UUID(key)].title for key in (A, B, C)] == ["a", "y", "c"]
    assert not Todo.tags.through.objects.filter(todo=A).exists()
    assert [it["status"] for it in push(*sent)] == ["replayed", "refused", "replayed"]
    check(alice)


def test_a_change_of_many_rows_counts_after_that_of_one(push, alice):
    """The entry of the first waits for the end of the request, that of the other does not."""
    tag = str(make_todo(alice, tags=["home"]).tags.get().uuid)
    push(operation("create", A, title="a", tags=["home"]))
    results = push(operation("update", A, title="b"), operation("update", tag, "tag", name="house"))
    assert [it["status"] for it in results] == ["applied", "applied"]
    assert Todo.objects.get(pk=A).version == 3
    check(alice)


# --- Statements -----------------------------------------------------------------------------------

MOST = 6  # statements of an operation, in a request with a hundred of them
SENT = 100
# By kind, verb and remark: the fields, and the statements of one more operation in the request.
STATEMENTS: dict[str, tuple[dict[str, Any], int]] = {
    "todo create": ({"title": "x"}, 2),
    "todo create, tagged": ({"title": "x", "tags": ["home", "work"]}, 4),
    "todo create, with a new tag": ({"title": "x", "tags": ["{number}"]}, 5),
    "todo create, in a list": ({"title": "x", "list": "{list}"}, 3),
    "todo create, below another": ({"title": "x", "parent": "{todo}"}, 4),
    "todo update": ({"title": "y", "notes": "Two litres."}, 2),
    "todo update, tagged": ({"tags": ["home"]}, 4),
    "todo update, with one more tag": ({"tags_added": ["home"]}, 4),
    "todo update, with a new tag": ({"tags": ["{number}"]}, 5),
    "todo update, with a new tag instead of another": ({"tags": ["{number}"]}, 6),
    "todo update, in another list": ({"list": "{list}"}, 3),
    "todo move": ({"position": "a0V"}, 1),
    "todo move, beside another": ({"after": "{todo}"}, 4),
    "todo move, below another": ({"parent": "{todo}"}, 5),
    "todo finish": ({}, 2),
    "todo reopen": ({}, 2),
    "todo trash": ({}, 2),
    "todo restore": ({}, 2),
    "todo purge": ({}, 4),
    "list create": ({"name": "x"}, 3),
    "list update": ({"name": "y"}, 1),
    "list move": ({"position": "a0V"}, 1),
    "list move, beside another": ({"before": "{list}"}, 4),
    "list purge": ({}, 4),
    "list purge, with to-dos": ({}, 5),
    "list purge, with to-dos that are trashed": ({"todos": "trash"}, 6),
    "filter create": ({"name": "x", "query": "milk"}, 3),
    "filter update": ({"name": "y"}, 1),
    "filter move": ({"position": "a0V"}, 1),
    "filter move, beside another": ({"before": "{filter}"}, 4),
    "filter purge": ({}, 1),
    "tag create": ({"name": "{number}"}, 3),
    "tag update": ({"color": "#ff0000"}, 2),
    "tag update, renamed": ({"name": "{number}"}, 4),
    "tag update, renamed, with to-dos": ({"name": "{number}"}, 5),
    "tag purge": ({}, 4),
    "tag purge, with to-dos": ({}, 5),
    "profile update": ({"name": "{number}"}, 2),
    "profile update, time zone": ({"time_zone": "{zone}"}, 5),
}
# They have no room for their share of the request: one also reads reminders, one removes a link.
FULL = {
    "list purge, with to-dos that are trashed",
    "todo update, with a new tag instead of another",
}
FIRST = {"reopen": "finish", "restore": "trash"}
NUMBERS = itertools.count()


def test_each_kind_of_operation_has_a_row():
    rows = {tuple(row.split(",")[0].split()) for row in STATEMENTS}
    assert rows == {(kind.name, verb) for kind in KINDS.values() for verb in kind.verbs}


@pytest.mark.wide
@pytest.mark.parametrize("row", STATEMENTS)
def test_an_operation_takes_few_statements_whatever_their_number(push, alice, row):
    (kind, verb), (fields, expected) = row.split(",")[0].split(), STATEMENTS[row]
    places = {name: made(push, name, 1)[0] for name in ("filter", "list", "todo")}
    push(operation("create", str(uuid.uuid4()), title="x", tags=["home", "work"]))
    counts = []
    for amount in (5, 15):
        keys = prepared(push, alice, row, amount)
        if "with to-dos" in row:
            filled(push, kind, keys)
        sent = [operation(verb, key, kind, **filled_in(fields, places)) for key in keys]
        with CaptureQueriesContext(connection) as captured:
            results = push(*sent)
        assert {it["status"] for it in results} == {"applied"}
        counts.append(len(captured))
        check(alice)
    each = (counts[1] - counts[0]) / 10
    share = (counts[0] - 5 * each) / SENT  # of the request, in each of a hundred operations
    assert each == expected
    assert each + (0 if row in FULL else share) <= MOST


def made(push: Any, kind: str, amount: int) -> list[str]:
    keys = [str(uuid.uuid4()) for _ in range(amount)]
    fields = {"todo": {"title": "x"}, "filter": {"name": "x", "query": "milk"}}
    push(*(operation("create", key, kind, **fields.get(kind, {"name": key})) for key in keys))
    return keys


def prepared(push: Any, account: Any, row: str, amount: int) -> list[str]:
    """The ids of objects to which the verb can be applied."""
    kind, verb = row.split(",", maxsplit=1)[0].split()
    if kind == "profile":
        return [str(account.pk)] * amount
    if verb == "create":
        return [str(uuid.uuid4()) for _ in range(amount)]
    keys = made(push, kind, amount)
    if "instead of another" in row:
        push(*(operation("update", key, kind, tags=["home"]) for key in keys))
    if verb in FIRST:
        push(*(operation(FIRST[verb], key, kind) for key in keys))
    return keys


def filled(push: Any, kind: str, keys: list[str]) -> None:
    """Two to-dos in each list, or with each tag; a tag is made with its id as its name."""
    for key in keys:
        fields = {"list": key} if kind == "list" else {"tags": [key]}
        todos = [operation("create", str(uuid.uuid4()), title="x", **fields) for _ in range(2)]
        push(*todos, operation("trash", todos[0]["id"]))


def filled_in(fields: dict[str, Any], places: dict[str, str]) -> dict[str, Any]:
    number = next(NUMBERS)
    zone = ("Asia/Tokyo", "Europe/Berlin")[number % 2]
    text = json.dumps(fields)
    for name, value in {**places, "number": f"n{number}", "zone": zone}.items():
        text = text.replace(f"{{{name}}}", value)
    found: dict[str, Any] = json.loads(text)
    return found


def test_new_todos_of_one_request_stand_before_each_other(push, alice):
    first = operation("create", KEYS[0], title="low", position="Zv")
    last = operation("create", KEYS[5], title="last")
    push(*(operation("create", key, title=key) for key in KEYS[1:4]), first, last)
    order = [str(key) for key in Todo.objects.of(alice.pk).values_list("pk", flat=True)]
    assert order == [KEYS[5], KEYS[0], *KEYS[3:0:-1]]
