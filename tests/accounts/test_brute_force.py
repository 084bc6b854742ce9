"""Guessing passwords all at once is no way around the limits: they are exact, not nearly so."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.test import Client

from tests.accounts.conftest import PASSWORD, Phone
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


def test_of_simultaneous_log_ins_with_the_right_password_all_succeed(settings):
    """Devices and workers of one person start together; none of them is 429 beside the others."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]  # takes time
    alice = make_user("alice@example.com")

    def right(email: str, address: str, forged: str) -> int:
        return by_api(email, address, forged, PASSWORD)

    addresses = [f"198.51.100.{number}" for number in range(8)]
    assert together(right, [alice.email] * 8, addresses) == {200: 8}
