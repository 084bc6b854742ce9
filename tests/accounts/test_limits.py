"""How long a locked log-in stays locked, and what its Retry-After is counted from."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.core.exceptions import RateLimited
from allauth.core.internal import ratelimit
from django.core.management import call_command

from accounts.models import LimitPlace
from accounts.rate_limits import PlacedLimit
from tests.accounts.conftest import PASSWORD, Phone, assert_error

LOCKED = "too_many_login_attempts"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = (0, 10, 20, 100, 200)  # seconds after noon at which a wrong password is sent


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def fail(clock, email: str, *, seconds: int, address: str) -> None:
    clock.move_to(NOON + timedelta(seconds=seconds))
    response = Phone(address).log_in(email, "a wrong password")
    assert_error(response, 400, "email_password_mismatch", "password")


def lock_out(clock, email: str) -> None:
    """By five failures from five addresses, spread over 200 seconds."""
    for number, seconds in enumerate(LATER):
        fail(clock, email, seconds=seconds, address=f"198.51.100.{number}")


@pytest.mark.wide
@pytest.mark.parametrize(
    ("seconds", "wait"),
    [(200, 100), (210, 90), (210.5, 90), (290, 10), (291, 9), (299, 1), (299.9, 1)],
)
def test_an_account_opens_five_minutes_after_the_first_failure(clock, alice, bob, seconds, wait):
    lock_out(clock, alice.email)
    clock.move_to(NOON + timedelta(seconds=seconds))

    response = Phone("203.0.113.7").log_in(alice.email)

    assert_error(response, 429, LOCKED)
    assert response["Retry-After"] == str(wait)
    assert Phone("203.0.113.7").log_in(bob.email).status_code == 200


def test_after_the_wait_one_failure_locks_until_the_second_is_forgotten(clock, alice):
    lock_out(clock, alice.email)
    fail(clock, alice.email, seconds=300, address="203.0.113.7")
    response = Phone("203.0.113.8").log_in(alice.email)
    assert (response.status_code, response["Retry-After"]) == (429, "10")

    clock.move_to(NOON + timedelta(seconds=310))

    assert Phone("203.0.113.8").log_in(alice.email).status_code == 200


def test_a_person_who_waits_as_long_as_told_logs_in(clock, alice, client):
    lock_out(clock, alice.email)
    form = {"login": alice.email, "password": PASSWORD}
    page = client.post("/auth/login/", form, REMOTE_ADDR="203.0.113.7")
    assert (page.status_code, page["Retry-After"]) == (429, "100")

    clock.shift(int(page["Retry-After"]))

    assert client.post("/auth/login/", form, REMOTE_ADDR="203.0.113.7").status_code == 302


def test_an_address_waits_for_its_first_failure_and_an_account_for_its_own(clock, alice, bob):
    """Of two limits that both refuse, the wait is the longer one."""
    lock_out(clock, alice.email)
    for number in range(10):
        email = f"user{number}@example.com"
        fail(clock, email, seconds=201 + number, address="203.0.113.7")
    clock.move_to(NOON + timedelta(seconds=220))

    waits = [Phone("203.0.113.7").log_in(email) for email in (alice.email, bob.email)]

    assert [answer.status_code for answer in waits] == [429, 429]
    assert [answer["Retry-After"] for answer in waits] == ["80", "41"]


def test_an_account_is_locked_in_whatever_case_its_address_is_typed(clock, alice):
    for number, email in enumerate(["alice@example.com", "ALICE@example.com"] * 2):
        fail(clock, email, seconds=number, address=f"198.51.100.{number}")
    fail(clock, "Alice@Example.Com", seconds=5, address="198.51.100.9")

    answers = [Phone("203.0.113.7").log_in(email) for email in (alice.email, "aLICE@EXAMPLE.com")]

    assert [answer.status_code for answer in answers] == [429, 429]


def test_no_limit_is_counted_in_the_cache(settings, clock, alice):
    """A cache that forgets everything at once: in it a fault of the database was a full limit."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    lock_out(clock, alice.email)
    assert_error(Phone("203.0.113.7").log_in(alice.email), 429, LOCKED)
    phone = Phone("203.0.113.8")
    emails = [f"user{number}@example.com" for number in range(21)]
    told = [phone.post("auth/password/request", {"email": email}) for email in emails]
    assert [answer.status_code for answer in told] == [401] * 20 + [429]


def test_a_limit_names_nobody(alice):
    Phone("198.51.100.7").log_in(alice.email, "a wrong password")
    scopes = list(LimitPlace.objects.values_list("scope", flat=True))
    assert len(scopes) == 3  # log-ins and failures of the client, failures of the account
    assert all(re.fullmatch(r"[0-9a-f]{64}", scope) for scope in scopes)


def test_places_go_after_a_day(clock, alice, bob):
    Phone().log_in(alice.email, "a wrong password")
    clock.shift(timedelta(days=1))
    Phone().log_in(bob.email, "a wrong password")
    clock.shift(timedelta(seconds=1))
    call_command("prune", stdout=io.StringIO())
    assert set(LimitPlace.objects.values_list("taken_at", flat=True)) == {NOON + timedelta(days=1)}


def test_a_place_that_another_took_since_is_left_alone(clock, alice):
    """The first caller needed longer than the window."""
    limit = PlacedLimit(scope="a", amount=1, seconds=300)
    first = limit.take(undecided=True)
    clock.shift(300)
    assert limit.take()
    assert first
    first.rollback()
    assert (limit.is_free(), limit.take(), limit.wait()) == (False, None, timedelta(seconds=300))
    limit.clear()
    assert (limit.is_free(), limit.wait()) == (True, timedelta(0))


def test_places_of_a_limit_that_was_wider_do_not_count(clock):
    wide, narrow = (PlacedLimit(scope="a", amount=amount, seconds=300) for amount in (3, 1))
    for _ in range(3):
        assert wide.take()
    LimitPlace.objects.filter(number=0).delete()
    assert (narrow.is_free(), wide.is_free()) == (True, True)
    assert narrow.take()
    assert narrow.wait() == timedelta(seconds=300)


def test_an_unknown_limit_raises_where_allauth_wants_it(rf):
    """allauth asks for an exception where it has no answer of its own."""
    rate = ratelimit.Rate(amount=1, duration=60, per="key")
    rules = {"app": "allauth.account", "action": "a", "rate": rate, "key": "b"}
    take = ratelimit._consume_single_rate
    assert take(rf.post("/"), **rules, raise_exception=True)
    assert take(rf.post("/"), **rules) is None
    with pytest.raises(RateLimited):
        take(rf.post("/"), **rules, raise_exception=True)


def test_a_place_that_another_takes_first_is_passed_by(clock, alice, monkeypatch):
    """What a caller has read may be old when it takes: the statement decides."""
    limit = PlacedLimit(scope="a", amount=2, seconds=300)
    monkeypatch.setattr(PlacedLimit, "_held", lambda self, now: [])
    assert [bool(limit.take()) for _ in range(3)] == [True, True, False]
    assert sorted(str(place) for place in LimitPlace.objects.all()) == ["0 of a", "1 of a"]
