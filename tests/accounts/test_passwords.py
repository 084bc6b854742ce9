"""One password is one password, whatever keyboard, form and way in."""

import io
import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import Phone, mailed_code
from tests.accounts.test_admin import NO_ADDRESSES

COMPOSED = "caf\u00e9 caf\u00e9 caf\u00e9"
DECOMPOSED = "cafe\u0301 cafe\u0301 cafe\u0301"
WIDE = "\uff43af\u00e9 caf\u00e9 caf\u00e9"
BLANKS = "  two blanks before, one after "


def by_api(email: str, password: str) -> bool:
    return bool(Phone().log_in(email, password).status_code == 200)


def by_page(email: str, password: str) -> bool:
    form = {"login": email, "password": password}
    return Client().post("/auth/login/", form).status_code == 302


def signed_up_by_api(email: str, password: str) -> None:
    assert Phone().post("auth/signup", {"email": email, "password": password}).status_code == 200


def signed_up_on_the_page(email: str, password: str) -> None:
    form = {"email": email, "password1": password}
    assert Client().post("/auth/signup/", form).status_code == 302


def changed_by_api(email: str, password: str) -> None:
    User.objects.create_user(email, "the first password")
    phone = Phone()
    phone.log_in(email, "the first password")
    body = {"current_password": "the first password", "new_password": password}
    assert phone.post("account/password/change", body).status_code == 200


def changed_on_the_page(email: str, password: str) -> None:
    User.objects.create_user(email, "the first password")
    browser = Client()
    browser.post("/auth/login/", {"login": email, "password": "the first password"})
    fields = {"oldpassword": "the first password", "password1": password, "password2": password}
    assert browser.post("/auth/password/change/", fields).status_code == 302


def reset_by_api(email: str, password: str) -> None:
    User.objects.create_user(email, "the first password")
    phone = Phone()
    phone.post("auth/password/request", {"email": email})
    body = {"key": mailed_code(), "password": password}
    assert phone.post("auth/password/reset", body).status_code == 401


def reset_on_the_page(email: str, password: str) -> None:
    User.objects.create_user(email, "the first password")
    browser = Client()
    browser.post("/auth/password/reset/", {"email": email})
    browser.post("/auth/password/reset/confirm/", {"code": mailed_code()})
    fields = {"password1": password, "password2": password}
    assert browser.post("/auth/password/reset/complete/", fields).status_code == 302


def admin() -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("boss@example.com", "the boss's password"))
    return browser


def added_in_the_admin(email: str, password: str) -> None:
    fields = {"password1": password, "password2": password, "usable_password": "true"}
    told = admin().post("/admin/accounts/user/add/", {"email": email, **fields, **NO_ADDRESSES})
    assert told.status_code == 302


def set_in_the_admin(email: str, password: str) -> None:
    user = User.objects.create_user(email, "the first password")
    fields = {"password1": password, "password2": password, "usable_password": "true"}
    assert admin().post(f"/admin/accounts/user/{user.pk}/password/", fields).status_code == 302


def by_command(email: str, password: str, monkeypatch=None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
        call_command("createsuperuser", interactive=False, email=email, stdout=io.StringIO())


WAYS = (
    signed_up_by_api,
    signed_up_on_the_page,
    changed_by_api,
    changed_on_the_page,
    reset_by_api,
    reset_on_the_page,
    added_in_the_admin,
    set_in_the_admin,
    by_command,
)


@pytest.mark.parametrize("way", WAYS)
def test_a_password_is_the_same_at_every_way_in(db, way):
    way("carol@example.com", DECOMPOSED)
    for password in (COMPOSED, DECOMPOSED, WIDE):
        assert by_api("carol@example.com", password), password
        assert by_page("carol@example.com", password), password
    assert not by_api("carol@example.com", "cafe cafe cafe")


@pytest.mark.parametrize("way", WAYS)
def test_blanks_are_a_part_of_it_at_every_way_in(db, way):
    way("carol@example.com", BLANKS)
    assert by_api("carol@example.com", BLANKS)
    assert by_page("carol@example.com", BLANKS)
    assert not by_api("carol@example.com", BLANKS.strip())
    assert not by_page("carol@example.com", BLANKS.strip())


def hashed_as_typed(user: User, password: str) -> User:
    User.objects.filter(pk=user.pk).update(password=make_password(password))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def of_before(alice) -> User:
    return hashed_as_typed(alice, DECOMPOSED)


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("log_in", [by_api, by_page])
def test_a_password_of_before_is_hashed_anew_at_a_log_in(alice, log_in, blank):
    decomposed, composed = (f"{blank}{each}{blank}" for each in (DECOMPOSED, COMPOSED))
    of_before = hashed_as_typed(alice, decomposed)
    assert not log_in(of_before.email, composed)
    assert log_in(of_before.email, decomposed)
    stored = User.objects.get(pk=of_before.pk).password
    assert stored != of_before.password
    assert log_in(of_before.email, composed)
    assert log_in(of_before.email, decomposed)
    assert User.objects.get(pk=of_before.pk).password == stored


def test_a_proof_within_a_session_ends_no_session(of_before, web):
    """A new hash would end it, so the next log-in makes it."""
    browser = web(of_before)
    path = "/auth/reauthenticate/"
    assert browser.post(path, {"password": DECOMPOSED}).status_code == 302
    assert browser.get("/account/").status_code == 200
    assert User.objects.get(pk=of_before.pk).password == of_before.password


def test_an_account_whose_blanks_the_api_has_cut_off_is_entered_with_them(alice):
    alice.set_password(BLANKS.strip())
    alice.save()
    assert by_api(alice.email, BLANKS)
    assert by_page(alice.email, BLANKS.strip())


def test_an_account_without_a_password_has_none(alice):
    alice.set_password(None)
    assert not alice.has_usable_password()
    assert not alice.check_password("")
    assert not alice.check_password(None)


@pytest.mark.parametrize("password", ["a plain one", DECOMPOSED, BLANKS])
def test_an_unknown_address_takes_as_long_as_a_known_one(alice, monkeypatch, password):
    """Each hash is what takes the time."""
    count: list[str] = []
    encode = MD5PasswordHasher.encode

    def note(hasher, password, salt):
        count.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", note)
    Phone().log_in(alice.email, password)
    known, count[:] = len(count), []
    Phone().log_in("nobody@example.com", password)
    assert len(count) == known


def test_wide_digits_are_digits(db):
    """A password is judged in the form that is hashed."""
    body = {"email": "carol@example.com", "password": "\uff17\uff13519846203"}
    told = Phone().post("auth/signup", body)
    assert told.json()["errors"][0]["code"] == "password_entirely_numeric"


def test_a_long_password_of_any_characters_is_taken_whole(alice):
    long = "".join(chr(33 + number % 90) for number in range(500))
    alice.set_password(long)
    alice.save()
    assert Phone().log_in(alice.email, long).status_code == 200
    assert Phone().log_in(alice.email, long[:-1]).status_code == 400


def test_fields_for_passwords_hide_them_and_help_password_managers(web, alice):
    """ASVS 6.2.6 and 6.2.7."""
    entrances = [Client().get(path).text for path in ("/auth/login/", "/auth/signup/")]
    page = web(alice).get("/auth/password/change/").text
    fields = [re.findall(r'<input[^>]*name="[^"]*password[^>]*>', text) for text in entrances]
    fields += [re.findall(r'<input[^>]*name="[^"]*password[^>]*>', page)]
    assert [len(each) for each in fields] == [1, 1, 3]
    for field in (each for found in fields for each in found):
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "onpaste" not in field
