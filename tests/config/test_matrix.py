"""Every route x verb x person. A route that is not in the table fails: default deny, in writing.

API1 and API5 of the OWASP API Security Top 10; SEED-01, SEED-02, SEED-26.
"""

import functools
import re
import uuid
from collections.abc import Callable, Iterable, Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.api_tokens import issue
from accounts.models import User
from config.errors import api_not_found
from sms.models import Message
from tests.builders import make_list, make_todo, make_transfer
from tests.conftest import PASSWORD, bearer_token, make_user
from todos import service
from todos.models import PushSubscription

pytestmark = pytest.mark.django_db
VERBS = ("get", "head", "options", "post", "put", "patch", "delete")

# What a stranger may reach. Everything else must answer 401, 403, 404, 405 or lead to the log-in.
PUBLIC = {
    "/",
    "/hello/",
    "/healthz/",
    "/readyz/",
    "/todos/worker.js",
    "/todos/manifest.webmanifest",
    "/todos/words.json",
    "/api/schema/",
    "/api/docs/",
    "/api/browse/login/",
    "/static/<path:name>",  # of a package without a bucket: tests/config/test_packed_files.py
    "/sms/consent/",  # what people agree to: tests/sms/test_phone_page.py
    "/service/sms/send",  # open in development only: tests/sms/test_endpoint.py
    "/service/sms/status/<id:message_id>/",  # signed or 403: tests/sms/twilio/test_webhooks.py
    "/service/sms/inbound/",  # the same
    "/feeds/<str:secret>.ics",  # by a secret: tests/todos/transfer/test_feed.py
    "/reminders/<str:token>/",  # signed: tests/todos/reminders/test_links.py
    "/reminders/<str:token>/now/",  # the same
    "/admin/login/",  # leads to the one log-in
    "/admin/jsi18n/",  # a catalogue of words
    "/auth/login/",
    "/auth/signup/",
    "/auth/inactive/",
    "/account/keep/<str:token>/",  # signed: tests/accounts/test_deletion.py
    "/account/invited/<str:token>/",  # the same: tests/accounts/test_registration.py
    "/api/v1/account/deletion/keep/",
    "/auth/confirm-email/",
    "/auth/confirm-email/<key>/",
    "/auth/login/code/confirm/",
    "/auth/password/reset/",
    "/auth/password/reset/confirm/",
    "/auth/password/reset/complete/",
    "/auth/password/reset/done/",
    "/api/auth/app/v1/config",
    "/api/auth/app/v1/auth/login",
    "/api/auth/app/v1/auth/signup",
    "/api/auth/app/v1/auth/email/verify",
    "/api/auth/app/v1/auth/email/verify/resend",
    "/api/auth/app/v1/auth/password/request",
    "/api/auth/app/v1/auth/password/reset",
    # The second step of who has proved the password, and a passkey, which is both steps.
    "/auth/2fa/authenticate/",
    "/auth/2fa/webauthn/login/",
    "/api/auth/app/v1/auth/2fa/authenticate",
    "/api/auth/app/v1/auth/webauthn/authenticate",
    "/api/auth/app/v1/auth/webauthn/login",
    "/auth/logout/",  # without a session there is nothing to end
    "/api/browse/logout/",
}

# Mounted by allauth, not offered here: config/urls.py answers before it.
NOT_OFFERED = {
    "/api/auth/app/v1/account/phone",
    "/api/auth/app/v1/auth/code/confirm",
    "/api/auth/app/v1/auth/phone/verify",
    "/api/auth/app/v1/auth/phone/verify/resend",
    "/api/auth/app/v1/tokens/refresh",
}

