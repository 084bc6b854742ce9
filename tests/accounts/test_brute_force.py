"""Guessing passwords all at once is no way around the limits: they are exact, not nearly so."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.test import Client

from tests.accounts.conftest import PASSWORD, Phone
from tests.accounts.factors import CODES, FINISH, code_of, half_logged_in, set_up_app
from tests.conftest import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

GUESSES = 30
WRONG = "a wrong password"
Guess = Callable[[str, str, str], int]


def by_api(email: str, address: str, forged: str, password: str = WRONG) -> int:
    body = {"email": email, "password": password}
    return int(Phone(address).post("auth/login", body, **{"X-Forwarded-For": forged}).status_code)


def by_page(email: str, address: str, forged: str) -> int:
    fields = {"login": email, "password": "a wrong password"}
    headers = {"X-Forwarded-For": forged}
    response = Client(REMOTE_ADDR=address).post("/auth/login/", fields, headers=headers)
    return {200: 400}.get(response.status_code, response.status_code)  # the page shows its errors


def together(guess: Guess, emails: list[str], addresses: list[str]) -> Counter[int]:
    """How often each status was answered to guesses that start in the same instant."""
    start, statuses = threading.Barrier(len(emails)), []

    def run(number: int) -> None:
        try:
            start.wait()
            statuses.append(guess(emails[number], addresses[number], f"10.0.0.{number}"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(emails))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.vendor == "postgresql"
    return Counter(statuses)


@pytest.mark.parametrize("guess", [by_api, by_page])
def test_of_simultaneous_guesses_for_one_account_five_are_looked_at(guess):
    """From as many addresses as there are guesses."""
    alice = make_user("alice@example.com")
    addresses = [f"198.51.100.{number}" for number in range(GUESSES)]
    assert together(guess, [alice.email] * GUESSES, addresses) == {400: 5, 429: 25}


@pytest.mark.parametrize("guess", [by_api, by_page])
def test_of_simultaneous_guesses_from_one_address_ten_are_looked_at(guess):
    """For as many accounts as there are guesses."""
    emails = [f"user{number}@example.com" for number in range(GUESSES)]
    assert together(guess, emails, ["198.51.100.1"] * GUESSES) == {400: 10, 429: 20}


@pytest.mark.parametrize("kind", ["app", "recovery codes", "page", "proof"])
def test_of_simultaneous_guesses_at_a_second_step_five_are_looked_at(kind):
    """From as many addresses and half-opened sessions as there are guesses."""
    alice = make_user("alice@example.com")
    owner = Phone("203.0.113.1")
    owner.log_in(alice.email)
    set_up_app(owner)

    def by_code(email: str, address: str, forged: str) -> int:
        phone = Phone(address)
        phone.token = halves[address]
        route = "auth/2fa/reauthenticate" if kind == "proof" else FINISH
        code = "00000000" if kind == "recovery codes" else "000000"
        headers = {"X-Forwarded-For": forged, "Device-Token": forged}
        return int(phone.post(route, {"code": code}, **headers).status_code)

    def by_form(email: str, address: str, forged: str) -> int:
        headers = {"X-Forwarded-For": forged}
        form = {"code": "000000"}
        response = browsers[address].post("/auth/2fa/authenticate/", form, headers=headers)
        return {200: 400}.get(response.status_code, response.status_code)

    addresses = [f"198.51.100.{number}" for number in range(GUESSES)]
    browsers = {address: Client(REMOTE_ADDR=address) for address in addresses}
    halves = {}
    for address, browser in browsers.items():
        browser.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
        halves[address] = owner.token if kind == "proof" else half_logged_in(alice, address).token
    guess = by_form if kind == "page" else by_code
    assert together(guess, [alice.email] * GUESSES, addresses) == {400: 5, 429: 25}


@pytest.mark.parametrize("kind", ["app", "recovery code"])
def test_of_simultaneous_uses_of_one_code_one_logs_in(settings, kind):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,100/5m/key"}
    alice = make_user("alice@example.com")
    owner = Phone("203.0.113.1")
    owner.log_in(alice.email)
    secret = set_up_app(owner)
    codes = owner.get(CODES).json()["data"]["unused_codes"]
    code = code_of(secret, steps=1) if kind == "app" else codes[0]
    addresses = [f"198.51.100.{number}" for number in range(12)]
    halves = {address: half_logged_in(alice, address).token for address in addresses}

    def use(email: str, address: str, forged: str) -> int:
        phone = Phone(address)
        phone.token = halves[address]
        return int(phone.post(FINISH, {"code": code}).status_code)

    assert together(use, [alice.email] * 12, addresses) == {200: 1, 400: 11}


def test_of_simultaneous_log_ins_with_the_right_password_all_succeed(settings):
    """Devices and workers of one person start together; none of them is 429 beside the others."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]  # takes time
    alice = make_user("alice@example.com")

    def right(email: str, address: str, forged: str) -> int:
        return by_api(email, address, forged, PASSWORD)

    addresses = [f"198.51.100.{number}" for number in range(8)]
    assert together(right, [alice.email] * 8, addresses) == {200: 8}
