"""Who is asked for the password once more, and what is kept while they are asked."""

import json

import pytest
from allauth.account.internal.flows import reauthentication
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import suspended_requests
from accounts.sessions import SessionStore
from tests.accounts.conftest import PASSWORD, Phone, assert_error, mailed_code

ADD = {"action_add": "", "email": "a2@example.com"}
PLANTED = "planted-secret-of-the-process"


@pytest.fixture(autouse=True)
def _clock(clock) -> None:
    pass


def logged_in(email: str) -> Client:
    browser = Client()
    browser.post("/auth/login/", {"login": email, "password": PASSWORD})
    return browser


def has_second(user) -> bool:
    return EmailAddress.objects.filter(user=user, email="a2@example.com").exists()


@pytest.mark.parametrize(("seconds", "asked"), [(0, False), (599, False), (600, True)])
def test_who_logged_in_minutes_ago_is_not_asked_again(alice, clock, seconds, asked):
    browser, phone = logged_in(alice.email), Phone()
    phone.log_in(alice.email)
    clock.shift(seconds)
    told = browser.post("/auth/email/", ADD)
    assert told["Location"].startswith("/auth/reauthenticate/") is asked
    assert has_second(alice) is not asked
    answer = phone.post("account/email", {"email": "a3@example.com"})
    if asked:
        assert_error(answer, 401, "reauthentication_required")
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(("seconds", "asked"), [(599, False), (600, True)])
def test_who_signed_up_minutes_ago_is_not_asked_again(clock, seconds, asked):
    phone = Phone()
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    clock.shift(seconds)
    answer = phone.post("account/email", {"email": "a2@example.com"})
    assert answer.status_code == (401 if asked else 200)


@pytest.mark.usefixtures("mandatory")
def test_a_sign_up_that_had_to_be_proved_is_not_asked_again():
    phone = Phone()
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    phone.post("auth/email/verify", {"key": mailed_code()})
    assert phone.post("account/email", {"email": "a2@example.com"}).status_code == 200


def test_a_session_without_a_proof_is_asked(web, alice):
    """The one of somebody whose log-in is long ago, or whose session was taken."""
    assert web(alice).post("/auth/email/", ADD)["Location"].startswith("/auth/reauthenticate/")


def test_a_form_that_waits_keeps_itself_and_nothing_else(web, alice):
    """Under `runserver` request.META holds the environment of the process."""
    browser = web(alice)
    browser.cookies["other"] = PLANTED
    headers = {"X-Secret": PLANTED}
    asked = browser.post("/auth/email/?x=1", ADD, headers=headers, AUTH_TOKEN=PLANTED)
    assert asked.status_code == 302
    kept = browser.session["account_reauthentication_state"]["request"]
    assert json.loads(kept) == {
        "path": "/auth/email/",
        "path_info": "/auth/email/",
        "query": "x=1",
        "form": "action_add=&email=a2%40example.com",
    }
    stored = [SessionStore().decode(row.session_data) for row in Session.objects.all()]
    assert PLANTED not in json.dumps(stored)


def test_a_form_that_waited_is_done_after_the_proof(web, alice):
    browser = web(alice)
    path = browser.post("/auth/email/", {**ADD, "csrfmiddlewaretoken": "x"})["Location"]
    told = browser.post(path, {"password": PASSWORD, "next": "/auth/email/"})
    assert (told.status_code, has_second(alice)) == (302, True)
    assert "account_reauthentication_state" not in browser.session


def test_a_browser_that_proves_it_gets_a_new_key_and_a_phone_keeps_its_own(alice, clock):
    browser, phone = logged_in(alice.email), Phone()
    phone.log_in(alice.email)
    former, token = browser.cookies["sessionid"].value, phone.token
    clock.shift(600)
    browser.post("/auth/reauthenticate/", {"password": PASSWORD})
    phone.post("auth/reauthenticate", {"password": PASSWORD})
    assert browser.cookies["sessionid"].value != former
    assert browser.get("/auth/sessions/").text.count("This device") == 1
    assert len(phone.get("auth/sessions").json()["data"]) == 2
    browser.cookies["sessionid"] = former
    assert browser.get("/account/").status_code == 302
    assert (phone.token, phone.get("/api/v1/account/").status_code) == (token, 200)


def test_a_form_is_taken_up_as_it_was_sent(rf):
    """The session and the headers are those of the request that gives the proof."""
    sent = rf.post("/dev/auth/email/?a=1&a=2", {"b": ["3", "4"], "csrfmiddlewaretoken": "x"})
    now = rf.post("/auth/reauthenticate/", {"password": "p"}, headers={"X-Real": "yes"})
    again = suspended_requests.resume(suspended_requests.keep(sent), now)
    assert (again.path, again.path_info) == (sent.path, sent.path_info)
    assert [*again.GET.lists(), *again.POST.lists()] == [("a", ["1", "2"]), ("b", ["3", "4"])]
    assert (again.headers["X-Real"], again.META["QUERY_STRING"]) == ("yes", "a=1&a=2")
    assert again.method == "POST"


def test_a_form_that_waited_when_the_service_was_updated_is_done(rf):
    """allauth's own form of it, which the release before kept."""
    kept = json.dumps({"path": "/p/", "path_info": "/p/", "GET": "", "POST": "", "META": {}})
    assert suspended_requests.resume(kept, rf.post("/")).path == "/p/"


def test_allauth_keeps_forms_by_our_rule():
    names = (reauthentication.serialize_request, reauthentication.deserialize_request)
    assert names == (suspended_requests.keep, suspended_requests.resume)
