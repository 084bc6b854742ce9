"""Every route of the API x verb x API token: what each scope opens, in writing.

A route that is not in the table fails. What is closed is closed to every token: the account, its
devices, its phone, its tokens.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import api_tokens
from accounts.models import ApiToken, User
from tests.builders import make_transfer
from tests.config.test_matrix import (
    NOT_OFFERED,
    ROUTES,
    VERBS,
    concrete,
    everything,
    key_for,
    strangers_objects,
)
from tests.conftest import make_user
from tests.sms.conftest import allow
from todos.models import Transfer

pytestmark = pytest.mark.django_db
__all__ = ["strangers_objects"]  # a fixture

SAFE = ("get", "head", "options")
TODOS, TEXTS, READING, CLOSED = (
    {**dict.fromkeys(SAFE, "read"), **dict.fromkeys(("post", "put", "patch", "delete"), "write")},
    {**dict.fromkeys(SAFE, "read"), **dict.fromkeys(("post", "put", "patch", "delete"), "sms")},
    dict.fromkeys(SAFE, "read"),
    dict[str, str](),
)
TABLE = {
    "/api/v1/": READING,
    "/api/v1/account/": READING,
    "/api/v1/account/activity/": CLOSED,
    "/api/v1/account/deletion/": CLOSED,
    "/api/v1/account/export/": CLOSED,
    "/api/v1/account/feed/": CLOSED,
    "/api/v1/account/phone/": CLOSED,
    "/api/v1/account/phone/confirm/": CLOSED,
    "/api/v1/account/phone/history/": CLOSED,
    "/api/v1/account/push/": CLOSED,
    "/api/v1/account/push/<id:pk>/": CLOSED,
    "/api/v1/account/tokens/": CLOSED,
    "/api/v1/account/tokens/<id:pk>/": CLOSED,
    "/api/v1/exports/": TODOS,
    "/api/v1/exports/<id:pk>/": TODOS,
    "/api/v1/exports/<id:pk>/file/": TODOS,
    "/api/v1/filters/": TODOS,
    "/api/v1/filters/<id:pk>/": TODOS,
    "/api/v1/filters/<id:pk>/move/": TODOS,
    "/api/v1/imports/": TODOS,
    "/api/v1/imports/<id:pk>/": TODOS,
    "/api/v1/imports/<id:pk>/check/": TODOS,
    "/api/v1/imports/<id:pk>/confirm/": TODOS,
    "/api/v1/imports/<id:pk>/file/": TODOS,
    "/api/v1/lists/": TODOS,
    "/api/v1/lists/<id:pk>/": TODOS,
    "/api/v1/lists/<id:pk>/move/": TODOS,
    "/api/v1/session/": CLOSED,
    "/api/v1/sms/messages/": TEXTS,
    "/api/v1/sms/messages/<id:pk>/": TEXTS,
    "/api/v1/sms/messages/<id:pk>/cancel/": TEXTS,
    "/api/v1/sms/messages/segments/": TEXTS,
    "/api/v1/summary/": READING,
    "/api/v1/sync/": TODOS,
    "/api/v1/tags/": TODOS,
    "/api/v1/tags/<id:pk>/": TODOS,
    "/api/v1/tags/<id:pk>/merge/": TODOS,
    "/api/v1/todos/": TODOS,
    "/api/v1/todos/<id:pk>/": TODOS,
    "/api/v1/todos/<id:pk>/finish/": TODOS,
    "/api/v1/todos/<id:pk>/move/": TODOS,
    "/api/v1/todos/<id:pk>/occurrences/": READING,
    "/api/v1/todos/<id:pk>/reopen/": TODOS,
    "/api/v1/todos/bulk/": TODOS,
    "/api/v1/todos/quick/": TODOS,
    "/api/v1/trash/": TODOS,
    "/api/v1/trash/<id:pk>/": TODOS,
    "/api/v1/trash/<id:pk>/restore/": TODOS,
    "/service/sms/send": TEXTS,
}
# For everybody, whatever they send: tests/config/test_matrix.py.
OPEN = {
    "/api/v1/account/deletion/keep/",
    "/api/schema/",
    "/api/docs/",
    "/api/browse/login/",
    "/api/browse/logout/",
}
OPENED_BY = {"read": {"read", "write"}, "write": {"write"}, "sms": {"sms"}}


def of_the_api() -> Iterator[str]:
    for path in ROUTES:
        is_ours = path.startswith(("/api/", "/service/sms/send"))
        if is_ours and path not in OPEN | NOT_OFFERED and not path.startswith("/api/auth/"):
            yield path


def program(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def token_of(owner: User, *scopes: str, **more: Any) -> str:
    _row, token = api_tokens.issue(owner, name="script", scopes=scopes, **more)
    return token


def test_every_route_of_the_api_is_in_the_table():
    assert {*of_the_api()} == {*TABLE}


@pytest.mark.wide
@pytest.mark.sqlite  # no database knows of scopes
@pytest.mark.parametrize("scope", ["read", "write", "sms"])
def test_a_scope_opens_what_the_table_says_and_nothing_else(alice, strangers_objects, scope):
    client, faults = program(token_of(allow(alice), scope)), []
    for path, table in TABLE.items():
        url = concrete(path, key_for(path, strangers_objects))
        for verb in VERBS:
            needed = table.get(verb)
            answer = getattr(client, verb)(url)
            if needed and scope in OPENED_BY[needed]:
                is_right = answer.status_code not in (401, 403)
            else:
                is_right = is_refused_for(needed, answer)
            faults += [] if is_right else [(verb, path, answer.status_code)]
    assert faults == []


def is_refused_for(needed: str | None, answer: Any) -> bool:
    challenge = 'Bearer realm="api", error="insufficient_scope"'
    named = f', scope="{needed}"' if needed else ""
    return bool(
        answer.status_code == 403 and answer.headers.get("WWW-Authenticate") == challenge + named
    )


def test_a_refusal_says_what_is_missing(alice):
    answers = [
        program(token_of(alice, "read")).post("/api/v1/todos/", {"title": "x"}),
        program(token_of(alice, "write")).get("/api/v1/account/tokens/"),
    ]
    details = [
        "This API token lacks the scope `write`.",
        "No API token may do this. Log in on a device.",
    ]
    assert [answer.json() for answer in answers] == [
        {
            "type": "client_error",
            "errors": [{"code": "insufficient_scope", "detail": detail, "attr": None}],
        }
        for detail in details
    ]


def revoked(owner: User) -> str:
    token = token_of(owner, "read", "write", "sms")
    ApiToken.objects.all().delete()
    return token


def expired(owner: User) -> str:
    return token_of(owner, "read", "write", "sms", expires_at=timezone.now())


def of_a_disabled_account(owner: User) -> str:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    return token_of(owner, "read", "write", "sms")


def of_a_deleted_account(owner: User) -> str:
    token = token_of(owner, "read", "write", "sms")
    owner.delete()
    return token


def with_a_typing_error(owner: User) -> str:
    token = token_of(owner, "read", "write", "sms")
    return token[:-1] + ("a" if token[-1] != "a" else "b")


REFUSED = [revoked, expired, of_a_disabled_account, of_a_deleted_account, with_a_typing_error]


@pytest.mark.wide
@pytest.mark.sqlite  # no database knows of scopes
@pytest.mark.parametrize("made", REFUSED)
def test_a_token_that_is_not_alive_is_401_on_every_route(bob, strangers_objects, made):
    client, faults = program(made(make_user("carol@example.com"))), []
    before = everything()
    for path in TABLE:
        url = concrete(path, key_for(path, strangers_objects))
        for verb in VERBS:
            answer = getattr(client, verb)(url)
            is_right = (answer.status_code, answer.headers.get("WWW-Authenticate")) == (
                401,
                'Bearer realm="api"',
            )
            faults += [] if is_right else [(verb, path, answer.status_code)]
    assert faults == []
    assert everything() == before


def test_no_route_of_the_log_in_takes_a_token(alice):
    """Whoever has a token changes no password, ends no device and confirms no address by it."""
    client, before = program(token_of(alice, "read", "write", "sms")), everything()
    routes = [path for path in ROUTES if path.startswith("/api/auth/")]
    assert len(routes) > 10
    for path in routes:
        for verb in ("get", "post", "put", "patch", "delete"):
            status = getattr(client, verb)(concrete(path, 1), {}).status_code
            assert status == (404 if path in NOT_OFFERED else 401), (verb, path)
    assert everything() == before


def test_no_page_takes_a_token(alice):
    client = program(token_of(alice, "read", "write", "sms"))
    for path in ("/todos/", "/account/", "/account/tokens/", "/auth/sessions/", "/admin/"):
        assert client.get(path).status_code == 302


def test_the_header_of_a_device_takes_an_api_token_for_what_it_is(alice):
    """The same rules, whichever of the two headers has it."""
    token = token_of(alice, "read")
    client = APIClient()
    assert client.get("/api/v1/todos/", headers={"X-Session-Token": token}).status_code == 200
    refused = client.post("/api/v1/todos/", {"title": "x"}, headers={"X-Session-Token": token})
    assert refused.status_code == 403


def test_a_token_beside_a_session_is_what_counts(web, alice):
    browser = web(alice)
    header = {"Authorization": f"Bearer {token_of(alice, 'read')}"}
    assert browser.post("/api/v1/todos/", {"title": "x"}, headers=header).status_code == 403


def test_a_token_changes_no_profile_by_sync(alice, bob):
    """`reminder_channel` would send texts, `time_zone` move what is due."""
    client = program(token_of(alice, "write"))
    operation = {
        "op_id": "7f1c1a0e-3f52-4a8e-9a55-0c8f2f9f5b10",
        "op": "update",
        "kind": "profile",
        "id": str(alice.pk),
        "base_version": 1,
        "fields": {"reminder_channel": "sms"},
    }
    sent = timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    batch = {"account": str(alice.pk), "sent_at": sent, "operations": [operation]}
    [result] = client.post("/api/v1/sync/", batch).json()["results"]
    assert (result["status"], result["code"]) == ("refused", "insufficient_scope")
    alice.refresh_from_db()
    assert (alice.reminder_channel, alice.version) == ("email", 1)


def test_a_token_sees_its_owner_only(alice, bob, strangers_objects):
    client = program(token_of(alice, "read", "write", "sms"))
    for path in ("todos", "lists", "tags", "filters"):
        key = strangers_objects[path]
        answers = [getattr(client, verb)(f"/api/v1/{path}/{key}/") for verb in ("get", "delete")]
        assert [answer.status_code for answer in answers] == [404, 404]


def test_a_token_is_alive_until_the_moment_it_expires(alice):
    token = token_of(alice, "read", expires_at=timezone.now() + timedelta(minutes=5))
    assert program(token).get("/api/v1/todos/").status_code == 200


def test_a_token_takes_todos_along_and_no_archive(alice):
    """The archive has the texts, the devices and the numbers too."""
    make_transfer(alice, "export", format="account")
    todos = make_transfer(alice, "export", format="csv")
    client = program(token_of(alice, "read", "write"))
    assert [row["id"] for row in client.get("/api/v1/exports/").json()["results"]] == [
        str(todos.pk)
    ]
    archive = Transfer.objects.get(format="account")
    for path in ("", "file/"):
        assert client.get(f"/api/v1/exports/{archive.pk}/{path}").status_code == 404
    assert client.delete(f"/api/v1/exports/{archive.pk}/").status_code == 404
