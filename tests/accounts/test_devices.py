"""A phone's whole life with an account: /api/auth/ and the token it hands out."""

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.sessions import SessionStore, stored
from tests.accounts.conftest import PASSWORD, Phone, assert_error, mailed_code
from tests.accounts.factors import TOTP, logged_in
from tests.conftest import bearer_token

ME = "/api/v1/account/"


def signed_in(user: User) -> Phone:
    phone = Phone()
    assert phone.log_in(user.email).status_code == 200
    return phone


def not_used_for_a_week(key: Any) -> None:
    week = timedelta(days=7)
    session = SessionStore(session_key=key)
    session["touched"] = int(time.time()) - 86_401
    session.save()
    Session.objects.filter(pk=stored(key)).update(expire_date=timezone.now() + week)
    seen = UserSession.objects.filter(session_key=key)
    assert seen.update(last_seen_at=timezone.now() - week) == 1


def assert_in_use(key: Any) -> None:
    assert Session.objects.get(pk=stored(key)).expire_date == timezone.now() + timedelta(days=90)
    assert UserSession.objects.get(session_key=key).last_seen_at == timezone.now()


def browser_of(user: User) -> Client:
    browser = Client(REMOTE_ADDR="198.51.100.1")
    browser.post("/auth/login/", {"login": user.email, "password": PASSWORD})
    browser.get("/account/")  # says that she is logged in, which is in the session until then
    return browser


def works(phone: Phone) -> bool:
    return bool(phone.get(ME).status_code == 200)


def test_in_development_a_new_account_is_usable_at_once(phone):
    response = phone.post("auth/signup", {"email": "Carol@Example.com", "password": PASSWORD})
    assert response.status_code == 200
    assert phone.get(ME).json()["email"] == "carol@example.com"


@pytest.mark.usefixtures("mandatory")
def test_a_new_account_opens_when_its_address_is_proved(phone):
    response = phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    assert_error(response, 401, "not_authenticated")
    assert {"id": "verify_email", "is_pending": True} in response.json()["data"]["flows"]
    assert_error(phone.get(ME), 401, "authentication_failed")
    code = mailed_code()
    assert_error(
        phone.post("auth/email/verify", {"key": "WRONG-CODE"}), 400, "incorrect_code", "key"
    )
    assert phone.post("auth/email/verify", {"key": code}).status_code == 200
    assert phone.get(ME).json()["email"] == "carol@example.com"


@pytest.mark.usefixtures("mandatory")
def test_a_code_may_be_sent_again(phone):
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    assert_error(phone.post("auth/email/verify/resend"), 429, "throttled")
    assert len(mail.outbox) == 1


def test_devices_are_listed_and_ended_one_by_one(alice, bob):
    phone, tablet, stranger = signed_in(alice), signed_in(alice), signed_in(bob)
    devices = phone.get("auth/sessions").json()["data"]  # in no order: allauth names none
    current, other = sorted(devices, key=lambda device: not device["is_current"])
    assert (current["is_current"], other["is_current"]) == (True, False)
    assert current["ip"] == "198.51.100.1"
    others = [device["id"] for device in stranger.get("auth/sessions").json()["data"]]
    assert_error(
        phone.delete("auth/sessions", {"sessions": others}), 400, "invalid_choice", "sessions"
    )
    assert works(stranger)
    told = phone.call("put", "auth/sessions", {"id": other["id"], "name": ""}).json()["data"]
    assert [device["id"] for device in told] == [current["id"], other["id"]]
    assert phone.delete("auth/sessions", {"sessions": [other["id"]]}).status_code == 200
    assert (works(phone), works(tablet), works(stranger)) == (True, False, True)


def test_a_device_has_a_name_that_its_owner_gives_it(alice, bob):
    phone, tablet, stranger = signed_in(alice), signed_in(alice), signed_in(bob)
    listed = phone.get("auth/sessions").json()["data"]
    assert [(each["name"], each["browser"]) for each in listed] == [("Phone", "Phone")] * 2
    other = listed[1]["id"]
    named = phone.call("put", "auth/sessions", {"id": other, "name": " Kitchen\ntablet "})
    assert [each["name"] for each in named.json()["data"]] == ["Phone", "Kitchen tablet"]
    assert_error(
        stranger.call("put", "auth/sessions", {"id": other, "name": "x"}),
        400,
        "invalid_choice",
        "id",
    )
    long = {"id": other, "name": "x" * 61}
    assert_error(phone.call("put", "auth/sessions", long), 400, "max_length", "name")
    phone.call("put", "auth/sessions", {"id": other, "name": ""})
    assert tablet.get("auth/sessions").json()["data"][0]["name"] == "Phone"


