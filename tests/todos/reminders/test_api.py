"""Reminders of a to-do as clients write and read them."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from tests.builders import make_todo
from tests.todos.reminders.conftest import before, key, soon
from todos.models import Due, Firing, PushSubscription, Reminder, Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
NIL = {"remind_at": None, "minutes_before": None, "channel": ""}
FIRST = {**NIL, "id": str(key(1)), "minutes_before": 30}
SECOND = {**NIL, "id": str(key(2)), "remind_at": "2026-12-01T08:00:00.000Z", "channel": "sms"}


def path(todo: Todo) -> str:
    return f"{TODOS}{todo.pk}/"


def test_a_to_do_shows_its_reminders_in_the_order_of_their_ids(api, alice, bob):
    make_todo(bob, reminders=[soon()])
    phone = api(alice)
    short = {"id": str(key(2)).upper(), "remind_at": "2026-12-01T09:00+01:00", "channel": "sms"}
    body = {"title": "x", "reminders": [short, {"id": FIRST["id"], "minutes_before": 30}]}
    made = phone.post(TODOS, body)
    assert (made.status_code, made.json()["reminders"]) == (201, [FIRST, SECOND])
    todo = Todo.objects.get(owner=alice)
    assert phone.get(path(todo)).json() == made.json()
    assert phone.post(TODOS, {**body, "id": str(todo.pk)}).status_code == 200
    assert phone.patch(path(todo), {"title": "y"}).json()["reminders"] == [FIRST, SECOND]
    assert phone.patch(path(todo), {"reminders": [SECOND]}).json()["reminders"] == [SECOND]
    cleared = phone.patch(path(todo), {"clear": ["reminders"]}).json()
    assert (cleared["reminders"], cleared["version"]) == ([], 4)
    assert Firing.objects.filter(owner=alice).count() == 0
    phone.patch(path(todo), {"reminders": [SECOND]})
    put = phone.put(path(todo), {"title": "z"}, headers={"If-Match": '"5"'})
    assert (put.json()["reminders"], put.json()["version"]) == ([], 6)


@pytest.mark.parametrize(
    ("reminders", "attr", "code"),
    [
        ([{"id": str(key(1))}], "reminders.0", "one_of_two"),
        ([{**SECOND, "minutes_before": 5}], "reminders.0", "one_of_two"),
        ([{**FIRST, "minutes_before": -1}], "reminders.0.minutes_before", "min_value"),
        ([{**FIRST, "minutes_before": 40_321}], "reminders.0.minutes_before", "max_value"),
        ([{**FIRST, "minutes_before": True}], "reminders.0.minutes_before", "invalid"),
        ([{**SECOND, "remind_at": "2026-12-01T08:00"}], "reminders.0.remind_at", "naive"),
        ([{**SECOND, "remind_at": "9999-12-31T00:00Z"}], "reminders.0.remind_at", "out_of_range"),
        ([{**FIRST, "channel": "none"}], "reminders.0.channel", "invalid_choice"),
        ([{**FIRST, "sound": 1}], "reminders.0.sound", "unknown_field"),
        ([{"minutes_before": 1}], "reminders.0.id", "required"),
        (["x"], "reminders.0", "invalid"),
        ({}, "reminders", "not_a_list"),
        (None, "reminders", "null"),
        ([{**FIRST, "id": str(key(n))} for n in range(11)], "reminders", "max_length"),
    ],
)
def test_what_is_no_reminder_is_refused(api, alice, reminders, attr, code):
    answer = api(alice).post(TODOS, {"title": "x", "reminders": reminders})
    errors = [(it["attr"], it["code"]) for it in answer.json()["errors"]]
    assert (answer.status_code, errors) == (400, [(attr, code)])
    assert not Todo.objects.exists()


def test_of_two_with_one_id_the_last_one_holds(api, alice):
    body = {"title": "x", "reminders": [{**FIRST, "minutes_before": 1}, FIRST]}
    assert api(alice).post(TODOS, body).json()["reminders"] == [FIRST]


def push(api, alice, todo, **fields):
    operation = {
        "op_id": str(uuid.uuid4()),
        "kind": "todo",
        "id": str(todo.pk),
        "op": "update",
        "base_version": 1,
        "fields": fields,
    }
    body = {"account": str(alice.pk), "sent_at": "2026-11-20T12:00:00Z", "operations": [operation]}
    [result] = api(alice).post("/api/v1/sync/", body).json()["results"]
    return result


def test_what_two_devices_add_and_remove_all_holds(api, alice):
    todo = make_todo(alice, reminders=[before(30, id=key(1))])
    added = push(api, alice, todo, reminders_added=[SECOND])
    assert (added["status"], added["todo"]["reminders"]) == ("applied", [FIRST, SECOND])
    removed = push(api, alice, todo, reminders_removed=[FIRST["id"]])
    assert (removed["status"], removed["todo"]["reminders"]) == ("merged", [SECOND])
    whole = push(api, alice, todo, reminders=[FIRST])
    assert (whole["status"], whole["conflicting"]) == ("conflict", ["reminders"])


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"reminders_added": [{"id": "x"}]}, "reminders_added.0.id", "invalid"),
        ({"reminders_removed": ["x"]}, "reminders_removed.0", "invalid"),
        ({"reminders_added": [SECOND]}, "reminders_added", "max_length"),
    ],
)
def test_what_cannot_be_merged_is_invalid(api, alice, fields, attr, code):
    todo = make_todo(alice, reminders=[before(n, id=key(n + 10)) for n in range(10)])
    result = push(api, alice, todo, **fields)
    told = [(it["attr"], it["code"]) for it in result["errors"]]
    assert (result["status"], told) == ("invalid", [(attr, code)])


def test_a_to_do_with_a_time_gets_the_persons_usual_reminder(api, alice):
    phone = api(alice)
    assert phone.patch("/api/v1/account/", {"default_reminder": 15}).status_code == 200
    timed = {"on": "2026-12-01", "at": "09:00"}

    def minutes(body, todo=None):
        answer = phone.patch(path(todo), body) if todo else phone.post(TODOS, body)
        return [it["minutes_before"] for it in answer.json()["reminders"]]

    assert minutes({"title": "x", "due": timed}) == [15]
    assert minutes({"title": "x", "due": {"on": "2026-12-01"}}) == []
    assert minutes({"title": "x", "due": timed, "reminders": []}) == []
    todo = make_todo(alice, due="2026-12-01")
    assert minutes({"due": timed, "reminders": []}, todo) == []
    todo = make_todo(alice, due="2026-12-01")
    assert minutes({"due": timed}, todo) == [15]
    assert minutes({"due": {**timed, "at": "10:00"}, "title": "y"}, todo) == [15]
    assert minutes({"reminders": []}, todo) == []
    assert minutes({"due": timed}, todo) == []


def test_a_reminder_written_past_the_rules_is_not_shown(api, alice):
    todo = make_todo(alice, due=Due.read("2026-12-01"), reminders=[before(30, id=key(1))])
    wrong = [{"id": "x"}, {}, 1, {"id": str(key(3)), "minutes_before": "5"}]
    stored = [*wrong, {"id": str(key(1)), "minutes_before": 30}]
    QuerySet(Todo).filter(pk=todo.pk).update(reminders=stored)
    assert api(alice).get(path(todo)).json()["reminders"] == [FIRST]


@pytest.mark.parametrize(
    "reminders",
    [
        "x",
        5,
        [Reminder(key(1), remind_at=datetime(2026, 12, 1, 8))],  # noqa: DTZ001 - in no zone
        [Reminder(key(1), minutes_before=5, channel="pigeon")],
        [Reminder(key(1), minutes_before=True)],
        [Reminder(key(1), minutes_before=40_321)],
    ],
)
def test_the_model_takes_no_such_reminders(alice, reminders):
    todo = make_todo(alice)
    todo.reminders = reminders
    with pytest.raises(ValidationError):
        todo.full_clean()
    with pytest.raises(ValidationError), transaction.atomic():
        make_todo(alice, "another", reminders=reminders)
    assert Todo.objects.get().reminders == ()


def test_a_dump_has_the_reminders_and_brings_them_back(alice):
    made = make_todo(alice, reminders=[soon(channel="sms"), before(5)])
    dump = serializers.serialize("json", Todo.objects.all())
    Todo.objects.filter(pk=made.pk).update(reminders=())
    for it in serializers.deserialize("json", dump):
        restored: Any = it.object
        assert restored.reminders == made.reminders


def test_who_looks_into_the_database_sees_which_is_which(alice):
    made = make_todo(alice, reminders=[soon()])
    first = made.reminders[0]
    assert str(made.firings.get()) == f"{first.id}: {first.remind_at}"
    browser = PushSubscription(owner=alice, endpoint="https://fcm.googleapis.com/secret")
    assert str(browser) == str(browser.pk)
