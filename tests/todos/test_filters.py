"""Which to-dos a question names; the stranger's row is never among them."""

from datetime import UTC, date, datetime
from urllib.parse import quote

import pytest
import time_machine

from benchmarks import growth
from tests.builders import make_list, make_todo
from todos.api.filters import TodoFilterSerializer
from todos.models import List

pytestmark = pytest.mark.django_db
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def rows(alice, bob):
    """Alice lives in Auckland: there it is 01:00 on the 21st when it is noon on the 20th in UTC."""
    alice.time_zone = "Pacific/Auckland"
    alice.save()
    errands = make_list(alice, "Errands")
    for owner in (bob, alice):
        make_todo(owner, "plain")
        make_todo(owner, "late moment", due="2026-11-20T20:59[Asia/Tokyo]")
        make_todo(owner, "late time", due="2026-11-21T00:30")
        make_todo(owner, "late day", due="2026-11-20")
        make_todo(owner, "late but done", due="2026-11-01", status="finished")
        make_todo(owner, "today day", due="2026-11-21", priority=4)
        make_todo(owner, "today time", due="2026-11-21T23:59", start_on=date(2026, 11, 21))
        make_todo(owner, "today, not yet", due="2026-11-21", start_on=date(2026, 11, 22))
        make_todo(owner, "tomorrow moment", due="2026-11-21T12:00[Europe/Berlin]")
        make_todo(owner, "tomorrow day", due="2026-11-22", tags=["home", "garden"])
    make_todo(alice, "in errands", list=errands, notes="Über-MILK", tags=["home"])
    return errands


def titles(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["title"] for row in response.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("due=overdue", ["late day", "late time", "late moment"]),
        ("due=today", ["today time", "today day", "late time", "late moment"]),
        ("due=upcoming", ["tomorrow day", "tomorrow moment"]),
        ("due=none", ["in errands", "plain"]),
        ("status=finished", ["late but done"]),
        ("priority=4", ["today day"]),
        ("priority=4,4,3", ["today day"]),
        ("priority=1,2", []),
        ("started=false", ["today, not yet"]),
        ("started=true&due_after=2026-11-22", ["tomorrow day", "tomorrow moment"]),
        ("archived=true", []),
        ("archived=false&priority=4", ["today day"]),
        ("tag=home", ["in errands", "tomorrow day"]),
        ("tag=HOME", ["in errands", "tomorrow day"]),
        ("tag=hom", []),
        ("q=LATE", ["late but done", "late day", "late time", "late moment"]),
        ("q=late+done", ["late but done"]),
        ("q=milk", ["in errands"]),
        ("q=%25", []),
        ("due_before=2026-11-20", ["late but done"]),
        ("due_before=2026-11-21", ["late but done", "late day"]),
        ("due_before=2026-11-20T11:59:00Z", ["late but done", "late day", "late time"]),
        ("due_after=2026-11-22", ["tomorrow day", "tomorrow moment"]),
        (
            "due_after=2026-11-20T11:59:00Z&due_before=2026-11-22",
            ["today, not yet", "today time", "today day", "late moment"],
        ),
        (f"due_after={quote('2026-11-22T00:00:00+13:00')}", ["tomorrow day", "tomorrow moment"]),
        ("due_after=0001-01-01T00:00:00%2B14:00&due_before=2026-11-20", ["late but done"]),
        ("due_after=9999-12-31T23:59:00-14:00", []),
        ("due_before=0001-01-01", []),
        ("due_after=2026-11-22T00:00:00+13:00", ["tomorrow day", "tomorrow moment"]),
        ("due=today&priority=4", ["today day"]),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_a_filter_answers_exactly_these(api, alice, rows, query, expected):
    assert titles(api(alice).get(f"{TODOS}?{query}")) == expected


def test_list_filter_takes_a_list_of_ones_own(api, alice, bob, rows):
    assert titles(api(alice).get(f"{TODOS}?list={rows.pk}")) == ["in errands"]
    theirs = List.objects.inbox_of(bob)
    assert titles(api(alice).get(f"{TODOS}?list={theirs.pk}")) == []


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("due", ["b", "a", "c"]),
        ("-due", ["c", "a", "b"]),
        ("priority", ["c", "b", "a"]),
        ("-priority", ["a", "b", "c"]),
        ("created_at", ["a", "b", "c"]),
        ("-created_at", ["c", "b", "a"]),
        ("position", ["c", "b", "a"]),
        ("-position", ["a", "b", "c"]),
        ("-updated_at", ["b", "c", "a"]),
    ],
)
def test_ordering_holds_across_pages(api, alice, ordering, expected):
    make_todo(alice, "a", due="2026-12-02", priority=3)
    second = make_todo(alice, "b", due="2026-12-02T23:59", priority=2)
    make_todo(alice, "c", priority=1)
    second.rename("b2")
    second.rename("b")
    client, url, seen = api(alice), f"{TODOS}?ordering={ordering}&limit=1", []
    while url:
        page = client.get(url).json()
        seen += [row["title"] for row in page["results"]]
        url = page["next"]
    assert seen == expected


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ("limit=0", "limit", "invalid"),
        ("limit=201", "limit", "invalid"),
        ("limit=-1", "limit", "invalid"),
        ("limit=ten", "limit", "invalid"),
        ("limit=%D9%A3", "limit", "invalid"),
        ("limit=99999999999999999999", "limit", "invalid"),
        ("status=done", "status", "invalid_choice"),
        ("status=open&status=finished", "status", "repeated"),
        ("priority=5", "priority.0", "invalid_choice"),
        ("priority=1,5", "priority.1", "invalid_choice"),
        ("priority=", "priority.0", "invalid_choice"),
        ("priority=1, 2", "priority.1", "invalid_choice"),
        ("archived=1", "archived", "invalid"),
        ("archived=True", "archived", "invalid"),
        ("archived=", "archived", "invalid"),
        ("ids=", "ids.0", "invalid"),
        ("ids=x", "ids.0", "invalid"),
        ("ids=" + ",".join(["7f1c1a0e-3f52-4a8e-9a55-0c8f2f9f5b10"] * 101), "ids", "max_length"),
        ("priority=01", "priority.0", "invalid_choice"),
        ("due=someday", "due", "invalid_choice"),
        ("due_before=soon", "due_before", "invalid"),
        ("due_before=2026-13-01", "due_before", "invalid"),
        ("due_before=2026-11-20T12:00:00", "due_before", "invalid"),
        ("list=5", "list", "invalid"),
        ("q=a%00", "q", "null_characters_not_allowed"),
        ("tag=", "tag", "blank"),
        ("ordering=owner", "ordering", "invalid_choice"),
        ("ordering=position,id", "ordering", "invalid_choice"),
        ("started=1", "started", "invalid"),
        ("owner=1", "owner", "unknown_field"),
        ("statsu=open", "statsu", "unknown_field"),
    ],
)
def test_a_wrong_question_is_400(api, alice, query, attr, code):
    make_todo(alice)
    response = api(alice).get(f"{TODOS}?{query}")
    assert response.status_code == 400, response.content
    problem = response.json()["errors"][0]
    assert (problem["attr"], problem["code"]) == (attr, code)