def test_a_device_is_named_on_its_page(alice, bob):
    browser, other = browser_of(alice), signed_in(bob)
    [device] = UserSession.objects.filter(user=alice)
    form = {"device": device.pk, "name": "\0" + "x" * 70}
    page = browser.post("/auth/sessions/", form, follow=True).text
    assert f"<bdi>{'x' * 60}</bdi>" in page
    assert "The device has a new name." in page
    [theirs] = UserSession.objects.filter(user=bob)
    page = browser.post("/auth/sessions/", {"device": theirs.pk, "name": "x"}, follow=True).text
    assert "That device is no longer logged in." in page
    assert other.get("auth/sessions").json()["data"][0]["name"] == "Phone"


def test_a_log_in_on_a_new_device_is_told_by_mail(alice, bob):
    phone = Phone()
    token = phone.log_in(alice.email)["Device-Token"]
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        ([alice.email], "Nudge: A new device logged in")
    ]
    assert "with Phone at the address 198.51.100.1" in mail.outbox[0].body
    body = {"email": alice.email, "password": PASSWORD}
    phone.token = None
    assert phone.post("auth/login", body, **{"Device-Token": token}).status_code == 200
    newcomer = {"email": "carol@example.com", "password": PASSWORD}
    assert Phone().post("auth/signup", newcomer).status_code == 200
    assert [sent.subject for sent in mail.outbox if "device" in sent.subject] == [
        "Nudge: A new device logged in"
    ]


def test_log_out_ends_the_token_at_once(alice):
    """SEED-27."""
    phone, tablet = signed_in(alice), signed_in(alice)
    assert_error(phone.delete("auth/session"), 401, "not_authenticated")
    assert_error(phone.get(ME), 401, "authentication_failed")
    assert_error(phone.get("auth/session"), 401, "session_gone")
    assert works(tablet)


def test_a_changed_password_ends_the_other_devices(alice):
    phone, tablet = signed_in(alice), signed_in(alice)
    new = "another fine password"
    body = {"current_password": "a wrong one", "new_password": new}
    told = phone.post("account/password/change", body)
    assert_error(told, 400, "enter_current_password", "current_password")
    body["current_password"] = PASSWORD
    assert phone.post("account/password/change", body).status_code == 200
    assert (works(phone), works(tablet)) == (True, False)
    assert_error(Phone().log_in(alice.email), 400, "email_password_mismatch", "password")
    assert Phone().log_in(alice.email, new).status_code == 200


def test_a_reset_password_ends_every_device(alice):
    phone, new = signed_in(alice), "another fine password"
    other = Phone()
    assert_error(
        other.post("auth/password/request", {"email": alice.email}), 401, "not_authenticated"
    )
    response = other.post("auth/password/reset", {"key": mailed_code(), "password": new})
    assert_error(response, 401, "not_authenticated")
    assert not works(phone)
    assert Phone().log_in(alice.email, new).status_code == 200


def test_a_disabled_account_is_refused_and_comes_back(alice):
    """SEED-27."""
    phone = signed_in(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert_error(phone.get(ME), 401, "authentication_failed")
    assert_error(Phone().log_in(alice.email), 401, "not_authenticated")


def test_a_deleted_account_is_refused(alice):
    phone = signed_in(alice)
    alice.delete()
    assert_error(phone.get(ME), 401, "authentication_failed")
    assert_error(phone.get("auth/session"), 401, "not_authenticated")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "short",
        "a" * 32,
        "A" * 32,
        "a" * 33,
        "a" * 31 + "\0",
        "é" * 32,
        "a b",
        "a" * 10_000,
        "%00",
    ],
)
@pytest.mark.parametrize("header", ["Authorization", "X-Session-Token"])
def test_a_bad_token_is_401(client, token, header):
    value = f"Bearer {token}" if header == "Authorization" else token
    response = APIClient().get(ME, headers={header: value})
    assert_error(response, 401, "authentication_failed")


def test_no_token_is_401():
    assert_error(APIClient().get(ME), 401, "not_authenticated")


def test_an_expired_token_is_401(api, alice):
    phone = api(alice)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert_error(phone.get(ME), 401, "authentication_failed")


@pytest.mark.parametrize(
    "header",
    ["Token {}", "{}", "Basic {}", "Bearer {0} {0}", "Bearer {0}, Bearer {0}", "Bearer={}"],
)
def test_a_good_token_in_an_odd_header_is_401(alice, header):
    token = bearer_token(alice)
    response = APIClient().get(ME, HTTP_AUTHORIZATION=header.format(token))
    assert response.status_code == 401
    assert APIClient().get(f"{ME}?token={token}&access_token={token}").status_code == 401


