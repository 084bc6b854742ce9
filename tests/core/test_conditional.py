"""gzip and entity tags: an answer that the client holds is not sent again, any other is."""

import gzip
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api_tokens import issue
from accounts.audit import Kind, record
from core.middleware import CompressionMiddleware
from sms import consent
from sms.consent import Asker
from sms.models import Consent, Event, Message, Phone, Source
from tests.builders import make_list, make_todo, make_transfer
from tests.config.test_matrix import OWNED, PERSONAL, concrete
from todos import service
from todos.models import (
    CalendarFeed,
    List,
    PushSubscription,
    SavedFilter,
    Tag,
    Todo,
    Transfer,
)

pytestmark = pytest.mark.django_db
TODOS = "/api/v1/todos/"
BY_CURSOR = {"/api/v1/sync/"}  # tests/todos/sync/
FILES = {"/api/v1/exports/<id:pk>/file/"}  # no JSON: tests/todos/transfer/
ANOTHER_EACH_TIME = {"/api/v1/session/"}  # its token: tests/todos/test_shell.py
DELETED = datetime(2026, 11, 26, tzinfo=UTC)
GZIP = {"Accept-Encoding": "gzip, deflate"}


def readable(patterns=None, prefix: str = "/") -> set[str]:
    """Every route of the API that answers GET."""
    found: set[str] = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= readable(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path in OWNED | PERSONAL:
            view = getattr(pattern.callback, "cls", None)
            verbs = getattr(pattern.callback, "actions", None) or dir(view)
            is_ours = (
                path.startswith("/api/v1/") and path not in BY_CURSOR | FILES | ANOTHER_EACH_TIME
            )
            found |= {path} if is_ours and "get" in verbs else set()
    return found


@pytest.fixture
def rows(alice, bob) -> dict[str, Any]:
    """One row of each kind for both, by the word in its path."""
    made: dict[str, Any] = {}
    for owner in (bob, alice):
        make_todo(owner, "gone", notes="x" * 2000, deleted_at=DELETED)
        todo = make_todo(owner, tags=["home"], list=make_list(owner), notes="x" * 2000)
        message = Message.objects.create(sender=owner, to="+15005550006", body="x" * 1600)
        Event.objects.create(message=message, status="queued", source="service")
        saved = service.add_filter(actor=owner, name="home", query="tag:home")
        made = {"lists": todo.list, "messages": message, "todos": todo, "account": owner}
        made |= {name: make_transfer(owner, name[:-1]) for name in ("exports", "imports")}
        made |= {"filters": saved, "tags": todo.tags.get()}
    return made


def address(path: str, rows: dict[str, Any]) -> str:
    row = next((rows[name] for name in rows if f"/{name}/" in path), rows["account"])
    return concrete(path, getattr(row, "uuid", row.pk))  # a tag has a number, too


# --- Entity tags ----------------------------------------------------------------------------------


@pytest.mark.wide
@pytest.mark.parametrize("path", sorted(readable()))
def test_what_the_client_holds_is_304_without_a_body_on_every_route(api, alice, rows, path):
    client, url = api(alice), address(path, rows)
    first = client.get(url)
    tag = first["ETag"]
    assert first.status_code == 200
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for verb in (client.get, client.head):
            again = verb(url, headers={"If-None-Match": held, "Origin": "https://a.example"})
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
            assert again["Cache-Control"] == first["Cache-Control"]
            assert "Content-Type" not in again
    for other in ('"other"', tag.strip('"'), "junk", ""):
        again = client.get(url, headers={"If-None-Match": other})
        assert (again.status_code, again.json()) == (200, first.json())


# Every row that an answer is built from, and a change of it.
CHANGES: dict[str, list[Callable[[Any], object]]] = {
    "/api/v1/": [],  # as it is built
    "/api/v1/account/activity/": [lambda rows: record(rows["account"], Kind.TOKEN_CREATED)],
    "/api/v1/account/phone/": [
        lambda rows: Phone.objects.create(account=rows["account"], number="+15005550006"),
    ],
    "/api/v1/account/phone/history/": [
        lambda rows: consent.note(
            Consent.Event.AGREED, "+15005550006", account=rows["account"], asker=Asker(Source.API)
        ),
    ],
    "/api/v1/account/push/": [
        lambda rows: PushSubscription.objects.create(owner=rows["account"], endpoint="https://p"),
    ],
    "/api/v1/account/tokens/": [
        lambda rows: issue(rows["account"], name="script", scopes=["read"]),
    ],
    "/api/v1/account/feed/": [
        lambda rows: CalendarFeed.objects.create(owner=rows["account"], created_at=DELETED),
    ],
    **{
        f"/api/v1/{kind}s/": [
            lambda rows: Transfer.objects.update(done=7),
            lambda rows, kind=kind: make_transfer(rows["account"], kind),
            lambda rows: Transfer.objects.all().delete(),
        ]
        for kind in ("export", "import")
    },
    "/api/v1/exports/<id:pk>/": [lambda rows: Transfer.objects.update(state="failed")],
    "/api/v1/imports/<id:pk>/": [
        lambda rows: Transfer.objects.update(total=7),
        lambda rows: Transfer.objects.update(state="checked"),
    ],
    "/api/v1/filters/": [
        lambda rows: SavedFilter.objects.update(query="is:open"),
        lambda rows: SavedFilter.objects.all().delete(),
    ],
    "/api/v1/tags/": [
        lambda rows: Tag.objects.update(name="office"),
        lambda rows: Tag.objects.create(owner=rows["account"], name="another"),
    ],
    "/api/v1/summary/": [
        lambda rows: make_todo(rows["account"], "another"),
        lambda rows: Todo.objects.update(status="finished", finished_at=DELETED),
        lambda rows: make_list(rows["account"], "another"),
    ],
    "/api/v1/todos/<id:pk>/occurrences/": [
        lambda rows: Todo.objects.update(recurrence="FREQ=DAILY", due="2026-12-01"),
    ],
    "/api/v1/lists/": [
        lambda rows: List.objects.filter(pk=rows["lists"].pk).update(name="B"),
        lambda rows: make_list(rows["account"], "another"),
    ],
    "/api/v1/sms/messages/": [
        lambda rows: Message.objects.update(state="sent"),
        lambda rows: Message.objects.create(sender=rows["account"], to="+15005550006", body="y"),
        lambda rows: Message.objects.all().delete(),
    ],
    "/api/v1/sms/messages/<id:pk>/": [
        lambda rows: Message.objects.update(state="sent"),
        lambda rows: Event.objects.update(error_code="30003"),
        lambda rows: Event.objects.create(message=rows["messages"], status="sent", source="poll"),
    ],
    "/api/v1/todos/": [
        lambda rows: Todo.objects.update(title="B"),
        lambda rows: Tag.objects.update(name="office"),
        lambda rows: rows["todos"].tags.clear(),
        lambda rows: make_todo(rows["account"], "another"),
        lambda rows: rows["todos"].delete(),
    ],
    "/api/v1/trash/": [
        lambda rows: Todo.objects.update(title="B"),
        lambda rows: make_todo(rows["account"], "another", deleted_at=DELETED),
    ],
}  # fmt: skip
BY_VERSION = {
    "/api/v1/account/",  # tests/accounts/test_profile_api.py
    "/api/v1/filters/<id:pk>/",
    "/api/v1/lists/<id:pk>/",
    "/api/v1/tags/<id:pk>/",
    "/api/v1/todos/<id:pk>/",
}  # tests/todos/test_versions.py


def test_every_answer_without_a_version_has_its_rows_in_the_table():
    assert readable() == set(CHANGES) | BY_VERSION


@pytest.mark.wide
@pytest.mark.parametrize(
    ("path", "change"), [(path, change) for path in CHANGES for change in CHANGES[path]]
)
def test_a_change_of_any_row_of_an_answer_is_another_tag(api, alice, rows, path, change):
    client, url = api(alice), address(path, rows)
    first = client.get(url)
    change(rows)
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again["ETag"] == first["ETag"]) == (200, False)
    assert again.json() != first.json()