# Routes that name a person's own object: a stranger's must be 404 for everybody else.
OWNED = {
    "/api/v1/account/push/<id:pk>/",
    "/api/v1/account/tokens/<id:pk>/",
    "/api/v1/exports/<id:pk>/",
    "/api/v1/exports/<id:pk>/file/",
    "/api/v1/filters/<id:pk>/",
    "/api/v1/filters/<id:pk>/move/",
    "/api/v1/imports/<id:pk>/",
    "/api/v1/imports/<id:pk>/check/",
    "/api/v1/imports/<id:pk>/confirm/",
    "/api/v1/imports/<id:pk>/file/",
    "/api/v1/lists/<id:pk>/",
    "/api/v1/lists/<id:pk>/move/",
    "/api/v1/sms/messages/<id:pk>/",
    "/api/v1/sms/messages/<id:pk>/cancel/",
    "/api/v1/tags/<id:pk>/",
    "/api/v1/tags/<id:pk>/merge/",
    "/api/v1/todos/<id:pk>/",
    "/api/v1/todos/<id:pk>/finish/",
    "/api/v1/todos/<id:pk>/move/",
    "/api/v1/todos/<id:pk>/occurrences/",
    "/api/v1/todos/<id:pk>/reopen/",
    "/api/v1/trash/<id:pk>/",
    "/api/v1/trash/<id:pk>/restore/",
    "/todos/plain/<id:pk>/finish/",
    "/todos/plain/<id:pk>/reopen/",
    "/todos/plain/<id:pk>/rename/",
    "/todos/plain/<id:pk>/delete/",
}

# Routes of the signed-in person that name nothing of anybody.
PERSONAL = {
    "/api/v1/",
    "/api/v1/account/",
    "/api/v1/account/activity/",
    "/api/v1/account/deletion/",
    "/api/v1/account/export/",
    "/api/v1/account/feed/",
    "/api/v1/account/phone/",
    "/api/v1/account/phone/confirm/",
    "/api/v1/account/phone/history/",
    "/api/v1/account/push/",
    "/api/v1/account/tokens/",
    "/api/v1/exports/",
    "/api/v1/filters/",
    "/api/v1/imports/",
    "/api/v1/lists/",
    "/api/v1/sms/messages/",
    "/api/v1/sms/messages/segments/",
    "/api/v1/summary/",
    "/api/v1/sync/",
    "/api/v1/tags/",
    "/api/v1/todos/",
    "/api/v1/todos/bulk/",
    "/api/v1/todos/quick/",
    "/api/v1/trash/",
    "/api/v1/session/",
    "/api/auth/app/v1/account/authenticators",
    "/api/auth/app/v1/account/authenticators/recovery-codes",
    "/api/auth/app/v1/account/authenticators/totp",
    "/api/auth/app/v1/account/authenticators/webauthn",
    "/api/auth/app/v1/account/email",
    "/api/auth/app/v1/account/password/change",
    "/api/auth/app/v1/auth/2fa/reauthenticate",
    "/api/auth/app/v1/auth/reauthenticate",
    "/api/auth/app/v1/auth/webauthn/reauthenticate",
    "/api/auth/app/v1/auth/session",
    "/api/auth/app/v1/auth/sessions",
    "/account/",
    "/account/activity/",
    "/account/data/",
    "/account/deletion/",
    "/account/tokens/",
    "/sms/phone/",
    "/auth/2fa/",
    "/auth/2fa/reauthenticate/",
    "/auth/2fa/recovery-codes/",
    "/auth/2fa/recovery-codes/download/",
    "/auth/2fa/recovery-codes/generate/",
    "/auth/2fa/totp/activate/",
    "/auth/2fa/totp/deactivate/",
    "/auth/2fa/webauthn/",
    "/auth/2fa/webauthn/add/",
    "/auth/2fa/webauthn/keys/<int:pk>/edit/",  # of strangers: tests/accounts/test_factor_pages.py
    "/auth/2fa/webauthn/keys/<int:pk>/remove/",
    "/auth/2fa/webauthn/reauthenticate/",
    "/transfer/",
    "/auth/email/",
    "/auth/password/change/",
    "/auth/password/set/",
    "/auth/reauthenticate/",
    "/auth/sessions/",
    "/todos/",
    "/todos/plain/",
    "/todos/plain/undo/",
}

# Where every operator may end: at the empty index, as for missing objects, at the own account, and
# after a log-out at the first page.
EVERY_STAFF = {"/", "/admin/", "/admin/logout/", "/auth/password/change/", "/auth/login/"}