def test_both_headers_of_the_mobile_guide_work(alice):
    token = bearer_token(alice)
    for headers in ({"Authorization": f"bearer {token}"}, {"X-Session-Token": token}):
        assert APIClient().get(ME, headers=headers).status_code == 200
    mixed = {"Authorization": "Bearer wrong", "X-Session-Token": token}
    assert APIClient().get(ME, headers=mixed).status_code == 401


def test_basic_authentication_is_no_door(alice):
    client = APIClient()
    client.credentials(
        HTTP_AUTHORIZATION="Basic YWxpY2VAZXhhbXBsZS5jb206Y29ycmVjdCBob3JzZSBiYXR0ZXJ5"
    )
    assert_error(client.get(ME), 401, "not_authenticated")


def test_an_authenticated_call_asks_the_database_twice(api, alice, django_assert_num_queries):
    client = api(alice)
    with django_assert_num_queries(2):
        assert client.get(ME).status_code == 200


@pytest.mark.usefixtures("clock")
def test_a_device_in_use_stays_signed_in(alice, django_assert_num_queries):
    """The expiry slides, with at most one write a day."""
    phone = signed_in(alice)
    with django_assert_num_queries(2):
        assert works(phone)
    not_used_for_a_week(phone.token)
    assert works(phone)
    assert_in_use(phone.token)
    with django_assert_num_queries(2):
        assert works(phone)


@pytest.mark.usefixtures("clock")
def test_a_browser_in_use_stays_signed_in(alice, django_assert_num_queries):
    """As a device; its cookie is renewed with the session."""
    browser = browser_of(alice)
    key = browser.cookies["sessionid"].value
    with django_assert_num_queries(2):
        assert "sessionid" not in browser.get("/account/").cookies
    not_used_for_a_week(key)
    response = browser.get("/account/")
    assert response.cookies["sessionid"].value == key
    assert response.cookies["sessionid"]["max-age"] == 90 * 24 * 3600
    assert_in_use(key)
    with django_assert_num_queries(2):
        assert "sessionid" not in browser.get("/account/").cookies


def test_the_sessions_page_says_when_each_was_last_in_use(alice):
    browser, other = browser_of(alice), browser_of(alice)
    for client in (browser, other):
        not_used_for_a_week(client.cookies["sessionid"].value)
    page = browser.get("/auth/sessions/").text
    assert page.count("last seen now") == 1
    assert page.count("last seen 1\xa0week ago") == 1


def test_a_page_for_everybody_is_no_use(alice, django_assert_num_queries):
    browser = browser_of(alice)
    not_used_for_a_week(browser.cookies["sessionid"].value)
    with django_assert_num_queries(0):
        assert browser.get("/healthz/").status_code == 200


def test_a_log_out_while_the_expiry_moves_is_401_and_not_500(alice, monkeypatch):
    phone = signed_in(alice)

    def now_and_log_out() -> float:
        SessionStore().delete(phone.token)
        return 4e9

    monkeypatch.setattr("accounts.sessions.time.time", now_and_log_out)
    assert_error(phone.get(ME), 401, "authentication_failed")


def test_a_device_that_is_ended_while_it_asks_is_told_so(alice, monkeypatch):
    """What the request has put into its session has nowhere to go."""
    phone = logged_in(alice)

    def ended() -> str:
        Session.objects.all().delete()
        return "A" * 32

    monkeypatch.setattr("allauth.mfa.totp.internal.auth.generate_totp_secret", ended)
    assert_error(phone.get(TOTP), 401, "session_gone")


def test_a_rotated_secret_key_keeps_phones_signed_in(settings, api, alice):
    client = api(alice)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 5
    assert client.get(ME).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(ME).status_code == 200


def test_a_phone_is_not_a_browser_and_needs_no_csrf_token(alice):
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(alice)}")
    assert client.patch(ME, {"name": "Alice"}).status_code == 200


def test_a_browser_needs_one(alice):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.get(ME).status_code == 200
    assert_error(client.patch(ME, {"name": "Alice"}), 403, "permission_denied")


def test_the_public_routes_stay_public():
    assert Phone().get("config").status_code == 200
    assert_error(Phone().get("auth/session"), 401, "not_authenticated")
    assert Client().get("/api/schema/").status_code == 200


@pytest.mark.parametrize(
    "route",
    [
        "account/phone",
        "auth/phone/verify",
        "auth/phone/verify/resend",
        "auth/code/confirm",
        "tokens/refresh",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_what_is_not_offered_is_404(api, alice, route, method):
    """Allauth mounts these without a model behind them, where some would be 500."""
    for client in (api(alice), APIClient()):
        response = getattr(client, method)(f"/api/auth/app/v1/{route}", {})
        assert_error(response, 404, "not_found")
