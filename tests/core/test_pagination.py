"""Cursors are ours or refused; limits are numbers of one to three digits."""

import json

import pytest
from django.core import signing

from tests.builders import make_todo

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
NOT_OURS = "Invalid cursor."
OTHER_ORDERING = "This cursor belongs to another ordering."


def cursor_for(client, query: str = "limit=1") -> str:
    """The cursor in the link to the second page."""
    link = client.get(f"{TODOS}?{query}").json()["next"]
    return client.get(link).wsgi_request.GET["cursor"]


def content_of(cursor: str):
    return json.loads(signing.b64_decode(cursor.split(":", maxsplit=1)[0].encode()))


def assert_refused(response, detail: str) -> None:
    error = {"code": "invalid_cursor", "detail": detail, "attr": None}
    assert (response.status_code, response.json()) == (
        404,
        {"type": "client_error", "errors": [error]},
    )


def with_another_key(settings, client) -> str:
    key = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key " * 5, [key]
    cursor = cursor_for(client)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, []
    return cursor


def with_the_end_of(cursor: str, other: str) -> str:
    """The content of one cursor with the time and the signature of another."""
    return cursor.split(":", maxsplit=1)[0] + ":" + other.partition(":")[2]


FORGERIES = {
    "no signature": lambda cursor, other: cursor.split(":")[0],
    "no signature but its time": lambda cursor, other: cursor.rpartition(":")[0],
    "a made up signature": lambda cursor, other: cursor.rpartition(":")[0] + ":" + "A" * 43,
    "the last character changed": lambda cursor, other: cursor[:-1] + "AB"[cursor[-1] == "A"],
    "the signature of another cursor": with_the_end_of,
    "signed without a salt": lambda cursor, other: signing.dumps(content_of(cursor)),
    "signed for a form": lambda cursor, other: signing.dumps(content_of(cursor), salt="todos"),
    "in capitals": lambda cursor, other: cursor.upper(),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_cursor_that_is_made_up_is_404(api, alice, bob, forge):
    for owner in (alice, bob):
        for title in ("one", "two", "three"):
            make_todo(owner, title)
    client = api(alice)
    forged = forge(cursor_for(client), cursor_for(client, "limit=2"))

    assert_refused(client.get(TODOS, {"limit": 1, "cursor": forged}), NOT_OURS)


def test_a_cursor_signed_with_another_key_is_404(api, alice, settings):
    make_todo(alice)
    make_todo(alice)
    cursor = with_another_key(settings, api(alice))

    assert_refused(api(alice).get(TODOS, {"cursor": cursor}), NOT_OURS)


def test_a_cursor_of_another_account_shows_none_of_its_rows(api, alice, bob):
    for title in ("a", "b", "c"):
        make_todo(alice, f"alice's {title}")
        make_todo(bob, f"bob's {title}")

    cursor = cursor_for(api(bob), "limit=1&ordering=created_at")

    page = api(alice).get(TODOS, {"ordering": "created_at", "cursor": cursor}).json()

    assert [row["title"] for row in page["results"]] == ["alice's b", "alice's c"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("position", "-position"), ("-position", "position"), ("priority", "position")],
)
def test_a_cursor_of_another_ordering_is_404(api, alice, bob, first, second):
    for owner in (alice, alice, bob):
        make_todo(owner)
    client = api(alice)
    cursor = cursor_for(client, f"limit=1&ordering={first}")

    response = client.get(TODOS, {"ordering": second, "cursor": cursor})

    assert_refused(response, OTHER_ORDERING)


@pytest.mark.parametrize(("query", "length"), [
    ("limit=1", 1), ("limit=9", 9), ("limit=10", 10), ("limit=11", 11), ("limit=99", 99),
    ("limit=100", 100), ("limit=101", 101), ("limit=200", 200), ("", 50),
])  # fmt: skip
def test_a_page_holds_as_many_rows_as_its_limit(api, alice, bob, query, length):
    for number in range(length + 1):
        make_todo(alice, str(number))
    make_todo(bob)

    page = api(alice).get(f"{TODOS}?{query}").json()

    assert [row["title"] for row in page["results"]] == [
        str(number) for number in range(length, 0, -1)
    ]
    assert page["previous"] is None
    assert page["next"] is not None


@pytest.mark.parametrize("limit", ["0", "-1", "201", "300", "999", "1000", "2e1", "٣", "1.0", ""])
def test_any_other_limit_is_400(api, alice, limit):
    response = api(alice).get(TODOS, {"limit": limit})

    error = {
        "code": "invalid",
        "detail": "Choose a whole number from 1 to 200.",
        "attr": "limit",
    }
    assert (response.status_code, response.json()) == (
        400,
        {"type": "validation_error", "errors": [error]},
    )