def routes(patterns=None, prefix: str = "/") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + re.sub(r"\(\?P(<\w+>)[^)]*\)|[\^$]", r"\1", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and pattern.callback is not api_not_found:
            yield path


ROUTES = sorted(set(routes()))
ADMIN = [path for path in ROUTES if path.startswith("/admin/") and path not in PUBLIC]


def concrete(path: str, key: object) -> str:
    path = re.sub(r"<path:\w+>|<id:\w+>|<key>", str(key), path)
    return re.sub(r"<(?:(?:int|str):)?\w+>", "1", path).replace("\\.", ".")


@functools.cache
def tables() -> list[str]:
    """All that a request could change, sessions and limits left out."""
    quiet = {"django_session", "core_cache", "core_counter", "django_migrations"}
    return [name for name in connection.introspection.table_names() if name not in quiet]


def everything() -> dict[str, list]:
    """Every row of these tables."""
    result = {}
    with connection.cursor() as cursor:
        for name in tables():
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - our own table names
            result[name] = sorted(map(repr, cursor.fetchall()))
    return result


def test_every_route_is_in_the_table():
    assert set(ROUTES) - set(ADMIN) == PUBLIC | OWNED | PERSONAL | NOT_OFFERED


@pytest.mark.parametrize("path", sorted(NOT_OFFERED))
def test_what_is_not_offered_is_404_for_everybody(api, alice, path):
    for client in (APIClient(), api(alice)):
        for verb in VERBS:
            assert getattr(client, verb)(path).status_code == 404


@pytest.fixture
def strangers_objects(bob) -> dict[str, object]:
    todo = make_todo(bob, tags=["private"])
    text = Message.objects.create(sender=bob, to="+15005550006", body="private")
    return {
        "todos": todo.pk,
        "tags": todo.tags.get().uuid,
        "filters": service.add_filter(actor=bob, name="private", query="q=milk").pk,
        "lists": make_list(bob).pk,
        "messages": text.pk,
        "exports": make_transfer(bob, "export").pk,
        "imports": make_transfer(bob, "import", state="checked").pk,
        "push": PushSubscription.objects.create(owner=bob, digest="a").pk,
        "tokens": issue(bob, name="private", scopes=["read"])[0].pk,
    }


def key_for(path: str, objects: dict[str, object]) -> object:
    if "/list" in path:
        return objects["lists"]
    return next((objects[name] for name in objects if f"/{name}/" in path), objects["todos"])


def phone_of(person: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(person)}")
    return client


def browser_of(person: User) -> APIClient:
    client = APIClient()
    client.force_login(person)
    return client


def revoked(client: APIClient) -> APIClient:
    """Its session was ended from another device."""
    Session.objects.all().delete()
    return client


def disabled(client: APIClient) -> APIClient:
    """The session lives, the account may not be used."""
    User.objects.update(is_active=False)
    return client


def half_logged_in(person: User, *, by_page: bool) -> APIClient:
    """The password is proved, the second step is not."""
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": ""})
    client = APIClient()
    if by_page:
        client.post("/auth/login/", {"login": person.email, "password": PASSWORD}, "multipart")
        return client
    body = {"email": person.email, "password": PASSWORD}
    told = client.post("/api/auth/app/v1/auth/login", body)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {told.json()['meta']['session_token']}")
    return client


REFUSED = {
    "anonymous": lambda person: APIClient(),
    "revoked phone": lambda person: revoked(phone_of(person)),
    "revoked browser": lambda person: revoked(browser_of(person)),
    "disabled phone": lambda person: disabled(phone_of(person)),
    "disabled browser": lambda person: disabled(browser_of(person)),
    "phone before its second step": lambda person: half_logged_in(person, by_page=False),
    "browser before its second step": lambda person: half_logged_in(person, by_page=True),
}


def leads_to_login(response) -> bool:
    return response.status_code == 302 and "/auth/login/" in response["Location"]


def faults_of(paths: Iterable[str], ask: Callable[[str], list]) -> list:
    """What `ask` finds at each path, and the paths that have changed a row."""
    faults, before = [], everything()
    for path in paths:
        faults += ask(path)
        if (after := everything()) != before:
            faults.append(f"{path} has changed a row")
            before = after
    return faults


@pytest.mark.wide
@pytest.mark.parametrize("person", REFUSED)
def test_nobody_gets_nothing(alice, strangers_objects, person):
    client = REFUSED[person](alice)

    def ask(path: str) -> list:
        url = concrete(path, key_for(path, strangers_objects))
        faults = []
        for verb in VERBS:
            response = getattr(client, verb)(url, {"title": "x", "name": "x", "status": "finished"})
            # 409: allauth's "no sign-up is under way whose address could be changed"
            refused = response.status_code in (401, 403, 405, 409) or leads_to_login(response)
            refused |= verb == "options" and not response.content  # the list of verbs, no more
            faults += [] if refused else [(verb, url, response.status_code, response.content[:200])]
        return faults

    assert faults_of(sorted(OWNED | PERSONAL), ask) == []


@pytest.mark.parametrize("person", ["alice", "staff without permissions", "superuser"])
@pytest.mark.parametrize("path", sorted(OWNED))
def test_other_peoples_objects_do_not_exist(alice, staff, web, strangers_objects, path, person):
    who = {
        "alice": lambda: alice,
        "staff without permissions": lambda: make_user("helper@example.com", is_staff=True),
        "superuser": lambda: staff,
    }[person]()
    client = phone_of(who) if path.startswith("/api/") else web(who)
    url = concrete(path, key_for(path, strangers_objects))
    before = everything()
    for verb in set(VERBS) - {"options"}:
        headers = {"If-Match": "*"}
        data = {"title": "x", "name": "x", "status": "finished"}
        if path.endswith(("/finish/", "/merge/", "/move/", "/reopen/", "/restore/")):
            data = {}  # an unknown member is 400 before anything is looked for
        if verb in ("get", "head"):
            data = {}  # a parameter that does not exist is 400 as well
        if isinstance(client, APIClient) or verb in ("get", "head", "post"):
            response = getattr(client, verb)(url, data, headers=headers)
        else:
            response = getattr(client, verb)(url, headers=headers)
        assert response.status_code in (404, 405), (verb, url, response.content[:200])
        assert everything() == before


@pytest.mark.wide
@pytest.mark.parametrize("person", [*REFUSED, "alice"])
def test_the_admin_is_for_staff(alice, staff, strangers_objects, person):
    client = browser_of(alice) if person == "alice" else REFUSED[person](staff)

    def ask(path: str) -> list:
        faults = []
        for verb in ("get", "post"):
            response = getattr(client, verb)(concrete(path, strangers_objects["todos"]))
            refused = response.status_code == 403 or (
                response.status_code == 302 and "login" in response["Location"]
            )
            if not (refused or path == "/admin/logout/"):
                faults.append((verb, path, response.status_code))
        return faults

    assert faults_of(ADMIN, ask) == []


@pytest.mark.wide
def test_staff_without_permissions_see_nothing_in_the_admin(web, bob, strangers_objects):
    helper = make_user("helper@example.com", is_staff=True)
    browser, leaver = web(helper), web(helper)

    def ask(path: str) -> list:
        faults, url = [], concrete(path, key_for(path, strangers_objects))
        client = leaver if path == "/admin/logout/" else browser
        for verb in ("get", "post"):
            response = getattr(client, verb)(url, follow=True)
            refused = response.status_code in (403, 404, 405)
            refused |= response.request["PATH_INFO"] in EVERY_STAFF
            told = [text for text in (bob.email, "buy milk") if text in response.text]
            faults += [] if refused and not told else [(verb, url, response.status_code, told)]
        return faults

    assert faults_of(ADMIN, ask) == []


@pytest.mark.wide
@pytest.mark.parametrize("path", [*ROUTES, "/nothing/", "/api/nothing/"])
def test_every_answer_carries_the_security_headers(client, path):
    """SEED-15: also where it is an error."""
    response = client.get(concrete(path, uuid.uuid4()))
    policy = dict(rule.split(" ", 1) for rule in response["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "X-Request-Id" in response
    cache = response["Cache-Control"]
    assert "no-store" in cache or path in PUBLIC or path.startswith("/admin/jsi18n"), cache
    assert response.status_code < 500
