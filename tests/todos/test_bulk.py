"""Many changes of to-dos at once, each answered on its own."""

import uuid
from typing import Any

import pytest

from tests import feeds
from tests.builders import make_list, make_todo
from todos.models import SyncOperation, Todo

pytestmark = pytest.mark.django_db
BULK = "/api/v1/todos/bulk/"


def test_each_operation_is_answered_on_its_own(api, alice, bob, settings):
    home = make_list(alice)
    rows = {name: make_todo(alice, name) for name in ("a", "b", "c", "d", "e")}
    rows["e"].trash()
    theirs = make_todo(bob, "theirs")
    rows["b"].rename("B")
    keys = {name: str(row.pk) for name, row in rows.items()}
    new = str(uuid.uuid4())
    operations: list[Any] = [
        {"op": "create", "id": new.upper(), "fields": {"title": "new", "tags": ["shop"]}},
        {"op": "create", "fields": {"title": "without an id"}},
        {"op": "update", "id": keys["a"], "fields": {"priority": 2}, "clear": ["notes"]},
        {"op": "update", "id": keys["b"], "base_version": 1, "fields": {"title": "b"}},
        {"op": "update", "id": keys["b"], "fields": {"title": "third"}},
        {"op": "finish", "id": keys["a"], "base_version": 2},
        {"op": "move", "id": keys["c"], "fields": {"list": str(home.pk)}},
        {"op": "move", "id": keys["c"], "fields": {"after": keys["d"]}},
        {"op": "trash", "id": keys["d"]},
        {"op": "update", "id": keys["e"], "fields": {"title": "x"}},
        {"op": "purge", "id": keys["e"]},
        {"op": "update", "id": keys["e"], "fields": {"title": "x"}},
        {"op": "finish", "id": str(theirs.pk)},
        {"op": "create", "id": str(theirs.pk), "fields": {"title": "x"}},
        {"op": "create", "id": keys["a"], "fields": {"title": "x"}},
        {"op": "update", "id": keys["c"], "fields": {"title": ""}},
        {"op": "update", "fields": {"title": "x"}},
        {"op": "finish", "id": keys["c"], "kind": "list", "op_id": new},
        7,
    ]
    answer = api(alice).post(BULK, {"operations": operations})
    results = answer.json()["results"]
    told = [
        (it["status"], *((e["code"], e["attr"]) for e in it.get("error", {}).get("errors", ())))
        for it in results
    ]
    assert (answer.status_code, told) == (
        200,
        [
            ("applied",),
            ("applied",),
            ("applied",),
            ("conflict", ("version_mismatch", "title")),
            ("applied",),
            ("applied",),
            ("applied",),
            ("refused", ("not_found", None)),
            ("applied",),
            ("deleted", ("deleted", None)),
            ("applied",),
            ("deleted", ("deleted", None)),
            ("refused", ("not_found", None)),
            ("refused", ("id_taken", None)),
            ("refused", ("already_exists", None)),
            ("invalid", ("blank", "title")),
            ("invalid", ("required", "id")),
            ("invalid", ("unknown_field", "kind"), ("unknown_field", "op_id")),
            ("invalid", ("invalid", None)),
        ],
    )
    assert [it["id"] for it in results[:1] + results[16:]] == [new, None, None, None]
    assert {it["error"]["type"] for it in results if "error" in it} == {
        "client_error",
        "validation_error",
    }
    shown = api(alice).get(f"/api/v1/todos/{keys['a']}/").json()
    assert results[5] == {"id": keys["a"], "status": "applied", "version": 3, "todo": shown}
    assert not SyncOperation.objects.exists()
    assert Todo.objects.get(pk=theirs.pk).version == 1
    feeds.check(alice)


def test_a_repeated_request_is_answered_as_before(api, alice):
    phone, key = api(alice), {"Idempotency-Key": "k"}
    body = {"operations": [{"op": "create", "fields": {"title": "x"}}]}
    first = phone.post(BULK, body, headers=key)
    again = phone.post(BULK, body, headers=key)
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    assert Todo.objects.count() == 1


def test_a_quota_stops_the_rest(api, alice, settings):
    settings.QUOTA_TODOS = 1
    create = {"op": "create", "fields": {"title": "x"}}
    results = api(alice).post(BULK, {"operations": [create, create]}).json()["results"]
    assert [it["status"] for it in results] == ["applied", "refused"]
    assert results[1]["error"]["errors"][0]["code"] == "quota_reached"


def test_a_bulk_has_its_limits(api, alice):
    phone = api(alice)
    many = phone.post(BULK, {"operations": [{"op": "create"}] * 101})
    assert (many.status_code, many.json()["errors"][0]["code"]) == (400, "max_length")
    for amount, status in ((900_000, 200), (1_100_000, 413)):
        body = {"operations": [{"op": "create", "fields": {"title": "x", "y": "y" * amount}}]}
        assert phone.post(BULK, body).status_code == status
    assert not Todo.objects.exists()


def test_an_answer_is_about_a_megabyte_at_most(api, alice):
    rows = [make_todo(alice, str(n), notes="\N{GRINNING FACE}" * 10_000) for n in range(30)]
    operations = [{"op": "finish", "id": str(row.pk)} for row in rows]
    answer = api(alice).post(BULK, {"operations": operations})
    results = answer.json()["results"]
    assert len(answer.content) < 1_100_000
    assert {it["status"] for it in results} == {"applied"}
    assert ["todo" in it for it in (results[0], results[-1])] == [True, False]
    assert {it["version"] for it in results} == {2}
