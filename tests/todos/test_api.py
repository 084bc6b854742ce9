"""Create, read, change, remove over HTTP; what is refused writes nothing."""

import uuid
from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError
from rest_framework.test import APIClient

from core import values
from tests.builders import make_list, make_todo
from todos.api.members import RemindersMember
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
NINE = {"on": "2026-12-01", "at": "09:00"}


def one(todo: Todo) -> str:
    return f"{TODOS}{todo.pk}/"


def error(code: str, detail: str, attr: str | None, kind: str = "validation_error") -> dict:
    return {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}


def shown(todo: Todo) -> dict:
    """The whole answer, key by key: a new key must be added here on purpose (SEED-22)."""

    def moment(value):
        return value and values.written(value)

    def due(value):
        at = value.at and value.at.isoformat("minutes")
        return {"on": value.on.isoformat(), "at": at, "time_zone": value.time_zone}

    return {
        "id": str(todo.pk),
        "list": str(todo.list_id),
        "parent": todo.parent_id and str(todo.parent_id),
        "title": todo.title,
        "notes": todo.notes,
        "status": todo.status,
        "priority": todo.priority,
        "start_on": todo.start_on and todo.start_on.isoformat(),
        "due": todo.due and due(todo.due),
        "due_at": moment(todo.due_at),
        "recurrence": todo.recurrence,
        "recurrence_from": todo.recurrence_from,
        "tags": sorted(todo.tags.values_list("name", flat=True)),
        "reminders": RemindersMember().to_representation(todo.reminders),
        "position": todo.position,
        "created_by": str(todo.created_by),
        "created_at": moment(todo.created_at),
        "updated_at": moment(todo.updated_at),
        "finished_at": moment(todo.finished_at),
        "deleted_at": moment(todo.deleted_at),
        "version": todo.version,
    }


def rows() -> list[tuple]:
    """Every to-do in the database with every column: equal before and after means untouched."""
    return list(Todo.objects.order_by("pk").values_list())


def test_create_answers_the_whole_object(api, alice, bob):
    make_todo(bob)
    errands = make_list(alice)
    body: dict[str, Any] = {
        "title": "  buy milk ",
        "notes": "two litres\n",
        "priority": 3,
        "start_on": "2026-11-28",
        "due": {"on": "2026-12-01", "at": "09:00", "time_zone": "europe/berlin"},
        "tags": ["shop", "home", "shop"],
        "list": str(errands.pk),
    }
    response = api(alice).post(TODOS, body)
    todo = Todo.objects.get(owner=alice)
    assert (response.status_code, response.json()) == (201, shown(todo))
    assert response["ETag"] == '"1"'
    assert response["Location"] == f"http://testserver{one(todo)}"
    assert (todo.title, todo.notes, todo.owner, todo.list) == (
        "buy milk",
        "two litres\n",
        alice,
        errands,
    )
    assert response.json()["due"] == {**body["due"], "time_zone": "Europe/Berlin"}
    assert response.json()["due_at"] == "2026-12-01T08:00:00.000Z"
    assert response.json()["tags"] == ["home", "shop"]


def test_create_with_a_title_only_lands_first_in_the_inbox(api, alice):
    first = make_todo(alice, "first")
    answer = api(alice).post(TODOS, {"title": "second"}).json()
    assert answer["list"] == str(List.objects.inbox_of(alice).pk)
    assert answer["position"] < first.position
    assert answer["status"] == "open"


def test_read_answers_one_object_with_its_version(api, alice):
    todo = make_todo(alice)
    response = api(alice).get(one(todo))
    assert (response.status_code, response.json()) == (200, shown(todo))
    assert response["ETag"] == '"1"'
    assert response["Cache-Control"] == "no-store"


def test_read_with_the_version_held_is_304(api, alice):
    todo = make_todo(alice)
    response = api(alice).get(one(todo), headers={"If-None-Match": 'W/"1"'})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", '"1"')


def test_patch_changes_only_what_it_names(api, alice):
    todo = make_todo(alice, notes="keep", priority=2, tags=["a"])
    response = api(alice).patch(one(todo), {"title": "buy bread"})
    before = shown(todo)
    todo.refresh_from_db()
    assert response.json() == shown(todo)
    assert response.json() == before | {
        "title": "buy bread",
        "version": 2,
        "updated_at": response.json()["updated_at"],
    }
    assert response["ETag"] == '"2"'