@pytest.mark.parametrize("cursor", ["", "x", "%00", "a:b:c"])
def test_a_cursor_that_is_not_ours_is_404(api, alice, cursor):
    make_todo(alice)
    response = api(alice).get(f"{TODOS}?cursor={cursor}")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "invalid_cursor")


def test_ids_find_ones_own_in_any_case_and_no_others(api, alice, bob):
    mine, other, theirs = make_todo(alice, "mine"), make_todo(alice, "other"), make_todo(bob)
    wanted = f"{str(mine.pk).upper()},{theirs.pk},{mine.pk}"
    assert titles(api(alice).get(f"{TODOS}?ids={wanted}")) == ["mine"]
    assert titles(api(alice).get(f"{TODOS}?ids={theirs.pk}")) == []
    lists = {row["id"] for row in api(alice).get(f"{LISTS}?ids={other.list_id}").json()["results"]}
    assert lists == {str(other.list_id)}
    assert api(alice).get(f"{LISTS}?ids={theirs.list_id}").json()["results"] == []


def test_archived_lists_and_their_todos_are_found_or_left_out(api, alice, bob):
    for owner in (bob, alice):
        old = make_list(owner, "old", archived_at=NOW)
        make_todo(owner, "in old", list=old)
        make_todo(owner, "in use", list=make_list(owner, "new"))
    phone = api(alice)

    def names(query: str) -> list[str]:
        return [row["name"] for row in phone.get(f"{LISTS}?{query}").json()["results"]]

    assert (names("archived=true"), names("archived=false")) == (["old"], ["Inbox", "new"])
    assert names("") == ["Inbox", "old", "new"]
    assert titles(phone.get(f"{TODOS}?archived=true")) == ["in old"]
    assert titles(phone.get(f"{TODOS}?archived=false")) == ["in use"]
    assert titles(phone.get(TODOS)) == ["in use", "in old"]


def test_the_benchmark_of_growth_asks_for_each_filter():
    asked = growth.questions(day="2026-11-26", ids=[], within="", saved="")
    assert set(asked) == set(TodoFilterSerializer().fields)
