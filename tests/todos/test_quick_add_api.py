"""Quick add and the summary over HTTP."""

from datetime import UTC, date, datetime, time

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from tests.builders import make_list, make_todo
from todos import service
from todos.models import Due, List, SavedFilter, Tag, Todo

pytestmark = pytest.mark.django_db
QUICK, SUMMARY = "/api/v1/todos/quick/", "/api/v1/summary/"
NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)  # a Thursday; Friday in Shanghai
SENTENCE = "Pay rent every month !1 #home @office tomorrow 9am"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def shanghai(alice):
    User.objects.filter(pk=alice.pk).update(time_zone="Asia/Shanghai")
    alice.refresh_from_db()
    return alice


def test_a_sentence_makes_a_to_do(api, shanghai, bob):
    office = make_list(shanghai, "Office")
    make_list(bob, "Office")
    answer = api(shanghai).post(QUICK, {"text": SENTENCE})
    assert answer.status_code == 201
    made = api(shanghai).get(f"/api/v1/todos/{answer.json()['id']}/").json()
    assert answer.json() == made
    assert {name: made[name] for name in ("title", "list", "tags", "priority", "status")} == {
        "title": "Pay rent", "list": str(office.pk), "tags": ["home"], "priority": 1,
        "status": "open",
    }  # fmt: skip
    assert (made["recurrence"], made["recurrence_from"]) == ("FREQ=MONTHLY", "due")
    assert made["due"] == {"on": "2026-11-28", "at": "09:00", "time_zone": None}


def test_a_preview_only_reads(api, shanghai):
    office = make_list(shanghai, "Office")
    answer = api(shanghai).post(f"{QUICK}?preview=true", {"text": SENTENCE})
    assert answer.status_code == 200
    kinds = ["recurrence", "priority", "tag", "list", "date", "time"]
    places = [(9, 20), (21, 23), (24, 29), (30, 37), (38, 46), (47, 50)]
    assert answer.json() == {
        "title": "Pay rent",
        "due": {"on": "2026-11-28", "at": "09:00", "time_zone": None},
        "recurrence": "FREQ=MONTHLY",
        "recurrence_from": "due",
        "tags": ["home"],
        "list": str(office.pk),
        "priority": 1,
        "spans": [
            {"start": start, "end": end, "kind": kind}
            for (start, end), kind in zip(places, kinds, strict=True)
        ],
    }
    assert not Todo.objects.exists()
    assert not Tag.objects.exists()
    plain = api(shanghai).post(f"{QUICK}?preview=true", {"text": "tomorrow"}).json()
    assert (plain["title"], plain["list"], plain["priority"]) == ("", None, 0)


@pytest.mark.parametrize("name", ["Secret", "Old"])
def test_a_list_that_is_not_shown_stays_in_the_title(api, alice, bob, name):
    make_list(bob, "Secret")
    make_list(alice, "Old", archived_at=NOW)
    made = api(alice).post(QUICK, {"text": f"meet @{name}"}).json()
    assert (made["title"], made["list"]) == (
        f"meet @{name}",
        str(List.objects.inbox_of(alice).pk),
    )


def test_of_two_lists_of_one_name_it_is_the_first(api, alice):
    second, first = make_list(alice, "home"), make_list(alice, "Home")
    List.objects.filter(pk=first.pk).update(position=second.position)
    expected = List.objects.filter(is_inbox=False).order_by("position", "id").first()
    made = api(alice).post(QUICK, {"text": "x @HOME"}).json()
    assert expected
    assert made["list"] == str(expected.pk)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "blank"),
        ({"text": "tomorrow 9am"}, "blank"),
        ({"text": "x" * 129}, "max_length"),
        ({"text": "x" * 301}, "max_length"),
        ({"text": 1}, "invalid"),
        ({}, "required"),
        ({"text": "x", "title": "y"}, "unknown_field"),
    ],
)
def test_what_makes_no_to_do_is_refused(api, alice, body, code):
    answer = api(alice).post(QUICK, body)
    assert answer.status_code == 400
    assert [it["code"] for it in answer.json()["errors"]] == [code]
    assert not Todo.objects.exists()


def test_the_parent_must_be_the_persons_own(api, alice, bob):
    theirs = make_todo(bob, "theirs")
    answer = api(alice).post(QUICK, {"text": "x", "parent": str(theirs.pk)})
    [problem] = answer.json()["errors"]
    assert (answer.status_code, problem["code"], problem["attr"]) == (
        400,
        "does_not_exist",
        "parent",
    )
    assert [*Todo.objects.all()] == [theirs]


def test_a_key_makes_one_to_do(api, alice):
    phone = api(alice)
    answers = [
        phone.post(QUICK, {"text": "x"}, headers={"Idempotency-Key": "k"}).json() for _ in "ab"
    ]
    assert answers[0] == answers[1]
    assert Todo.objects.count() == 1


def test_only_the_signed_in_add():
    assert APIClient().post(QUICK, {"text": "x"}).status_code == 401


# --- The summary ----------------------------------------------------------------------------------


def filled(owner):
    inbox, office = List.objects.inbox_of(owner), make_list(owner, "Office")
    today, yesterday = date(2026, 11, 26), date(2026, 11, 25)
    make_todo(owner, due=Due(today), tags=["home"])
    make_todo(owner, due=Due(today, time(9)), tags=["home", "bills"], list=office)
    make_todo(owner, due=Due(yesterday), list=office)
    make_todo(owner, due=Due(date(2026, 11, 27)), start_on=date(2026, 11, 27))
    make_todo(owner, due=Due(today), status="finished", tags=["home"])
    make_todo(owner, due=Due(today), tags=["home"]).trash()
    service.add_filter(actor=owner, name="Home today", query="tag:home due:today")
    service.add_filter(actor=owner, name="Nothing", query="nothing")
    return inbox, office


def test_the_summary_counts_what_the_filters_find(api, alice, bob):
    filled(bob)
    inbox, office = filled(alice)
    phone = api(alice)
    found = phone.get(SUMMARY).json()
    ids = {tag.name: str(tag.uuid) for tag in Tag.objects.owned_by(alice)}
    assert found == {
        "inbox": 2,
        "today": 2,
        "overdue": 2,
        "by_list": [{"id": str(inbox.pk), "todos": 2}, {"id": str(office.pk), "todos": 2}],
        "by_tag": [{"id": ids["bills"], "todos": 1}, {"id": ids["home"], "todos": 2}],
        "by_filter": [
            {"id": str(each.pk), "todos": number}
            for each, number in zip(
                SavedFilter.objects.owned_by(alice).order_by("position"), (2, 0), strict=True
            )
        ],
    }
    for query, expected in (("due=today", 2), ("due=overdue", 2), (f"list={inbox.pk}", 2)):
        answer = phone.get(f"/api/v1/todos/?status=open&{query}").json()
        assert len(answer["results"]) == expected


def test_the_summary_asks_as_often_for_much_as_for_little(api, alice, django_assert_num_queries):
    phone = api(alice)
    filled(alice)
    with CaptureQueriesContext(connection) as little:
        phone.get(SUMMARY)
    for number in range(5):
        make_todo(alice, tags=[f"tag{number}"], list=make_list(alice, f"list{number}"))
        service.add_filter(actor=alice, name=f"filter{number}", query=f"tag:tag{number}")
    with django_assert_num_queries(len(little)):
        phone.get(SUMMARY)
