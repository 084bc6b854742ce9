"""Mailed codes under attack: three guesses, one use, none after a change."""

import re
import threading
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from allauth.account import forms
from allauth.account.internal.flows import password_reset
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.headless.account import inputs
from django.core import mail
from django.db import connection, connections
from django.test import Client
from django.utils.crypto import constant_time_compare

from accounts import codes
from accounts.models import User
from tests.accounts.conftest import PASSWORD, Phone, mailed_code
from tests.conftest import make_user

NEW, NEWER = "another fine password", "a third fine password"
WRONG = "XXXX-XXXX"


def asked(email: str, address: str = "203.0.113.7") -> tuple[Phone, str]:
    """A phone that has asked for a new password, and the code of the mail."""
    phone = Phone(address)
    phone.post("auth/password/request", {"email": email})
    return phone, mailed_code()


def reset(phone: Phone, code: str, password: str = NEW) -> int:
    return int(phone.post("auth/password/reset", {"key": code, "password": password}).status_code)


def has_password(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


def test_a_code_sets_a_password_once(alice):
    phone, code = asked(alice.email)
    assert (reset(phone, code), has_password(alice, NEW)) == (401, True)
    assert (reset(phone, code, NEWER), has_password(alice, NEW)) == (409, True)


def test_what_others_change_meanwhile_leaves_the_code_alive(alice):
    """They are before and behind the account in every order."""
    others = [make_user(f"{n}@example.com", id=UUID(int=n)) for n in (0, 2**128 - 1)]
    phone, code = asked(alice.email)
    for person in others:
        person.set_password(NEWER)
        person.save()
        EmailAddress.objects.create(user=person, email=f"new-{person.email}")
    assert (reset(phone, code), has_password(alice, NEW)) == (401, True)
    assert [has_password(person, NEWER) for person in others] == [True, True]


def test_three_guesses_and_the_code_is_dead(alice):
    phone, code = asked(alice.email)
    assert [reset(phone, WRONG) for _ in range(3)] == [400] * 3
    assert (reset(phone, code), has_password(alice, PASSWORD)) == (409, True)


def test_an_address_without_an_account_behaves_the_same(alice):
    known, _code = asked(alice.email)
    unknown = Phone()
    unknown.post("auth/password/request", {"email": "nobody@example.com"})
    for phone in (known, unknown):
        assert [reset(phone, WRONG) for _ in range(4)] == [400, 400, 400, 409]


def test_a_code_that_is_checked_is_not_used_up(alice):
    phone, code = asked(alice.email)
    for wrong in (WRONG, code, WRONG, code, code):
        told = phone.get("auth/password/reset", **{"X-Password-Reset-Key": wrong})
        assert told.status_code == (400 if wrong == WRONG else 200)
    assert reset(phone, code) == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda user, phone: reset(*asked(user.email, "203.0.113.8"), NEWER),
        lambda user, phone: phone.post(
            "account/password/change", {"current_password": PASSWORD, "new_password": NEWER}
        ),
        lambda user, phone: EmailAddress.objects.create(user=user, email="a2@example.com"),
        lambda user, phone: EmailAddress.objects.filter(user=user).update(email="a3@example.com"),
        lambda user, phone: User.objects.filter(pk=user.pk).update(email="a4@example.com"),
    ],
    ids=[
        "another reset",
        "a change of the password",
        "a new address",
        "another address",
        "another log-in",
    ],
)
@pytest.mark.parametrize("by_page", [True, False], ids=["page", "API"])
def test_a_code_is_dead_after_any_change(alice, change, by_page):
    """A thief who asked before its owner changed it."""
    owner = Phone()
    owner.log_in(alice.email)
    thief, browser, code = Phone("203.0.113.9"), Client(), ""
    if by_page:
        browser.post("/auth/password/reset/", {"email": alice.email})
        told = browser.post("/auth/password/reset/confirm/", {"code": mailed_code()})
        assert told["Location"] == "/auth/password/reset/complete/"
    else:
        thief, code = asked(alice.email)
    change(alice, owner)
    before = User.objects.get(pk=alice.pk).password
    if by_page:
        fields = {"password1": "the thief's password", "password2": "the thief's password"}
        assert browser.post("/auth/password/reset/complete/", fields).status_code == 302
    else:
        assert reset(thief, code, "the thief's password") == 409
    assert User.objects.get(pk=alice.pk).password == before


