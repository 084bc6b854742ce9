"""Tokens that have the right form and are not ours."""

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.sessions import stored
from tests.accounts.conftest import assert_error
from tests.conftest import bearer_token

ME = "/api/v1/account/"
SALT = "django.contrib.sessions.SessionStore"
UNUSUAL = [
    "",
    "short",
    "a" * 31,
    "a" * 33,
    "A" * 32,
    "a" * 31 + "\0",
    "a" * 31 + "_",
    "é" * 32,
    "٣" * 32,
    "a" * 31 + "'",
]


def call(token: str):
    return APIClient().get(ME, headers={"Authorization": f"Bearer {token}"})


def content_of(token: str) -> dict:
    return dict(Session.objects.get(pk=stored(token)).get_decoded())


def signed(content: object, *, salt: str = SALT, key: str | None = None) -> str:
    return signing.dumps(content, salt=salt, key=key, compress=True)


def test_a_session_that_we_have_signed_is_a_token(alice, bob):
    token = bearer_token(alice)
    Session.objects.filter(pk=stored(token)).update(session_data=signed(content_of(token)))

    assert call(token).json()["email"] == "alice@example.com"


FORGERIES = {
    "unsigned": lambda content: signed(content).split(":", maxsplit=1)[0],
    "a made up signature": lambda content: signed(content).rpartition(":")[0] + ":" + "A" * 43,
    "another salt": lambda content: signed(content, salt="another"),
    "another key": lambda content: signed(content, key="another key " * 5),
    "plain JSON": json.dumps,
    "no password": lambda content: signed({**content, "_auth_user_hash": ""}),
    "another password": lambda content: signed({**content, "_auth_user_hash": "f" * 64}),
    "an unknown backend": lambda content: signed({**content, "_auth_user_backend": "a.b.C"}),
    "an unknown person": lambda content: signed({**content, "_auth_user_id": "7" * 32}),
    "nobody": lambda content: signed({}),
    "empty": lambda content: "",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_session_that_is_made_up_is_401(alice, bob, forge):
    token = bearer_token(alice)
    bearer_token(bob)
    Session.objects.filter(pk=stored(token)).update(session_data=forge(content_of(token)))

    assert_error(call(token), 401, "authentication_failed")


def test_a_session_with_the_password_of_another_person_is_401(alice, bob):
    token, other = bearer_token(alice), bearer_token(bob)
    content = {**content_of(token), "_auth_user_id": str(bob.pk)}
    assert content["_auth_user_hash"] != content_of(other)["_auth_user_hash"]
    Session.objects.filter(pk=stored(token)).update(session_data=signed(content))

    assert_error(call(token), 401, "authentication_failed")


def test_a_token_in_capitals_is_another_one(alice):
    token = bearer_token(alice)

    assert_error(call(token.upper()), 401, "authentication_failed")
    assert_error(call(token[:-1]), 401, "authentication_failed")
    assert_error(call(f"{token}a"), 401, "authentication_failed")


@pytest.mark.parametrize("token", UNUSUAL)
def test_a_token_of_another_form_does_not_reach_the_database(token, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert_error(call(token), 401, "authentication_failed")


@pytest.mark.parametrize("key", [token for token in UNUSUAL if token and token.isascii()])
def test_a_session_cookie_of_another_form_does_not_reach_the_database(
    key, django_assert_num_queries
):
    browser = Client()
    browser.cookies["sessionid"] = key

    with django_assert_num_queries(0):
        answer = browser.get("/todos/")

    assert (answer.status_code, answer["Location"]) == (302, "/auth/login/?next=/todos/")


@pytest.mark.parametrize(("ended", "status"), [(timedelta(0), 401), (timedelta(minutes=1), 200)])
def test_a_token_ends_with_its_session(alice, ended, status):
    token = bearer_token(alice)
    Session.objects.filter(pk=stored(token)).update(expire_date=timezone.now() + ended)

    assert call(token).status_code == status
