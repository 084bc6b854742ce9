"""The ways in: how often one may try, and what they tell strangers."""

import threading

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection, connections
from django.test import Client

from accounts.allauth.adapter import AccountAdapter
from accounts.models import User
from tests.accounts.conftest import PASSWORD, Phone, assert_error

LOCKED = "too_many_login_attempts"


def page_log_in(
    email: str, password: str = PASSWORD, address: str = "198.51.100.1", **headers: str
):
    fields = {"login": email, "password": password}
    return Client(REMOTE_ADDR=address).post("/auth/login/", fields, headers=headers)


def lock_out(email: str) -> None:
    for number in range(5):
        response = Phone(f"198.51.100.{number + 1}").log_in(email, "a wrong password")
        assert_error(response, 400, "email_password_mismatch", "password")


@pytest.mark.usefixtures("clock")
def test_five_wrong_passwords_lock_the_account_in_the_api(alice, bob):
    """SEED-09: from wherever they come, for the right password too, for nobody else."""
    lock_out(alice.email)
    response = Phone("203.0.113.7").log_in(alice.email)
    assert_error(response, 429, LOCKED)
    assert response["Retry-After"] == "300"
    assert Phone("198.51.100.1").log_in(bob.email).status_code == 200


@pytest.mark.usefixtures("clock")
def test_five_wrong_passwords_lock_the_account_on_the_page(alice, bob):
    """SEED-09."""
    lock_out(alice.email)
    response = page_log_in(alice.email, address="203.0.113.7")
    assert response.status_code == 429
    assert response["Retry-After"] == "300"
    assert response.wsgi_request.user.is_anonymous
    assert page_log_in(bob.email).status_code == 302


def test_the_spelling_of_the_address_is_no_way_around_the_lock(alice):
    lock_out(alice.email.upper())
    assert_error(Phone().log_in(alice.email), 429, LOCKED)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_a_forged_address_does_not_stretch_a_limit(alice, header):
    """Ten failures a minute from one address, over all accounts."""
    answers = [
        Phone().post(
            "auth/login",
            {"email": f"user{number}@example.com", "password": "wrong"},
            **{header: f"10.0.0.{number}"},
        )
        for number in range(11)
    ]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert_error(answers[-1], 429, LOCKED)
    assert answers[-1]["Retry-After"] == "60"
    assert page_log_in(alice.email, **{header: "10.9.9.9"}).status_code == 429
    assert page_log_in(alice.email, address="198.51.100.2").status_code == 302


@pytest.mark.usefixtures("clock")
def test_the_longer_of_two_locks_is_told(alice):
    lock_out(alice.email)
    for number in range(9):
        Phone().log_in(f"user{number}@example.com", "wrong")
    assert Phone().log_in("bob@example.com")["Retry-After"] == "60"
    assert Phone().log_in(alice.email)["Retry-After"] == "300"


def test_the_wait_grows_shorter(alice, clock):
    lock_out(alice.email)
    clock.shift(100)
    assert Phone().log_in(alice.email)["Retry-After"] == "200"


@pytest.mark.usefixtures("mandatory", "clock")
def test_who_waits_for_a_code_waits_for_the_next_one_and_no_longer():
    """The right password, but a code was mailed a moment ago; allauth gives it the same name."""
    Phone().post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    response = Phone().log_in("carol@example.com")
    assert_error(response, 429, LOCKED)
    assert response["Retry-After"] == "10"
    page = page_log_in("carol@example.com")
    assert (page.status_code, page["Retry-After"]) == (429, "10")


def test_a_reset_opens_the_lock(alice):
    lock_out(alice.email)
    phone = Phone("203.0.113.7")
    phone.post("auth/password/request", {"email": alice.email})
    code = mail.outbox[-1].body
    key = next(line for line in code.splitlines() if len(line) == 9 and line[4] == "-")
    phone.post("auth/password/reset", {"key": key, "password": "another fine password"})
    assert Phone("203.0.113.7").log_in(alice.email, "another fine password").status_code == 200


def test_a_request_without_an_address_is_counted_and_served(alice):
    phone = Phone("")
    assert phone.log_in(alice.email).status_code == 200
    assert phone.get("auth/sessions").json()["data"][0]["ip"] == "::"


def plain(response) -> tuple[int, dict]:
    """The answer without its token."""
    body = response.json()
    body.get("meta", {}).pop("session_token", None)
    return response.status_code, body


@pytest.mark.usefixtures("mandatory")
def test_a_sign_up_tells_nobody_who_has_an_account(alice):
    """SEED-11."""
    known, unknown = (
        Phone().post("auth/signup", {"email": email, "password": PASSWORD})
        for email in (alice.email.upper(), "carol@example.com")
    )
    assert plain(known) == plain(unknown)
    assert known.status_code == 401
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["alice@example.com"], "Nudge: You already have an account"),
        (["carol@example.com"], mail.outbox[1].subject),
    ]