def test_patch_of_nothing_changes_nothing(api, alice):
    """SEED-07: an empty object is a no-op, not a reopening."""
    todo = make_todo(alice, status="finished")
    before = rows()
    response = api(alice).patch(one(todo), {})
    assert (response.status_code, response.json()) == (200, shown(todo))
    assert rows() == before


def test_patch_of_status_keeps_finished_at_true(api, alice):
    todo = make_todo(alice)
    finished = api(alice).patch(one(todo), {"status": "finished"}).json()
    assert finished["finished_at"] is not None
    again = api(alice).patch(one(todo), {"status": "finished"}).json()
    assert again["finished_at"] == finished["finished_at"]
    assert api(alice).patch(one(todo), {"status": "open"}).json()["finished_at"] is None


def test_put_without_if_match_is_428(api, alice):
    todo = make_todo(alice)
    before = rows()
    response = api(alice).put(one(todo), {"title": "x"})
    assert (response.status_code, response.json()) == (
        428,
        error(
            "precondition_required",
            "Send If-Match with the version you read, so that no change is lost.",
            None,
            "client_error",
        ),
    )
    assert rows() == before


def test_put_replaces_and_keeps_list_and_position(api, alice):
    errands = make_list(alice)
    todo = make_todo(
        alice,
        notes="n",
        priority=2,
        due="2026-12-01",
        start_on=date(2026, 11, 1),
        tags=["a"],
        list=errands,
        position="a7",
    )
    response = api(alice).put(one(todo), {"title": "only this"}, headers={"If-Match": '"1"'})
    assert response.status_code == 200
    todo.refresh_from_db()
    assert response.json() == shown(todo)
    assert (todo.notes, todo.priority, todo.due, todo.start_on) == ("", 0, None, None)
    assert (todo.list, todo.position) == (
        errands,
        "a7",
    )
    assert response.json()["tags"] == []


@pytest.mark.parametrize("header", ['"1"', 'W/"1"', "*", '"7", "1"'])
@pytest.mark.parametrize("method", ["patch", "put"])
def test_if_match_with_the_right_version_is_honoured(api, alice, header, method):
    todo = make_todo(alice)
    response = getattr(api(alice), method)(one(todo), {"title": "x"}, headers={"If-Match": header})
    assert (response.status_code, response.json()["version"]) == (200, 2)


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_if_match_with_an_old_version_is_412_with_the_current_object(api, alice, method):
    todo = make_todo(alice)
    api(alice).patch(one(todo), {"title": "newer"})
    todo.refresh_from_db()
    before = rows()
    response = getattr(api(alice), method)(one(todo), {"title": "x"}, headers={"If-Match": '"1"'})
    assert (response.status_code, response["ETag"]) == (412, '"2"')
    assert response.json() == {
        **error(
            "version_mismatch",
            "The object has changed since you read it.",
            None,
            "client_error",
        ),
        "current": shown(todo),
    }
    assert rows() == before


@pytest.mark.parametrize("header", ["1", '"x"', '"1', '"-1"', ""])
def test_if_match_that_is_no_version_is_400(api, alice, header):
    todo = make_todo(alice)
    before = rows()
    response = api(alice).patch(one(todo), {"title": "x"}, headers={"If-Match": header})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "invalid_if_match")
    assert rows() == before


def test_delete_removes_the_row_once(api, alice, bob):
    """SEED-03: the second time there is nothing to remove, and the answer says so."""
    todo, other = make_todo(alice), make_todo(bob)
    client = api(alice)
    assert client.delete(one(todo)).status_code == 204
    response = client.delete(one(todo))
    assert (response.status_code, response.json()) == (
        404,
        error("not_found", "Not found.", None, "client_error"),
    )
    assert list(Todo.objects.filter(deleted_at=None)) == [other]


@pytest.mark.parametrize(
    ("at", "finished_at"),
    [
        ("2026-11-19T08:00:00+01:00", "2026-11-19T07:00:00.000Z"),
        ("2026-11-20T12:00:01Z", "2026-11-20T12:00:00.000Z"),
        ("9999-12-31T23:59:59-12:00", "2026-11-20T12:00:00.000Z"),
        ("2026-08-22T11:59:59Z", "2026-08-22T12:00:00.000Z"),
    ],
)
def test_a_phone_says_when_it_was_finished(api, alice, at, finished_at):
    todo = make_todo(alice)
    with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
        path = f"{one(todo)}finish/"
        refused = api(alice).post(path, {"at": "yesterday"})
        assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "at")
        done = api(alice).post(path, {"at": at}).json()
        assert (done["finished_at"], done["version"]) == (finished_at, 2)
        assert api(alice).post(path, {"at": "2026-11-01T00:00:00Z"}).json() == done


