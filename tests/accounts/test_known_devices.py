"""A stranger who locks an account does not lock out its owner's devices."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import signing
from django.test import Client

from accounts import login_throttle
from accounts.login_throttle import begin_guess
from tests.accounts.conftest import PASSWORD, Phone, mailed_code
from tests.accounts.test_doors import LOCKED, lock_out, page_log_in


@pytest.fixture(autouse=True)
def _clock(clock) -> None:
    """All guesses are within one window."""


def known_browser(email: str) -> Client:
    """It has logged in, and out again."""
    browser = Client(REMOTE_ADDR="203.0.113.1")
    assert browser.post("/auth/login/", {"login": email, "password": PASSWORD}).status_code == 302
    browser.post("/auth/logout/")
    return browser


def known_phone(email: str) -> tuple[Phone, str]:
    phone = Phone("203.0.113.2")
    told = phone.log_in(email)
    phone.token = None
    return phone, told["Device-Token"]


def log_in(browser: Client, email: str, password: str = PASSWORD) -> int:
    return browser.post("/auth/login/", {"login": email, "password": password}).status_code


def by_phone(phone: Phone, token: str, email: str, password: str = PASSWORD) -> int:
    body = {"email": email, "password": password}
    return int(phone.post("auth/login", body, **{"Device-Token": token}).status_code)


def test_a_browser_that_logged_in_before_passes_the_lock(alice):
    browser = known_browser(alice.email)
    lock_out(alice.email)
    assert page_log_in(alice.email, address="203.0.113.1").status_code == 429
    assert log_in(browser, alice.email) == 302


def test_a_phone_that_logged_in_before_passes_the_lock(alice):
    phone, token = known_phone(alice.email)
    lock_out(alice.email)
    assert phone.log_in(alice.email).status_code == 429
    assert by_phone(phone, token, alice.email) == 200


def test_a_device_has_five_guesses_of_its_own_and_takes_none_from_others(alice):
    browser = known_browser(alice.email)
    tries = [log_in(browser, alice.email, "a wrong password") for _ in range(6)]
    assert tries == [200] * 5 + [429]
    assert page_log_in(alice.email, address="203.0.113.9").status_code == 302


def test_all_devices_of_an_account_have_twenty_guesses_together(alice, bob, monkeypatch):
    tokens = [known_phone(alice.email)[1] for _ in range(6)]
    statuses = [
        by_phone(Phone(f"203.0.113.{number}"), tokens[number // 4], alice.email, "wrong")
        for number in range(21)
    ]
    assert statuses == [400] * 20 + [429]
    phone, token = known_phone(bob.email)
    assert by_phone(phone, token, bob.email) == 200


def test_a_device_that_keeps_its_token_gets_no_second_one(alice):
    phone, token = known_phone(alice.email)
    body = {"email": alice.email, "password": PASSWORD}
    again = phone.post("auth/login", body, **{"Device-Token": token})
    assert signing.loads(again["Device-Token"], salt="accounts.known_devices") == signing.loads(
        token, salt="accounts.known_devices"
    )


@pytest.mark.parametrize(
    "forge",
    [
        lambda token, bob: token[:-1] + ("a" if token[-1] != "a" else "b"),
        lambda token, bob: signing.dumps([str(bob.pk), "x"], salt="another"),
        lambda token, bob: known_phone(bob.email)[1],
        lambda token, bob: "",
    ],
    ids=["changed", "of another signer", "of another person", "none"],
)
def test_a_token_of_nobody_or_of_another_opens_nothing(alice, bob, forge):
    forged = forge(known_phone(alice.email)[1], bob)
    lock_out(alice.email)
    assert by_phone(Phone("203.0.113.9"), forged, alice.email) == 429


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (1, 429)])
def test_a_token_ends_after_a_year(alice, clock, seconds, status):
    phone, token = known_phone(alice.email)
    clock.shift(timedelta(days=365, seconds=seconds))
    lock_out(alice.email)
    assert by_phone(phone, token, alice.email) == status


def test_a_device_is_known_by_every_proved_address_and_by_no_other(alice):
    EmailAddress.objects.create(user=alice, email="a2@example.com", verified=True)
    EmailAddress.objects.create(user=alice, email="a3@example.com", verified=False)
    phone, token = known_phone(alice.email)
    for email in ("a2@example.com", "a3@example.com"):
        lock_out(email)
    assert by_phone(phone, token, "a2@example.com") == 200
    assert by_phone(phone, token, "a3@example.com") == 429


def test_the_cookie_is_for_the_server_alone(alice, settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = page_log_in(alice.email).cookies["device"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert cookie["max-age"] == 365 * 24 * 3600
    assert "device" not in Phone().log_in(alice.email).cookies


def test_a_reset_opens_the_lock_of_the_device_too(alice):
    phone, token = known_phone(alice.email)
    assert [by_phone(phone, token, alice.email, "wrong") for _ in range(5)] == [400] * 5
    phone.post("auth/password/request", {"email": alice.email})
    body = {"key": mailed_code(), "password": "another fine password"}
    phone.post("auth/password/reset", body, **{"Device-Token": token})
    phone.token = None
    assert by_phone(phone, token, alice.email, "another fine password") == 200


# --- Right passwords at the same moment -----------------------------------------------------------


def test_a_right_password_waits_for_those_that_are_being_checked(rf, alice, monkeypatch):
    """Five are being checked; one of them is right, and gives its place back."""
    request = rf.post("/")
    guesses: list[Any] = [begin_guess(request, alice.email) for _ in range(5)]
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        guesses[len(naps)].rollback()

    monkeypatch.setattr("accounts.login_throttle.time.sleep", nap)
    assert begin_guess(request, alice.email) is not None
    assert len(naps) == 1


def test_wrong_passwords_are_not_waited_for(rf, alice, monkeypatch):
    request = rf.post("/")
    for _ in range(5):
        guess = begin_guess(request, alice.email)
        assert guess
        guess.settle()
    monkeypatch.setattr("accounts.login_throttle.time.sleep", None)  # would raise TypeError
    assert begin_guess(request, alice.email) is None
    assert login_throttle.log_in_wait(request) == 300


def test_a_check_that_never_ends_is_not_waited_for(rf, alice, clock, monkeypatch):
    """Its process has died. First a caller loses patience, then the guess counts as wrong."""
    request = rf.post("/")
    for _ in range(5):
        begin_guess(request, alice.email)
    monkeypatch.setattr(login_throttle, "PATIENCE_SECONDS", -1)
    assert begin_guess(request, alice.email) is None
    assert login_throttle.log_in_wait(request) == 1
    clock.shift(20)
    assert begin_guess(request, alice.email) is None
    assert login_throttle.log_in_wait(request) == 280


def test_of_two_limits_the_first_gives_back_what_the_second_refuses(alice):
    """Guesses at a locked account use nothing of the limit of the client's address."""
    lock_out(alice.email)
    for _ in range(12):
        assert Phone("203.0.113.7").log_in(alice.email).json()["errors"][0]["code"] == LOCKED
    assert Phone("203.0.113.7").log_in("nobody@example.com").status_code == 400
