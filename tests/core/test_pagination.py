"""Cursors are ours or refused; limits are numbers of one to three digits; pages are bounded."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import signing
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api_tokens import issue
from accounts.audit import Kind, SecurityEvent
from core.api import pagination
from sms import consent
from sms.consent import Asker
from sms.models import Consent, Message, Source
from tests.builders import make_list, make_todo, make_transfer
from todos import service
from todos.models import Tag

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


@pytest.mark.wide
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


# --- A page is bounded in bytes -------------------------------------------------------------------

DELETED = datetime(2026, 11, 26, tzinfo=UTC)
# What makes one row of each list of the API. A new list needs a line here.
ROWS = {
    "/api/v1/account/activity/": lambda owner, number: SecurityEvent.objects.create(
        account=owner, kind=Kind.LOGGED_IN
    ),
    "/api/v1/account/phone/history/": lambda owner, number: consent.note(
        Consent.Event.AGREED, f"+1500555{number:04}", account=owner, asker=Asker(Source.API)
    ),
    "/api/v1/account/tokens/": lambda owner, number: issue(
        owner, name=f"{number:09}", scopes=["read"]
    ),
    "/api/v1/exports/": lambda owner, number: make_transfer(
        owner, "export", created_at=DELETED - timedelta(seconds=number)
    ),
    "/api/v1/imports/": lambda owner, number: make_transfer(
        owner, "import", created_at=DELETED - timedelta(seconds=number)
    ),
    "/api/v1/filters/": lambda owner, number: service.add_filter(
        actor=owner, name=f"{number:09}", query="is:open"
    ),
    "/api/v1/tags/": lambda owner, number: Tag.objects.create(owner=owner, name=f"{number:09}"),
    "/api/v1/lists/": lambda owner, number: make_list(owner, f"{number:09}"),
    "/api/v1/sms/messages/": lambda owner, number: Message.objects.create(
        sender=owner, to="+15005550006", body=f"{number:09}"
    ),
    "/api/v1/todos/": lambda owner, number: make_todo(owner, f"{number:09}"),
    "/api/v1/trash/": lambda owner, number: make_todo(
        owner, f"{number:09}", deleted_at=DELETED + timedelta(seconds=number)
    ),
}


def lists(patterns=None, prefix: str = "/") -> set[str]:
    """The paths of every route that answers GET with a list."""
    found: set[str] = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= lists(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            actions = getattr(pattern.callback, "actions", None) or {}
            found |= {path} if actions.get("get") == "list" else set()
    return found


def test_every_list_of_the_api_is_in_the_table():
    assert lists() == set(ROWS)


def key_of(row: dict[str, str]) -> str:
    """An entry of the ledger has no id."""
    return row.get("id") or row["number"]


def rows_of(client, url: str | None, direction: str) -> tuple[list[list[str]], str | None]:
    """The ids page by page, and the link back from the last page."""
    pages, back = [], None
    while url:
        answer = client.get(url)
        body = answer.json()
        assert body["results"]
        assert len(body["results"]) == 1 or len(answer.content) < pagination.MAX_BYTES + 1000
        pages.append([key_of(row) for row in body["results"]])
        url, back = body[direction], body[{"next": "previous", "previous": "next"}[direction]]
    return pages, back


@pytest.mark.wide
@pytest.mark.parametrize("path", sorted(ROWS))
def test_a_page_of_any_list_ends_with_its_bytes(api, alice, bob, monkeypatch, path):
    """Every row once, in both directions; a row alone is a page, whatever its size."""
    for number in range(12):
        ROWS[path](alice, number)
        ROWS[path](bob, number)
    client = api(alice)
    whole = [key_of(row) for row in client.get(path).json()["results"]]
    for largest in (1, 1000, 10_000):
        monkeypatch.setattr(pagination, "MAX_BYTES", largest)
        pages, back = rows_of(client, f"{path}?limit=9", "next")
        assert [key for page in pages for key in page] == whole, largest
        fullest = max(map(len, pages))
        assert {1: fullest == 1, 1000: 1 < fullest < 9, 10_000: fullest == 9}[largest], largest
        backwards, _ = rows_of(client, back, "previous")
        assert [key for page in reversed(backwards) for key in page] + pages[-1] == whole, largest


def test_a_list_has_the_same_links_a_minute_later(api, alice):
    make_todo(alice)
    make_todo(alice)
    with time_machine.travel("2026-11-26T09:00:00Z", tick=False):
        first = api(alice).get(f"{TODOS}?limit=1").json()
    with time_machine.travel("2026-11-26T09:01:00Z", tick=False):
        assert api(alice).get(f"{TODOS}?limit=1").json() == first