def test_finish_and_reopen_are_idempotent(api, alice):
    todo = make_todo(alice)
    client = api(alice)
    finished = client.post(f"{one(todo)}finish/")
    assert finished.json()["status"] == "finished"
    assert (finished["ETag"], finished.json()["version"]) == ('"2"', 2)
    assert client.post(f"{one(todo)}finish/").json() == finished.json()
    reopened = client.post(f"{one(todo)}reopen/").json()
    assert (reopened["status"], reopened["finished_at"], reopened["version"]) == ("open", None, 3)
    assert client.post(f"{one(todo)}reopen/").json() == reopened


@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete"])
@pytest.mark.parametrize("key", ["missing", "strangers", "abc", "1", "%00"])
def test_what_is_not_yours_does_not_exist(api, alice, bob, verb, key):
    """SEED-01, SEED-02, SEED-04, SEED-05, SEED-25: 404 in JSON, and the row stays as it is."""
    stranger = make_todo(bob, "bob's secret")
    path = {"missing": uuid.uuid4(), "strangers": stranger.pk}.get(key, key)
    before = rows()
    body = {} if verb == "get" else {"title": "x", "status": "finished"}
    response = getattr(api(alice), verb)(f"{TODOS}{path}/", body)
    if verb == "put" and key in ("missing", "strangers"):
        assert response.status_code == 428  # said before anybody looks
    else:
        assert (response.status_code, response.json()["type"]) == (404, "client_error")
    assert b"secret" not in response.content
    assert rows() == before


@pytest.mark.parametrize("verb", ["finish", "reopen"])
def test_actions_on_a_strangers_todo_are_404(api, alice, bob, verb):
    stranger = make_todo(bob, status="finished" if verb == "reopen" else "open")
    before = rows()
    assert api(alice).post(f"{one(stranger)}{verb}/").status_code == 404
    assert rows() == before


def test_a_strangers_list_cannot_be_named(api, alice, bob):
    todo, theirs = make_todo(alice), make_list(bob)
    before = rows()
    expected = error("does_not_exist", "There is no such object.", "list")
    for response in (
        api(alice).patch(one(todo), {"list": str(theirs.pk)}),
        api(alice).post(TODOS, {"title": "x", "list": str(theirs.pk)}),
    ):
        assert (response.status_code, response.json()) == (400, expected)
    assert rows() == before


def test_tags_are_the_owners_own(api, alice, bob):
    make_todo(bob, tags=["home"])
    api(alice).post(TODOS, {"title": "x", "tags": ["home"]})
    assert sorted(Tag.objects.values_list("owner__email", "name")) == [
        ("alice@example.com", "home"),
        ("bob@example.com", "home"),
    ]


