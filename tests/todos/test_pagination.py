"""Every row once, whatever the order, the page size and what happens in between."""

import json
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import make_list, make_todo, position_of
from todos.models import Todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"


def walk(client, url: str, direction: str) -> tuple[list[list[str]], str | None]:
    """The titles page by page until there is no more, and the link back from the last page."""
    pages: list[list[str]] = []
    back, opposite = None, {"next": "previous", "previous": "next"}[direction]
    while url:
        assert len(pages) < 100, "the links lead in a circle"
        answer = client.get(url).json()
        pages.append([row["title"] for row in answer["results"]])
        url, back = answer[direction], answer[opposite]
    return pages, back


@pytest.mark.wide
@given(
    positions=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    limit=st.integers(1, 5),
    ordering=st.sampled_from(["position", "-position", "priority", "-due", "created_at"]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_hold_every_row_once_forwards_and_backwards(
    api, alice, bob, positions, limit, ordering
):
    Todo.objects.all().delete()
    for number, position in enumerate(positions):
        make_todo(alice, str(number), position=position_of(position), priority=position)
        make_todo(bob, "bob's", position=position_of(position))
    client, url = api(alice), f"{TODOS}?ordering={ordering}&limit={limit}"
    everything = [
        row["title"] for row in client.get(f"{TODOS}?ordering={ordering}").json()["results"]
    ]
    forwards, back = walk(client, url, "next")
    assert [title for page in forwards for title in page] == everything
    assert [len(page) for page in forwards[:-1]] == [limit] * (len(forwards) - 1)
    backwards, _ = walk(client, back, "previous") if back else ([], None)
    assert [title for page in reversed(backwards) for title in page] == [
        title for page in forwards[:-1] for title in page
    ]


def test_a_page_of_an_empty_account_is_empty(api, alice, bob):
    make_todo(bob)
    assert api(alice).get(TODOS).json() == {"next": None, "previous": None, "results": []}


def test_rows_added_and_removed_between_pages_skip_and_repeat_nothing(api, alice):
    for title in ("d", "c", "b", "a"):
        make_todo(alice, title)
    client = api(alice)
    first = client.get(f"{TODOS}?limit=2").json()
    make_todo(alice, "new on top")
    Todo.objects.get(title="b").delete()
    rest = client.get(first["next"]).json()
    assert [row["title"] for row in first["results"] + rest["results"]] == ["a", "b", "c", "d"]


def test_a_cursor_belongs_to_its_ordering(api, alice):
    make_todo(alice)
    make_todo(alice)
    client = api(alice)
    link = client.get(f"{TODOS}?limit=1").json()["next"]
    response = client.get(f"{link}&ordering=-position")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, "invalid_cursor")


def forged(signed: str, content: object) -> str:
    """Other content under the signature that was given for the first."""
    payload = urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    return ":".join([payload, *signed.split(":")[1:]])


@pytest.mark.wide
@pytest.mark.parametrize(
    "content",
    [
        ["n", ["position", "id"], [-1, str(UUID(int=1))]],
        ["p", ["position", "id"], [9, str(UUID(int=1))]],
        ["n", ["position", "id"], []],
        ["n", ["position", "id"], ["x", "y"]],
        ["n", []],
        "x",
        None,
    ],
    ids=repr,
)
def test_a_cursor_with_other_content_or_of_another_purpose_is_404(api, alice, bob, web, content):
    for number in range(51):
        make_todo(alice, str(number))
    make_todo(bob)
    phone = api(alice)
    link = phone.get(f"{TODOS}?limit=1").json()["next"]
    cursor = parse_qs(urlsplit(link).query)["cursor"][0]
    place = str(web(alice).get("/todos/plain/").context["next"])
    of_the_page = parse_qs(place.removeprefix("?"))["after"][0]
    assert phone.get(TODOS, {"cursor": cursor}).status_code == 200
    last = "_-"[cursor[-1] == "_"]
    for wrong in (forged(cursor, content), of_the_page, cursor[:-1] + last):
        response = phone.get(TODOS, {"cursor": wrong})
        problem = response.json()["errors"][0]
        assert (response.status_code, problem["code"]) == (404, "invalid_cursor")


def test_links_keep_the_filters(api, alice):
    make_todo(alice)
    make_todo(alice)
    link = api(alice).get(f"{TODOS}?limit=1&status=open").json()["next"]
    assert "status=open" in link
    assert "limit=1" in link


def test_two_hundred_todos_with_full_notes_come_in_pages_of_a_megabyte(api, alice, bob):
    """Lambda answers six megabytes at most; these are eight."""
    notes = "\N{GRINNING FACE}" * 10_000
    for owner in (alice, bob):
        todo_list = make_list(owner)
        Todo.objects.bulk_create(
            Todo(
                owner=owner,
                list=todo_list,
                title=f"{number:03}",
                notes=notes,
                position=position_of(number),
            )
            for number in range(200)
        )
    client, url, pages = api(alice), f"{TODOS}?limit=200", []
    while url:
        answer = client.get(url)
        assert len(answer.content) < 1_100_000
        pages.append([row["title"] for row in answer.json()["results"]])
        url = answer.json()["next"]
    assert [title for page in pages for title in page] == [f"{n:03}" for n in range(200)]
    assert [len(page) for page in pages] == [24] * 8 + [8]


@pytest.mark.parametrize("count", [1, 60])
def test_a_page_takes_four_queries_whatever_its_size(api, alice, count, django_assert_num_queries):
    for number in range(count):
        make_todo(alice, str(number), tags=["home", str(number % 7)])
    client = api(alice)
    with django_assert_num_queries(4):  # session, person, to-dos, their tags
        client.get(f"{TODOS}?limit=50")


@pytest.mark.parametrize("count", [1, 30])
def test_changing_a_todo_takes_a_constant_number_of_queries(
    api, alice, count, django_assert_max_num_queries
):
    todos = [make_todo(alice, str(number), tags=["home"]) for number in range(count)]
    client = api(alice)
    with django_assert_max_num_queries(12):
        client.patch(f"{TODOS}{todos[0].pk}/", {"title": "x"})