@pytest.mark.parametrize(
    "typed",
    ["{0}-{1}", "{0}{1}", " {0} {1} ", "{0}–{1}", "{0}‑{1}", "{0}\N{ZERO WIDTH SPACE}{1}\u200b"],  # noqa: RUF001
)
def test_a_code_is_understood_as_people_type_it(alice, typed):
    phone, code = asked(alice.email)
    first, second = code.lower().split("-")
    assert reset(phone, typed.format(first, second)) == 401
    assert has_password(alice, NEW)


def test_a_code_may_be_typed_in_wide_letters(alice):
    phone, code = asked(alice.email)
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code.lower())
    assert reset(phone, wide) == 401


def test_a_code_lives_for_a_quarter_of_an_hour(alice, clock):
    phone, code = asked(alice.email)
    clock.shift(timedelta(seconds=901))
    assert (reset(phone, code), has_password(alice, PASSWORD)) == (409, True)


def test_a_person_sets_a_new_password_on_the_page(alice):
    browser = Client()
    browser.post("/auth/password/reset/", {"email": alice.email})
    path = "/auth/password/reset/confirm/"
    assert browser.post(path, {"code": WRONG}).status_code == 200
    told = browser.post(path, {"code": mailed_code()})
    assert told["Location"] == "/auth/password/reset/complete/"
    fields = {"password1": NEW, "password2": NEW}
    assert browser.post(told["Location"], fields).status_code == 302
    assert has_password(alice, NEW)
    again = {"password1": NEWER, "password2": NEWER}
    assert browser.post(told["Location"], again).status_code == 302
    assert has_password(alice, NEW)


def test_a_guess_beyond_the_third_is_not_compared(alice, monkeypatch):
    """Even if it read the session before the others were counted."""
    monkeypatch.setattr(codes.Seal, "is_dead", lambda seal, user: False)
    seal = codes.Seal.of("ABCD-EFGH", alice)
    guesses = ["x", "y", "abcdefgh", "z", "abcd-efgh"]
    assert [seal.opens_with(guess) for guess in guesses] == [False, False, True, False, False]


def test_a_code_of_the_release_before_is_no_code(alice):
    """It stood in the session as it is; its owner asks for another."""
    assert codes.is_right(actual="ab٢٣ ۴\uff15", expected=str(codes.Seal.of("AB23-45", alice)))
    assert not codes.is_right(actual="ABCD-EFGH", expected="ABCD-EFGH")
    assert not codes.is_right(actual="", expected="")


# --- Codes that prove an address ------------------------------------------------------------------


@pytest.fixture
def newcomer(mandatory) -> tuple[Phone, str]:
    phone = Phone()
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    return phone, mailed_code()


def verify(phone: Phone, code: str) -> int:
    return int(phone.post("auth/email/verify", {"key": code}).status_code)


def test_an_address_is_proved_once(newcomer):
    phone, code = newcomer
    assert (verify(phone, code), verify(phone, code)) == (200, 409)


def test_three_guesses_at_the_proof_of_an_address(newcomer):
    phone, code = newcomer
    assert [verify(phone, each) for each in (WRONG, WRONG, WRONG, code)] == [400, 400, 400, 409]
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_another_code_ends_the_first(mandatory, clock):
    phone = Phone()
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    first = mailed_code()
    assert verify(phone, WRONG) == 400
    clock.shift(60)
    assert phone.post("auth/email/verify/resend").status_code == 200
    second = mailed_code()
    assert (verify(phone, first), verify(phone, second)) == (400, 200)