@pytest.mark.parametrize(
    ("change", "code", "attr"),
    [
        ({"title": 5}, "invalid", "title"),
        ({"title": True}, "invalid", "title"),
        ({"title": None}, "null", "title"),
        ({"title": ["x"]}, "invalid", "title"),
        ({"title": {}}, "invalid", "title"),
        ({"title": ""}, "blank", "title"),
        ({"title": " \t "}, "blank", "title"),
        ({"title": "x" * 129}, "max_length", "title"),
        ({"title": "a\x00b"}, "null_characters_not_allowed", "title"),
        ({"notes": "x" * 10_001}, "max_length", "notes"),
        ({"notes": None}, "null", "notes"),
        ({"status": "done"}, "invalid_choice", "status"),
        ({"status": "false"}, "invalid_choice", "status"),
        ({"status": False}, "invalid_choice", "status"),
        ({"status": []}, "invalid_choice", "status"),
        ({"priority": 5}, "max_value", "priority"),
        ({"priority": -1}, "min_value", "priority"),
        ({"priority": "1"}, "invalid", "priority"),
        ({"priority": 1.5}, "invalid", "priority"),
        ({"priority": 1e300}, "max_value", "priority"),
        ({"priority": True}, "invalid", "priority"),
        ({"start_on": "9999-01-01"}, "out_of_range", "start_on"),
        ({"due": "2026-12-01"}, "invalid", "due"),
        ({"due": {}}, "required", "due.on"),
        ({"due": {"at": "09:00"}}, "required", "due.on"),
        ({"due": {"on": None}}, "null", "due.on"),
        ({"due": {"on": "9999-01-01"}}, "out_of_range", "due.on"),
        ({"due": {"on": "2026-02-30"}}, "invalid", "due.on"),
        ({"due": {"on": "2026-12-01T00:00:00Z"}}, "invalid", "due.on"),
        ({"due": {"on": 20261201}}, "invalid", "due.on"),
        ({"due": {"on": "2026-12-01", "at": "9:00"}}, "invalid", "due.at"),
        ({"due": {"on": "2026-12-01", "at": "09:00:00"}}, "invalid", "due.at"),
        ({"due": {"on": "2026-12-01", "at": "24:00"}}, "invalid", "due.at"),
        ({"due": {"on": "2026-12-01", "at": ""}}, "blank", "due.at"),
        ({"due": {"on": "2026-12-01", "at": 9}}, "invalid", "due.at"),
        ({"due": {**NINE, "time_zone": "Mars/Base"}}, "invalid_time_zone", "due.time_zone"),
        ({"due": {**NINE, "time_zone": ""}}, "blank", "due.time_zone"),
        ({"due": {**NINE, "time_zone": 1}}, "invalid", "due.time_zone"),
        ({"due": {**NINE, "zone": "UTC"}}, "unknown_field", "due.zone"),
        (
            {"due": {"on": "2026-12-01", "time_zone": "UTC"}},
            "zone_without_time",
            "due.time_zone",
        ),
        (
            {"due": {"on": "1900-01-01", "at": "00:00", "time_zone": "Asia/Tokyo"}},
            "out_of_range",
            "due.on",
        ),
        ({"due_on": "2026-12-01"}, "unknown_field", "due_on"),
        ({"tags": "home"}, "not_a_list", "tags"),
        ({"tags": [1]}, "invalid", "tags.0"),
        ({"tags": [""]}, "blank", "tags.0"),
        ({"tags": ["x" * 51]}, "max_length", "tags.0"),
        ({"tags": [str(n) for n in range(21)]}, "max_length", "tags"),
        ({"position": "a1" + "1" * 127}, "max_length", "position"),
        ({"position": 1}, "invalid", "position"),
        ({"position": "1"}, "invalid", "position"),
        ({"list": 5}, "invalid", "list"),
        ({"list": None}, "null", "list"),
        ({"list": "inbox"}, "invalid", "list"),
        ({"owner": str(uuid.UUID(int=1))}, "unknown_field", "owner"),
        ({"owner_id": 1}, "unknown_field", "owner_id"),
        ({"user": 1}, "unknown_field", "user"),
        ({"due_order": "2026-12-01T09:00:00Z"}, "unknown_field", "due_order"),
        ({"titel": "typing error"}, "unknown_field", "titel"),
        ({"id": str(uuid.UUID(int=1))}, "immutable", "id"),
        ({"id": 7}, "invalid", "id"),
    ],
    ids=repr,
)
def test_a_wrong_value_is_400_and_nothing_is_written(api, alice, change, code, attr):
    """SEED-06, SEED-07, SEED-24: strict types, and the row as before."""
    todo = make_todo(alice)
    before = rows()
    response = api(alice).patch(one(todo), change)
    problem = response.json()["errors"][0]
    assert (response.status_code, response.json()["type"]) == (400, "validation_error")
    assert (problem["code"], problem["attr"]) == (code, attr)
    assert rows() == before


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("", "application/json", 400, "required"),
        ("{", "application/json", 400, "parse_error"),
        ("[" * 6000, "application/json", 400, "parse_error"),
        ("[" * 6000 + "]" * 6000, "application/json", 400, "parse_error"),
        ("[]", "application/json", 400, "invalid"),
        ('"x"', "application/json", 400, "invalid"),
        ("null", "application/json", 400, "null"),
        (r'{"title": "\ud800"}', "application/json", 400, "surrogate_characters_not_allowed"),
        ('{"title": NaN}', "application/json", 400, "parse_error"),
        (b"\xff\xfe", "application/json", 400, "parse_error"),
        ('{"position": ' + "9" * 5000 + "}", "application/json", 400, "parse_error"),
        ("title=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("<title>x</title>", "application/xml", 415, "unsupported_media_type"),
        ('{"title": "' + "x" * 1_000_000 + '"}', "application/json", 413, "body_too_large"),
    ],
)
def test_a_body_that_is_no_object_is_refused(api, alice, body, content_type, status, code):
    response = api(alice).generic("POST", TODOS, body, content_type=content_type)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (status, code)
    assert rows() == []