def test_a_page_of_many_has_a_tag_of_its_own(api, alice, bob):
    for _ in range(3):
        make_todo(alice)
        make_todo(bob)
    client = api(alice)
    urls = [f"{TODOS}?limit=1", client.get(f"{TODOS}?limit=1").json()["next"]]
    first, second = (client.get(url)["ETag"] for url in urls)
    assert first != second
    assert client.get(urls[0], headers={"If-None-Match": first}).status_code == 304
    assert client.get(urls[1], headers={"If-None-Match": first}).status_code == 200
    assert api(bob).get(urls[0], headers={"If-None-Match": first}).status_code == 200


def test_errors_pages_and_writes_have_no_tag_of_their_content(api, web, alice):
    phone = api(alice)
    refused = phone.get(f"{TODOS}{uuid.uuid4()}/", headers={"If-None-Match": "*"})
    assert (refused.status_code, "ETag" in refused) == (404, False)
    written = phone.post("/api/v1/sms/messages/segments/", {"body": "x"})
    assert (written.status_code, "ETag" in written) == (200, False)
    for path, accept in (("/todos/", "text/html"), (TODOS, "text/html"), ("/healthz/", "*/*")):
        page = web(alice).get(path, headers={"Accept": accept, "If-None-Match": "*"})
        assert (page.status_code, "ETag" in page) == (200, False)


