"""Searches in words, and those that are saved."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from tests import feeds
from tests.builders import make_list, make_todo
from tests.todos.admin_forms import errors, saved
from tests.todos.test_sync import Device, operation
from todos.models import SavedFilter, Todo
from todos.models.search import parse

pytestmark = pytest.mark.django_db
FILTERS, TODOS = "/api/v1/filters/", "/api/v1/todos/"
ADMIN = "/admin/todos/savedfilter/"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def rows(alice, bob) -> None:
    home = make_list(alice, "My list")
    make_todo(alice, "Buy two litres", tags=["Straße"], due="2026-12-01", priority=3)
    make_todo(alice, "litres of two kinds", list=home, due="2026-11-30", priority=4)
    make_todo(alice, "see http://x.test/a:b", list=home, due="2026-12-02")
    make_todo(alice, "nothing", tags=["shop", "two words"]).finish()
    make_todo(bob, "Buy two litres", tags=["shop"], due="2026-12-01", priority=3)


TITLES = {"buy": "Buy two litres", "kinds": "litres of two kinds", "see": "see http://x.test/a:b"}


@pytest.mark.wide
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("litres two", "buy kinds"),
        ('"TWO  litres"', "buy"),
        ("tag:STRASSE", "buy"),
        ('tag:"Two Words"', "nothing"),
        ('tag:shop tag:"two words"', "nothing"),
        ("tag:shop tag:straße", ""),
        ('list:"my LIST"', "kinds see"),
        ("LIST:inbox", "buy nothing"),
        ("list:other", ""),
        ("due:today", "buy"),
        ("due:overdue", "kinds"),
        ("due:Upcoming", "see"),
        ("due:none", "nothing"),
        ("due:2026-12-02", "see"),
        ("due:2026-12-03", ""),
        ("priority:3", "buy"),
        ("priority:3,4 litres", "buy kinds"),
        ("is:open", "buy kinds see"),
        ("is:finished", "nothing"),
        ("http://x.test/a:b", "see"),
        ("unknown:x", ""),
        ('two"litres"', "buy kinds"),
        ('""', "buy kinds see nothing"),
    ],
)
def test_a_query_finds_the_same_as_words_and_as_a_filter(api, alice, rows, query, expected):
    phone = api(alice)
    made = phone.post(FILTERS, {"name": "x", "query": query})
    assert made.status_code == 201
    titles = sorted(TITLES.get(name, name) for name in expected.split())
    for asked in ({"q": query}, {"filter": made.json()["id"].upper()}):
        found = phone.get(TODOS, asked).json()["results"]
        assert sorted(row["title"] for row in found) == titles


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("milk due:tomorow", "At \u2068due:tomorow\u2069: write overdue, today, upcoming, none"),
        ("due:2026-02-30", "At \u2068due:2026-02-30\u2069: write overdue"),
        ("due:9999-01-01", "At \u2068due:9999-01-01\u2069: write overdue"),
        ("priority:5", "At \u2068priority:5\u2069: write numbers from 0 to 4"),
        ("priority:1,", "At \u2068priority:1,\u2069: write numbers"),
        ("is:done", "At \u2068is:done\u2069: write open or finished"),
        ("tag: milk", "At \u2068tag:\u2069: something is missing after the colon"),
        ('list:"\u00ad"', 'At \u2068list:"\u00ad"\u2069: something is missing'),
        ('milk list:"two', 'At \u2068list:"\u2069: the quotation mark is not closed'),
        ("tag:a " * 21, "These are too many words."),
        ("a " * 101, "These are too many words."),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_at_its_word(
    api, web, staff, alice, rows, query, detail
):
    phone = api(alice)
    saved_one = phone.post(FILTERS, {"name": "x", "query": "milk"}).json()
    answers = [
        phone.post(FILTERS, {"name": "y", "query": query}),
        phone.patch(f"{FILTERS}{saved_one['id']}/", {"query": query}),
    ]
    if len(query) <= 200:
        answers.append(phone.get(TODOS, {"q": query}))
    for answer in answers:
        [problem] = answer.json()["errors"]
        assert (answer.status_code, problem["code"]) == (400, "bad_query")
        assert problem["detail"].startswith(detail)
    form = {"owner": alice.pk, "name": "y", "query": query}
    assert list(errors(web(staff).post(f"{ADMIN}add/", form))) == ["query"]
    assert [row.query for row in SavedFilter.objects.all()] == ["milk"]


def test_hostile_text_is_read_in_one_go():
    for text in ('tag:"' * 100, "due:" * 125, '"' * 500, "is:open " * 70, "\u202e " * 250):
        with pytest.raises(ValidationError):
            parse(text)


def test_a_filter_is_made_read_moved_changed_and_removed(api, alice, bob):
    phone, key = api(alice), str(uuid.uuid4())
    made = phone.post(FILTERS, {"id": key, "name": "Urgent", "query": " priority:4  is:open"})
    body = made.json()
    moments = {name: body[name] for name in ("created_at", "updated_at")}
    shown: dict[str, Any] = {
        "id": key,
        "name": "Urgent",
        "query": "priority:4  is:open",
        "color": "",
    }
    shown |= {"position": "a0", **moments, "version": 1}
    assert (made.status_code, body, made["ETag"]) == (201, shown, '"1"')
    other = phone.post(FILTERS, {"name": "b", "query": "b", "color": "#aabbcc"}).json()
    assert other["position"] == "a1"
    moved = phone.post(f"{FILTERS}{other['id']}/move/", {"before": key}).json()
    page = phone.get(FILTERS)
    assert [row["name"] for row in page.json()["results"]] == ["b", "Urgent"]
    assert phone.get(FILTERS, headers={"If-None-Match": page["ETag"]}).status_code == 304
    replaced = phone.put(
        f"{FILTERS}{other['id']}/", {"name": "c", "query": "c"}, headers={"If-Match": '"2"'}
    ).json()
    assert (replaced["color"], replaced["position"], replaced["version"]) == (
        "",
        moved["position"],
        3,
    )
    stale = phone.delete(f"{FILTERS}{key}/", headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert api(bob).get(f"{FILTERS}{key}/").status_code == 404
    theirs = api(bob).get(TODOS, {"filter": key})
    assert (theirs.status_code, theirs.json()["errors"][0]["code"]) == (400, "does_not_exist")
    assert phone.delete(f"{FILTERS}{key}/").status_code == 204
    assert [row.name for row in SavedFilter.objects.owned_by(alice)] == ["c"]
    feeds.check(alice)


def test_filters_are_counted(api, alice, settings):
    settings.QUOTA_FILTERS = 1
    phone = api(alice)
    answers = [phone.post(FILTERS, {"name": "x", "query": "x"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert "saved filters" in answers[1].json()["errors"][0]["detail"]


def test_a_query_that_another_release_has_saved_is_no_error_of_ours(api, alice):
    made = SavedFilter.objects.create(owner=alice, name="x", query="due:someday")
    answer = api(alice).get(TODOS, {"filter": str(made.pk)})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "bad_query")


def test_devices_keep_filters(api, alice, bob):
    theirs = SavedFilter.objects.create(owner=bob, name="x", query="x")
    phone, key = Device(api(alice), alice), uuid.uuid4()
    fields: dict[str, Any] = {"name": "Home", "query": "list:home"}
    results = phone.push(
        operation("filter", key, "create", fields=fields),
        operation("filter", key, "update", base_version=1, fields={"query": "due:soon"}),
        operation("filter", key, "move", base_version=1, fields={"position": "b00"}),
        operation("filter", key, "update", base_version=1, fields={"query": "due:today"}),
        operation("filter", theirs.pk, "purge", base_version=1),
    )
    assert [it["status"] for it in results] == [
        "applied",
        "invalid",
        "applied",
        "merged",
        "refused",
    ]
    assert results[1]["errors"][0]["code"] == "bad_query"
    assert phone.copy["filter", str(key)]["query"] == "due:today"
    behind = operation("filter", key, "update", base_version=1, fields={"query": "due:none"})
    [result] = phone.push(behind)
    assert (result["status"], result["conflicting"]) == ("conflict", ["query"])
    phone.push(operation("filter", key, "purge", base_version=3))
    assert ("filter", str(key)) not in phone.copy
    assert Todo.objects.count() == 0


def test_the_operator_adds_and_changes_filters(web, staff, alice):
    operator = web(staff)
    form = {"owner": alice.pk, "name": "x", "query": "milk", "color": ""}
    saved(operator.post(f"{ADMIN}add/", form))
    saved(operator.post(f"{ADMIN}add/", {**form, "name": "y"}))
    first, second = SavedFilter.objects.order_by("position")
    assert (first.position, second.position) == ("a0", "a1")
    saved(operator.post(f"{ADMIN}{first.pk}/change/", {**form, "query": "bread"}))
    first.refresh_from_db()
    assert (first.query, first.version) == ("bread", 2)
    feeds.check(alice)


def test_a_filter_may_be_put_somewhere_when_it_is_made(api, alice, bob):
    made = api(alice).post(FILTERS, {"name": "x", "query": "milk", "position": "Zz"})
    assert (made.status_code, made.json()["position"]) == (201, "Zz")