def test_several_mistakes_are_told_at_once(api, alice):
    response = api(alice).post(TODOS, {"title": "", "priority": 9})
    assert [(e["attr"], e["code"]) for e in response.json()["errors"]] == [
        ("title", "blank"),
        ("priority", "max_value"),
    ]


def test_a_due_is_replaced_as_a_whole(api, alice):
    todo = make_todo(alice, due="2026-12-01T09:00[Europe/Berlin]")
    client = api(alice)
    changed = client.patch(one(todo), {"due": {"on": "2026-12-02"}}).json()
    assert changed["due"] == {"on": "2026-12-02", "at": None, "time_zone": None}
    assert (changed["due_at"], changed["version"]) == (None, 2)
    again = client.patch(one(todo), {"due": changed["due"]}).json()
    assert again == changed
    assert client.patch(one(todo), {"due": None}).json()["due"] is None
    todo.refresh_from_db()
    assert (todo.version, todo.changed_in) == (3, {"due": 3})


def test_members_are_emptied_by_their_names(api, alice):
    todo = make_todo(alice, notes="n", due="2026-12-01", start_on=date(2026, 11, 1), tags=["a"])
    body = {"title": "x", "clear": ["due", "notes", "start_on", "tags"]}
    answer = api(alice).patch(one(todo), body).json()
    todo.refresh_from_db()
    assert answer == shown(todo)
    assert (todo.title, todo.notes, todo.due, todo.start_on, todo.version) == (
        "x",
        "",
        None,
        None,
        2,
    )
    assert answer["tags"] == []
    again = api(alice).patch(one(todo), {"clear": ["due", "due"]})
    assert (again.status_code, again.json()) == (200, answer)
    home = make_list(alice, color="#aabbcc")
    cleared = api(alice).patch(f"/api/v1/lists/{home.pk}/", {"clear": ["color", "archived_at"]})
    assert (cleared.json()["color"], cleared.json()["version"]) == ("", 2)


@pytest.mark.parametrize(
    ("body", "attr", "details"),
    [
        ({"clear": ["title"]}, "clear", ["title cannot be cleared."]),
        ({"clear": ["priority", "titel"]}, "clear", ["priority cannot be cleared."]),
        ({"clear": ["due_at"]}, "clear", ["due_at cannot be cleared."]),
        ({"clear": ["notes"], "notes": ""}, "clear", ["notes is changed and cleared."]),
        ({"clear": "notes"}, "clear", ['Expected a list of items but got type "str".']),
        ({"clear": [1]}, "clear.0", ["Not a valid string."]),
        ({"clear": None}, "clear", ["This field may not be null."]),
    ],
    ids=repr,
)
def test_what_cannot_be_cleared_is_400_and_nothing_is_written(api, alice, body, attr, details):
    todo = make_todo(alice, notes="n", due="2026-12-01")
    before = rows()
    answer = api(alice).patch(one(todo), {"title": "new", **body})
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["attr"], [error["detail"]]) == (attr, details)
    assert rows() == before


@pytest.mark.parametrize("method", ["post", "put"])
def test_only_a_patch_clears(api, alice, method):
    todo = make_todo(alice)
    path, headers = (TODOS, {}) if method == "post" else (one(todo), {"If-Match": "*"})
    body = {"title": "x", "clear": ["notes"]}
    error = getattr(api(alice), method)(path, body, headers=headers).json()["errors"][0]
    assert (error["attr"], error["code"]) == ("clear", "unknown_field")


def test_an_id_chosen_by_the_client_is_kept(api, alice):
    key = str(uuid.uuid4())
    response = api(alice).post(TODOS, {"id": key, "title": "x"})
    assert (response.status_code, response.json()["id"]) == (201, key)