# --- Compression ----------------------------------------------------------------------------------


@pytest.mark.wide
@pytest.mark.parametrize("path", sorted(readable()))
def test_every_route_is_compressed_from_a_kilobyte_on(api, alice, rows, path):
    client, url = api(alice), address(path, rows)
    plain, packed = client.get(url), client.get(url, headers=GZIP)
    if len(plain.content) < 1024:
        assert "Content-Encoding" not in packed
        assert packed.content == plain.content
        return
    assert packed["Content-Encoding"] == "gzip"
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content)
    assert gzip.decompress(packed.content) == plain.content
    assert "accept-encoding" in packed["Vary"].lower()
    assert packed["ETag"] == f"W/{plain['ETag']}"
    assert client.get(url, headers={**GZIP, "If-None-Match": packed["ETag"]}).status_code == 304


def test_a_page_is_compressed_and_padded_at_random(web, alice):
    """BREACH: the length of an answer with a secret in it must not depend on the rest alone."""
    browser = web(alice)
    sizes = {len(browser.get("/account/", headers=GZIP).content) for _ in range(12)}
    assert len(sizes) > 1
    assert b"<html" in gzip.decompress(browser.get("/account/", headers=GZIP).content)


@pytest.mark.parametrize(
    ("asked", "packed"),
    [
        *(("gzip", True), ("gzip;q=1.0, *;q=0", True), ("br, gzip;q=0.5", True)),
        *(("gzip;q=0", False), ("GZIP; q=0.000", False), ("gzip;q=0, br", False), ("br", False)),
    ],
)
def test_gzip_that_is_not_acceptable_is_not_sent(rf, asked, packed):
    middleware = CompressionMiddleware(lambda request: HttpResponse(b"x" * 1024))
    response: Any = middleware(rf.get("/", headers={"Accept-Encoding": asked}))
    assert (response.has_header("Content-Encoding"), response["Vary"]) == (
        packed,
        "Accept-Encoding",
    )


@pytest.mark.parametrize(("size", "packed"), [(1023, False), (1024, True)])
def test_a_kilobyte_is_1024_bytes(rf, size, packed):
    middleware = CompressionMiddleware(lambda request: HttpResponse(b"x" * size))
    response: Any = middleware(rf.get("/", headers=GZIP))
    assert response.has_header("Content-Encoding") is packed


def test_a_version_that_was_weakened_on_the_way_is_still_the_version(api, alice):
    todo = make_todo(alice, notes="x" * 2000)
    client, url = api(alice), f"{TODOS}{todo.pk}/"
    tag = client.get(url, headers=GZIP)["ETag"]
    assert tag == 'W/"1"'
    assert client.patch(url, {"title": "B"}, headers={"If-Match": tag}).status_code == 200
    assert client.patch(url, {"title": "C"}, headers={"If-Match": tag}).status_code == 412