def test_the_proof_of_an_address_is_dead_after_a_new_password(newcomer):
    phone, code = newcomer
    carol = User.objects.get(email="carol@example.com")
    carol.set_password(NEW)
    carol.save()
    assert verify(phone, code) == 409
    assert not EmailAddress.objects.filter(verified=True).exists()


@pytest.mark.usefixtures("mandatory")
def test_a_code_that_somebody_else_used_meanwhile_leads_back(alice, monkeypatch):
    """Of two at once, the second is told so: on the page, and in the API."""
    browser = Client()
    browser.post("/auth/signup/", {"email": "carol@example.com", "password1": PASSWORD})
    monkeypatch.setattr(codes.Seal, "use", lambda seal: False)
    told = browser.post("/auth/confirm-email/", {"code": mailed_code()})
    assert (told.status_code, told["Location"]) == (302, "/auth/login/")
    phone, code = asked(alice.email)
    assert reset(phone, code) == 409
    assert has_password(alice, PASSWORD)


# --- All at once ----------------------------------------------------------------------------------


def together(number: int, act) -> list[int]:
    start, told = threading.Barrier(number), []

    def run(each: int) -> None:
        try:
            start.wait()
            told.append(act(each))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.vendor == "postgresql"
    return told


def clone(phone: Phone, number: int) -> Phone:
    """The same session, from another address."""
    other = Phone(f"198.51.100.{number}")
    other.token = phone.token
    return other


@pytest.fixture
def compared(monkeypatch) -> list[str]:
    """What is compared with a code, of all that is guessed."""
    guesses: list[str] = []
    original = constant_time_compare

    def note(one: str, other: str) -> bool:
        guesses.append(one)
        return bool(original(one, other))

    monkeypatch.setattr(codes, "constant_time_compare", note)
    monkeypatch.setattr(codes, "_account_hash", lambda user: "the same")
    return guesses


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_simultaneous_guesses_three_are_compared(compared):
    alice = make_user("alice@example.com")
    phone, _code = asked(alice.email)
    told = together(24, lambda number: reset(clone(phone, number), f"XXXX-XX{number:02}"))
    assert set(told) <= {400, 409}
    assert len([guess for guess in compared if re.fullmatch("[0-9a-f]{64}", guess)]) == 3
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_simultaneous_uses_of_one_code_one_sets_the_password():
    alice = make_user("alice@example.com")
    phone, code = asked(alice.email)
    passwords = [f"{NEW} {number}" for number in range(8)]
    told = together(8, lambda number: reset(clone(phone, number), code, passwords[number]))
    assert Counter(told)[401] == 1
    assert sum(has_password(alice, password) for password in passwords) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_several_codes_used_at_once_one_sets_the_password():
    alice = make_user("alice@example.com")
    pairs = [asked(alice.email, f"203.0.113.{number}") for number in range(4)]
    told = together(4, lambda number: reset(*pairs[number], f"{NEW} {number}"))
    assert Counter(told) == {401: 1, 409: 3}


@pytest.mark.usefixtures("mandatory")
@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_simultaneous_uses_of_one_code_one_confirms_an_address():
    browsers = [Client() for _ in range(8)]
    browsers[0].post("/auth/signup/", {"email": "carol@example.com", "password1": PASSWORD})
    code = mailed_code()
    for browser in browsers[1:]:
        browser.cookies.load(browsers[0].cookies.output(attrs=[], header=""))
    confirmed = []

    def note(email_address, **_signal):
        confirmed.append(email_address.email)

    email_confirmed.connect(note)
    try:
        together(
            8,
            lambda number: (
                browsers[number].post("/auth/confirm-email/", {"code": code}).status_code
            ),
        )
    finally:
        email_confirmed.disconnect(note)
    assert confirmed == ["carol@example.com"]


def test_every_name_of_allauth_is_ours():
    """Its forms hold names of their own, which an update may change."""
    assert forms.compare_user_code is inputs.compare_user_code is codes.is_right
    assert password_reset.reset_password is codes.reset_password