def test_the_same_creation_twice_is_one_object(api, alice):
    body = {"id": str(uuid.uuid4()), "title": "x", "tags": ["b", "a"], "due": NINE}
    client = api(alice)
    first, second = client.post(TODOS, body), client.post(TODOS, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert "Location" not in second
    assert Todo.objects.count() == 1


@pytest.mark.parametrize("change", [{"title": "y"}, {"tags": ["a"]}, {"priority": 1}])
def test_the_same_id_with_other_content_is_409(api, alice, change):
    body = {"id": str(uuid.uuid4()), "title": "x", "tags": []}
    client = api(alice)
    client.post(TODOS, body)
    before = rows()
    response = client.post(TODOS, body | change)
    detail = "You have made this object; it has changed since."
    assert (response.status_code, response["ETag"]) == (409, '"1"')
    assert response.json() == {
        **error("already_exists", detail, None, "client_error"),
        "current": shown(Todo.objects.get()),
    }
    assert rows() == before


def test_a_strangers_id_is_409_and_tells_nothing(api, alice, bob):
    theirs = make_todo(bob, "bob's secret")
    response = api(alice).post(TODOS, {"id": str(theirs.pk), "title": "bob's secret"})
    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "id_taken"
    assert Todo.objects.get().owner == bob


def test_the_whole_object_sent_back_changes_only_what_differs(api, alice):
    """A client may PUT what it read, read-only members included."""
    todo = make_todo(alice, tags=["a"], due="2026-12-01T09:00[Europe/Berlin]")
    client = api(alice)
    whole = client.get(one(todo)).json()
    answer = client.put(one(todo), whole | {"title": "new"}, headers={"If-Match": '"1"'}).json()
    assert answer == whole | {"title": "new", "version": 2, "updated_at": answer["updated_at"]}


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
@pytest.mark.parametrize("path", [TODOS, "/api/v1/lists/", "/api/v1/account/"])
def test_without_a_token_everything_is_401(db, method, path):
    response = getattr(APIClient(), method)(path)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_an_unknown_path_is_json_404(db):
    response = APIClient().post("/api/v1/nothing/")
    assert (response.status_code, response.json()) == (
        404,
        error("not_found", "Not found.", None, "client_error"),
    )


def test_a_wrong_method_is_405(api, alice):
    response = api(alice).put(TODOS, {"title": "x"})
    assert (response.status_code, response.json()) == (
        405,
        error("method_not_allowed", 'Method "PUT" not allowed.', None, "client_error"),
    )


def test_a_change_that_no_longer_fits_the_data_is_409(api, alice, monkeypatch):
    """What the database refuses because somebody was quicker; tests/todos/test_races.py does it."""
    todo = make_todo(alice)

    def refuse(*_args: object, **_changes: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(Todo, "change", refuse)
    response = api(alice).patch(one(todo), {"title": "x"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "conflict")


def test_a_whole_number_may_be_written_with_a_point(api, alice):
    response = api(alice).generic(
        "POST", TODOS, '{"title": "x", "priority": 2.0}', content_type="application/json"
    )
    assert (response.status_code, response.json()["priority"]) == (201, 2)


@pytest.mark.parametrize("verb", ["finish", "reopen"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("nonsense{", 400, "parse_error"),
        ('{"foo": 1}', 400, "unknown_field"),
        ("[]", 400, "invalid"),
        ("", 200, None),
        ("{}", 200, None),
    ],
)
def test_an_action_has_nothing_to_be_told(api, alice, verb, body, status, code):
    todo = make_todo(alice)
    before = rows()
    path = f"{one(todo)}{verb}/"
    response = api(alice).generic("POST", path, body, content_type="application/json")
    assert response.status_code == status
    if code:
        assert response.json()["errors"][0]["code"] == code
        assert rows() == before


def test_an_action_honours_if_match(api, alice):
    todo = make_todo(alice)
    api(alice).patch(one(todo), {"title": "newer"})
    before = rows()
    response = api(alice).post(f"{one(todo)}finish/", headers={"If-Match": '"1"'})
    assert (response.status_code, response["ETag"]) == (412, '"2"')
    assert rows() == before


def test_creating_beside_a_change_that_was_quicker_is_409_conflict(api, alice, monkeypatch):
    """Not `id_taken`: no id was chosen."""

    def refuse(**_fields: object) -> None:
        raise IntegrityError

    monkeypatch.setattr("todos.service.add_todo", refuse)
    response = api(alice).post(TODOS, {"title": "x"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "conflict")


def test_put_without_a_status_reopens(api, alice):
    todo = make_todo(alice, status="finished")
    answer = api(alice).put(one(todo), {"title": "x"}, headers={"If-Match": '"1"'}).json()
    assert (answer["status"], answer["finished_at"], answer["version"]) == ("open", None, 2)
