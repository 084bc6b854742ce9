"""Nothing that stands in the database lets anybody in."""

import re
from base64 import b16encode, b32decode
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.sessions import SessionStore, StoredKey, stored
from tests.accounts.conftest import PASSWORD, Phone, mailed_code
from tests.accounts.factors import CODES, FINISH, TOTP, add_passkey, code_of, half_logged_in
from tests.conftest import bearer_token

ME = "/api/v1/account/"
NEW = "another fine password"


def dump() -> str:
    """Every column of every row of every table, with what is encoded decoded."""
    rows: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of our own
            rows += [f"{table}: {row!r}" for row in cursor.fetchall()]
    rows += [repr(SessionStore().decode(row.session_data)) for row in Session.objects.all()]
    return "\n".join(rows)


def plain(code: str) -> list[str]:
    """The spellings that a code is understood in."""
    bare = re.sub(r"\W", "", code)
    return [code, code.lower(), bare, bare.lower()]


@pytest.mark.usefixtures("mandatory")
def test_none_of_the_secrets_that_are_handed_out_is_in_a_dump(alice):
    secrets: list[str] = [PASSWORD, NEW]
    phone, browser, newcomer = Phone(), Client(), Phone()
    newcomer.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    secrets += [*plain(mailed_code()), str(newcomer.token)]
    told = phone.log_in(alice.email)
    secrets += [str(phone.token), told["Device-Token"]]
    browser.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    secrets += [browser.cookies[name].value for name in ("sessionid", "device", "csrftoken")]
    phone.post("account/email", {"email": "a2@example.com"})
    secrets += plain(mailed_code())
    stranger = Phone("203.0.113.9")
    stranger.post("auth/password/request", {"email": alice.email})
    code = mailed_code()
    secrets += [*plain(code), str(stranger.token)]
    half = dump()
    stranger.post("auth/password/reset", {"key": code, "password": NEW})
    phone.log_in(alice.email, NEW)
    whole = half + dump()
    assert len(mail.outbox) >= 3
    assert alice.email in whole
    assert len(set(secrets)) > 15
    assert [secret for secret in secrets if secret in whole] == []


@pytest.mark.usefixtures("commits_at_once")
def test_no_secret_of_a_second_factor_is_in_a_dump_or_a_log(alice, caplog):
    caplog.set_level("DEBUG")
    phone = Phone()
    phone.log_in(alice.email)
    secret = phone.get(TOTP).json()["meta"]["secret"]
    half = dump()  # it waits in the session
    phone.post(TOTP, {"code": code_of(secret)})
    codes = phone.get(CODES).json()["data"]["unused_codes"]
    key = add_passkey(phone)
    passkey = key.key.private_numbers().private_value
    assert half_logged_in(alice).post(FINISH, {"code": codes[0]}).status_code == 200
    whole = half + dump()
    assert "authenticators/totp" in caplog.text
    seed = b16encode(b32decode(secret)).decode().lower()
    for place in (whole, caplog.text):
        assert [each for each in (secret, seed, *codes, hex(passkey)) if each in place] == []


def test_what_stands_in_the_database_is_no_key(alice):
    token = bearer_token(alice)
    Phone().log_in(alice.email)
    kept = list(Session.objects.values_list("session_key", flat=True))
    kept += [str(key) for key in UserSession.objects.values_list("session_key", flat=True)]
    assert len(kept) == 3
    assert str(stored(token)) in kept
    for key in kept:
        for name in ("Authorization", "X-Session-Token"):
            value = f"Bearer {key}" if name == "Authorization" else key
            assert Client().get(ME, headers={name: value}).status_code == 401
        browser = Client()
        browser.cookies["sessionid"] = key
        assert browser.get("/account/").status_code == 302
    assert Client().get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_device_is_known_by_the_digest_of_its_token(alice):
    phone, other = Phone(), Phone("203.0.113.9")
    for each in (phone, other):
        each.log_in(alice.email)
    listed = phone.get("auth/sessions").json()["data"]
    assert [device["is_current"] for device in listed] == [True, False]
    phone.delete("auth/sessions", {"sessions": [listed[1]["id"]]})
    assert (phone.get(ME).status_code, other.get(ME).status_code) == (200, 401)
    phone.delete("auth/sessions", {"sessions": [listed[0]["id"]]})
    assert phone.get(ME).status_code == 401
    assert not UserSession.objects.exists()
    assert not Session.objects.exists()


# --- Sessions that the release before has made ----------------------------------------------------


@pytest.fixture
def old_token(alice) -> str:
    """A session and a device whose rows hold the token itself."""
    phone = Phone()
    phone.log_in(alice.email)
    token = str(phone.token)
    Session.objects.update(session_key=token)
    UserSession.objects.update(session_key=StoredKey(token))
    return token


def keys() -> list[str]:
    return [str(Session.objects.get().pk), str(UserSession.objects.get().session_key)]


def as_phone(token: str) -> Phone:
    phone = Phone()
    phone.token = token
    return phone


def test_a_session_of_the_release_before_goes_on_and_is_hashed(old_token):
    assert keys() == [old_token, old_token]
    for _ in range(2):
        assert as_phone(old_token).get(ME).status_code == 200
        assert keys() == [stored(old_token), stored(old_token)]
    [device] = as_phone(old_token).get("auth/sessions").json()["data"]
    assert device["is_current"] is True


def test_a_session_of_the_release_before_is_ended(old_token):
    phone = Phone("203.0.113.9")
    phone.log_in("alice@example.com")
    listed = phone.get("auth/sessions").json()["data"]
    [other] = [device["id"] for device in listed if not device["is_current"]]
    phone.delete("auth/sessions", {"sessions": [other]})
    assert as_phone(old_token).get(ME).status_code == 401
    assert Session.objects.count() == 1


def test_a_log_out_ends_a_session_of_the_release_before(old_token):
    as_phone(old_token).delete("auth/session")
    assert not Session.objects.exists()


def test_keys_that_nobody_uses_are_hashed_at_night(old_token, bob):
    newer = bearer_token(bob)
    ended = SessionStore()
    ended.create()
    Session.objects.filter(pk=stored(str(ended.session_key))).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    call_command("clearsessions")
    assert {row.pk for row in Session.objects.all()} == {stored(old_token), stored(newer)}
    assert UserSession.objects.get().session_key == stored(old_token)
    assert as_phone(old_token).get(ME).status_code == 200


def test_no_other_table_has_keys_of_sessions():
    """A new one has to hold digests too."""
    columns = {
        column.model._meta.label
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if column.name == "session_key"
    }
    assert columns == {"sessions.Session", "usersessions.UserSession"}


def test_a_store_ends_nothing_without_a_key(old_token):
    SessionStore().delete()
    assert SessionStore().exists(old_token)
    assert not SessionStore().exists("a" * 32)
    assert Session.objects.count() == 1


def test_a_store_ends_a_session_of_the_release_before_unread(old_token):
    SessionStore().delete(old_token)
    assert not Session.objects.exists()