@pytest.mark.usefixtures("mandatory")
def test_a_sign_up_page_tells_nobody_who_has_an_account(alice):
    """SEED-11."""
    known, unknown = (
        Client().post("/auth/signup/", {"email": email, "password1": PASSWORD})
        for email in (alice.email, "carol@example.com")
    )
    assert (known.status_code, known["Location"]) == (302, "/auth/confirm-email/")
    assert (unknown.status_code, unknown["Location"]) == (302, "/auth/confirm-email/")


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """Every password that is hashed, which is what takes the time."""
    passwords: list[str] = []
    encode = MD5PasswordHasher.encode

    def note(hasher, password, salt):
        passwords.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", note)
    return passwords


@pytest.mark.usefixtures("mandatory")
@pytest.mark.parametrize("email", ["alice@example.com", " ALICE@example.com ", "new@example.com"])
def test_a_sign_up_hashes_once_whoever_has_an_account(alice, hashed, email):
    """SEED-11: its time tells nothing either."""
    hashed.clear()
    Phone().post("auth/signup", {"email": email, "password": PASSWORD})
    assert hashed == [PASSWORD]
    User.objects.exclude(pk=alice.pk).delete()
    hashed.clear()
    Client().post("/auth/signup/", {"email": email, "password1": PASSWORD})
    assert hashed == [PASSWORD]


def test_a_reset_tells_nobody_who_has_an_account(alice):
    known, unknown = (
        Phone().post("auth/password/request", {"email": email})
        for email in (alice.email, "nobody@example.com")
    )
    assert plain(known) == plain(unknown)
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]


def test_in_development_a_known_address_is_said_to_be_taken(alice):
    response = Phone().post("auth/signup", {"email": "ALICE@example.com", "password": PASSWORD})
    assert_error(response, 400, "email_taken", "email")
    assert User.objects.count() == 1


@pytest.fixture
def somebody_faster(monkeypatch) -> None:
    """Another sign-up of the same address commits between our look and our insert."""
    original = AccountAdapter.save_user

    def create_first(adapter, request, user, form, commit=True):  # noqa: FBT002
        User.objects.bulk_create([User(email=form.cleaned_data["email"])])
        return original(adapter, request, user, form, commit)

    monkeypatch.setattr(AccountAdapter, "save_user", create_first)


@pytest.mark.usefixtures("somebody_faster")
def test_the_loser_of_two_sign_ups_is_told_that_the_address_is_taken():
    """SEED-11."""
    fields = {"email": "carol@example.com", "password": PASSWORD}
    assert_error(Phone().post("auth/signup", fields), 400, "email_taken", "email")
    response = Client().post("/auth/signup/", {"email": "dave@example.com", "password1": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/auth/signup/")
    assert User.objects.count() == 2


@pytest.mark.usefixtures("somebody_faster", "mandatory")
def test_the_loser_of_two_sign_ups_learns_nothing():
    """SEED-11."""
    fields = {"email": "carol@example.com", "password": PASSWORD}
    response = Phone().post("auth/signup", fields)
    assert_error(response, 401, "not_authenticated")
    assert {"id": "verify_email", "is_pending": True} in response.json()["data"]["flows"]
    response = Client().post("/auth/signup/", {"email": "dave@example.com", "password1": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/auth/confirm-email/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_two_simultaneous_sign_ups_make_one_account():
    """SEED-11."""
    together, statuses = threading.Barrier(2), []

    def sign_up() -> None:
        together.wait()
        fields = {"email": "carol@example.com", "password": PASSWORD}
        statuses.append(Phone().post("auth/signup", fields).status_code)
        connections.close_all()

    threads = [threading.Thread(target=sign_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 400]
    assert connection.vendor == "postgresql"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("a", "password_too_short"),
        ("nine-char", "password_too_short"),
        ("basketball", "password_too_common"),
        ("73519846203", "password_entirely_numeric"),
        ("carol.jones@example.com", "password_too_similar"),
    ],
)
def test_a_weak_password_is_refused(password, code):
    """SEED-08."""
    fields = {"email": "carol.jones@example.com", "password": password}
    response = Phone().post("auth/signup", fields)
    codes = {error["code"] for error in response.json()["errors"]}
    assert response.status_code == 400
    assert code in codes
    page = Client().post("/auth/signup/", {"email": fields["email"], "password1": password})
    assert page.status_code == 200
    assert User.objects.count() == 0


@pytest.mark.parametrize(
    "email",
    [
        "",
        "carol",
        "carol@",
        "@example.com",
        "carol@example",
        "a b@example.com",
        "c@e\0.com",
        "a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 60 + ".com",
    ],
)
def test_a_bad_address_is_400(email):
    """SEED-13; the last one fits the form and not the column."""
    response = Phone().post("auth/signup", {"email": email, "password": PASSWORD})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "email"
    page = Client().post("/auth/signup/", {"email": email, "password1": PASSWORD})
    assert page.status_code == 200
    assert User.objects.count() == 0


@pytest.mark.parametrize(("length", "taken"), [(254, True), (255, False)])
def test_an_address_is_as_long_as_its_column(length, taken):
    email = f"{'a' * (length - 190)}@{'b' * 60}.{'c' * 60}.{'d' * 63}.com"
    response = Phone().post("auth/signup", {"email": email, "password": PASSWORD})
    assert (len(email), response.status_code == 400) == (length, not taken)
    assert User.objects.filter(email=email).exists() == taken
