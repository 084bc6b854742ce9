"""API tokens: made once, shown once, kept as a digest; limits, last use, the end of them."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import api_tokens
from accounts.audit import events_of
from accounts.models import ApiToken
from core.redaction import redact
from tests.accounts.conftest import PASSWORD, Phone, assert_error, mailed_code
from tests.config.test_matrix import everything
from tests.config.test_scopes import program, token_of
from tests.conftest import make_user

TOKENS = "/api/v1/account/tokens/"
PAGE = "/account/tokens/"
NEW = {"name": "Backup", "scopes": ["read"]}
FORM = {"name": "Backup", "scopes": ["read", "sms"], "days": "30"}


@pytest.fixture
def fresh(alice, clock) -> Phone:
    """She has logged in just now."""
    phone = Phone()
    assert phone.log_in(alice.email).status_code == 200
    return phone


def test_a_token_is_made_shown_once_and_works(fresh, alice, clock, mailoutbox):
    made = fresh.post(TOKENS, {"name": " Back  up ", "scopes": ["write", "read", "write"]})
    row = ApiToken.objects.get()
    token = made.json()["token"]
    shown = {
        "id": str(row.pk),
        "name": "Back  up",
        "hint": token[:10],
        "scopes": ["read", "write"],
        "created_at": "2026-11-20T12:00:00.000Z",
        "expires_at": "2027-02-18T12:00:00.000Z",
        "last_used_at": None,
    }
    assert (made.status_code, made.json()) == (201, {**shown, "token": token})
    assert re.fullmatch(r"nudge_[0-9A-Za-z]{49}", token)
    assert program(token).post("/api/v1/todos/", {"title": "x"}).status_code == 201
    used = {**shown, "last_used_at": "2026-11-20T12:00:00.000Z"}
    told = fresh.get(TOKENS).json()
    assert told == {"next": None, "previous": None, "results": [used]}
    [letter] = [mail for mail in mailoutbox if "token" in mail.subject]
    assert (letter.to, letter.subject) == ([alice.email], "Nudge: A new API token was created")
    assert "Back  up" in letter.body
    assert "198.51.100.1" in letter.body
    assert token not in letter.body
    [event] = events_of(alice).filter(kind="token_created")
    assert event.facts == {"name": "Back  up", "scopes": "read, write"}


def test_nothing_that_is_kept_opens_anything(fresh, alice, caplog):
    token = fresh.post(TOKENS, {**NEW, "scopes": ["read", "write"]}).json()["token"]
    program(token).get("/api/v1/todos/")
    program(token).post("/api/v1/todos/", {"title": token})
    stored = repr({name: rows for name, rows in everything().items() if "todo" not in name})
    assert token not in stored
    assert token[10:] not in stored
    assert token not in caplog.text
    assert token not in repr(mail.outbox)
    assert redact(f"GET /x {token}") == "GET /x nudge_[redacted]"
    digest = ApiToken.objects.get().digest
    assert program(digest).get("/api/v1/todos/").status_code == 401
    assert program(f"nudge_{digest[:49]}").get("/api/v1/todos/").status_code == 401


WRONG = [
    ({"name": "x"}, "scopes", "required"),
    ({"scopes": ["read"]}, "name", "required"),
    ({**NEW, "name": " "}, "name", "blank"),
    ({**NEW, "name": "x" * 81}, "name", "max_length"),
    ({**NEW, "scopes": []}, "scopes", "min_length"),
    ({**NEW, "scopes": ["admin"]}, "scopes.0", "invalid_choice"),
    ({**NEW, "scopes": "read"}, "scopes", "not_a_list"),
    ({**NEW, "expires_at": "2026-11-20T12:00:00Z"}, "expires_at", "out_of_range"),
    ({**NEW, "expires_at": "2027-11-21T12:00:01Z"}, "expires_at", "out_of_range"),
    ({**NEW, "expires_at": None}, "expires_at", "null"),
    ({**NEW, "owner": "x"}, "owner", "unknown_field"),
    ({**NEW, "token": "nudge_x"}, "token", "unknown_field"),
]


@pytest.mark.parametrize(("body", "attr", "code"), WRONG)
def test_what_is_wrong_is_told(fresh, body, attr, code):
    assert_error(fresh.post(TOKENS, body), 400, code, attr)
    assert not ApiToken.objects.exists()


def test_it_lives_as_long_as_its_maker_says(fresh, clock):
    made = fresh.post(TOKENS, {**NEW, "expires_at": "2026-11-20T13:00:00Z"}).json()
    client = program(made["token"])
    clock.shift(3599)
    assert client.get("/api/v1/todos/").status_code == 200
    clock.shift(1)
    assert client.get("/api/v1/todos/").status_code == 401


def test_who_logged_in_long_ago_proves_it_again(fresh, alice, clock, settings):
    clock.shift(settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    assert_error(fresh.post(TOKENS, NEW), 403, "proof_required")
    assert fresh.post("auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert fresh.post(TOKENS, NEW).status_code == 201


def test_a_token_is_revoked_without_a_proof_and_a_strangers_is_not_there(fresh, alice, bob, clock):
    token, other = token_of(alice, "read"), token_of(bob, "read")
    clock.shift(86_400 * 2)
    of_bob = ApiToken.objects.get(owner=bob)
    assert fresh.delete(f"{TOKENS}{of_bob.pk}/").status_code == 404
    row = ApiToken.objects.get(owner=alice)
    assert fresh.delete(f"{TOKENS}{row.pk}/").status_code == 204
    assert fresh.delete(f"{TOKENS}{row.pk}/").status_code == 404
    assert program(token).get("/api/v1/todos/").status_code == 401
    assert program(other).get("/api/v1/todos/").status_code == 200
    assert {event.kind for event in events_of(alice)[:1]} == {"token_revoked"}


def test_an_account_has_so_many_living_tokens(fresh, alice, bob, clock, settings):
    settings.QUOTA_TOKENS = 2
    token_of(alice, "read", expires_at=timezone.now() + timedelta(minutes=1))
    token_of(alice, "read")
    token_of(bob, "read")
    assert_error(fresh.post(TOKENS, NEW), 409, "quota_reached")
    clock.shift(61)
    assert fresh.post(TOKENS, NEW).status_code == 201
    assert ApiToken.objects.owned_by(alice).count() == 3


def test_an_account_makes_so_many_tokens_a_day(fresh, bob, clock, monkeypatch):
    """Also if it revokes them at once: each is a mail."""
    monkeypatch.setattr(api_tokens, "MADE_DAILY", 2)
    for _ in range(2):
        fresh.delete(f"{TOKENS}{fresh.post(TOKENS, NEW).json()['id']}/")
    assert_error(fresh.post(TOKENS, NEW), 409, "quota_reached")
    token_of(bob, "read")
    assert ApiToken.objects.count() == 1


def test_its_last_use_is_written_once_an_hour(alice, clock):
    token_of(alice, "read")
    other = ApiToken.objects.get()
    client = program(token_of(alice, "read"))
    mine = ApiToken.objects.exclude(pk=other.pk)
    used = []
    for seconds in (0, 3599, 1, 1):
        clock.shift(seconds)
        assert client.get("/api/v1/summary/").status_code == 200
        used.append(mine.get().last_used_at)
    hour = timedelta(hours=1)
    assert [moment and moment - hour for moment in used[2:]] == used[:2]
    other.refresh_from_db()
    assert other.last_used_at is None


def test_a_token_is_found_by_one_query_and_a_misspelt_one_by_none(alice):
    token = token_of(alice, "read")
    program(token).get("/api/v1/")
    with CaptureQueriesContext(connection) as queries:
        assert program(token).get("/api/v1/").status_code == 200
    assert len(queries) == 1
    for wrong in (
        token[:-1],
        token + "a",
        "nudge_",
        f"nudge_{'a' * 49}",
        token[:-7] + "é" + token[-6:],
    ):
        with CaptureQueriesContext(connection) as queries:
            assert program(wrong).get("/api/v1/").status_code == 401
        assert len(queries) == 0


def test_a_password_set_by_a_mail_revokes_every_token(alice, bob, phone):
    tokens = [token_of(person, "read") for person in (alice, alice, bob)]
    phone.post("auth/password/request", {"email": alice.email})
    phone.post("auth/password/reset", {"key": mailed_code(), "password": "another horse battery"})
    statuses = [program(token).get("/api/v1/todos/").status_code for token in tokens]
    assert statuses == [401, 401, 200]
    assert events_of(alice).filter(kind="token_revoked").count() == 2


def test_ended_tokens_go_after_a_month(alice, clock):
    token_of(alice, "read", expires_at=timezone.now() + timedelta(days=1))
    token_of(alice, "read", expires_at=timezone.now() + timedelta(days=3))
    clock.shift(timedelta(days=31, seconds=1))
    call_command("prune")
    assert [token.expires_at.day for token in ApiToken.objects.all()] == [23]


# --- The page -------------------------------------------------------------------------------------


@pytest.fixture
def browser(client, alice) -> Any:
    client.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    return client


def test_a_token_is_made_on_the_page_and_stands_there_once(browser, alice):
    made = browser.post(PAGE, FORM)
    [token] = re.findall(r'value="(nudge_\w+)"', made.text)
    assert made.status_code == 200
    assert made["Cache-Control"] == "no-store"
    assert program(token).get("/api/v1/todos/").status_code == 200
    again = browser.get(PAGE).text
    assert token not in again
    assert token[:10] in again
    for words in ("Backup", "Read to-dos and texts, Send text messages", "last used now"):
        assert words in again
    row = ApiToken.objects.get()
    assert row.expires_at - row.created_at < timedelta(days=30)
    assert row.scopes == ["read", "sms"]


@pytest.mark.parametrize(
    "wrong", [{"name": "\u200b"}, {"scopes": ["admin"]}, {"scopes": []}, {"days": "9999"}]
)
def test_the_page_shows_what_is_wrong(browser, wrong):
    answer = browser.post(PAGE, {**FORM, **wrong})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == set(wrong)
    assert not ApiToken.objects.exists()


def test_the_page_says_that_no_more_fit(browser, alice, settings):
    settings.QUOTA_TOKENS = 1
    token_of(alice, "read")
    assert "An account may have 1 API tokens. Revoke one first." in browser.post(PAGE, FORM).text


def test_the_page_asks_for_the_password_and_then_goes_on(clock, browser, alice, settings):
    clock.shift(settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    asked = browser.post(PAGE, FORM)
    assert asked["Location"].startswith("/auth/reauthenticate/")
    assert not ApiToken.objects.exists()
    made = browser.post(asked["Location"], {"password": PASSWORD})
    [token] = re.findall(r'value="(nudge_\w+)"', made.text)
    assert token not in json.dumps(everything(), default=str)


def test_a_token_is_revoked_on_the_page(browser, alice, bob):
    for person in (alice, bob):
        token_of(person, "read", expires_at=timezone.now() - timedelta(days=1))
    mine, other = (ApiToken.objects.get(owner=person) for person in (alice, bob))
    page = browser.get(PAGE)
    assert "Expired" in page.text
    assert [*page.context["tokens"]] == [mine]
    for row in (other, mine):
        browser.post(PAGE, {"revoke": str(row.pk)})
    assert [*ApiToken.objects.all()] == [other]
    assert "Revoked: " in browser.get(PAGE).text


# --- The admin ------------------------------------------------------------------------------------


def test_staff_see_no_token_and_revoke_one(web, staff, alice, bob):
    tokens = [token_of(person, "read") for person in (alice, bob)]
    browser, row = web(staff), ApiToken.objects.get(owner=alice)
    url = f"/admin/accounts/apitoken/{row.pk}/"
    pages = [browser.get("/admin/accounts/apitoken/"), browser.get(f"{url}change/")]
    for page in pages:
        assert page.status_code == 200
        assert row.digest not in page.text
    assert browser.get("/admin/accounts/apitoken/?digest__startswith=a").status_code == 400
    assert browser.post(f"{url}change/", {"name": "x"}).status_code == 403
    assert browser.post("/admin/accounts/apitoken/add/").status_code == 403
    browser.post(f"{url}delete/", {"post": "yes"})
    chosen = {
        "action": "delete_selected",
        "_selected_action": [str(ApiToken.objects.get().pk)],
        "post": "yes",
    }
    statuses = [program(token).get("/api/v1/todos/").status_code for token in tokens]
    assert statuses == [401, 200]
    browser.post("/admin/accounts/apitoken/", chosen)
    assert not ApiToken.objects.exists()
    told = [events_of(person).get(kind="token_revoked") for person in (alice, bob)]
    assert [(event.by_staff, event.actor) for event in told] == [(True, staff)] * 2


def test_a_helper_revokes_no_token_of_an_operator(web, staff):
    helper = make_user("helper@example.com", is_staff=True)
    names = ("view_apitoken", "delete_apitoken")
    helper.user_permissions.set(Permission.objects.filter(codename__in=names))
    token_of(staff, "read")
    url = f"/admin/accounts/apitoken/{ApiToken.objects.get().pk}/delete/"
    assert web(helper).post(url, {"post": "yes"}).status_code == 403


def test_a_token_is_known_by_name():
    assert str(ApiToken(name="Backup", hint="nudge_ab12")) == "Backup (nudge_ab12…)"


def test_thirty_guesses_are_not_worth_a_limit(alice):
    """256 random bits: the 10**60th part of them would take all computers longer than there is."""
    token = token_of(alice, "read")
    assert len(api_tokens._ALPHABET) ** 43 > 2**256
    assert api_tokens.is_whole(token)
    assert len({token_of(alice, "read")[10:] for _ in range(30)}) == 30
