"""One account for one mailbox, however its address is written, at every way in."""

import importlib
import io

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import PASSWORD, Phone, assert_error, mailed_code
from tests.accounts.test_admin import NO_ADDRESSES
from tests.conftest import make_user

MUNICH = "user@xn--mnchen-3ya.de"
SPELLINGS = [
    "user@münchen.de",
    "USER@XN--MNCHEN-3YA.DE",
    '"user"@mu\N{COMBINING DIAERESIS}nchen.de',
    "\uff55ser@münchen.de",
]
spelt = pytest.mark.parametrize("spelling", SPELLINGS)


@pytest.fixture
def user(db) -> User:
    return make_user(MUNICH)


@spelt
def test_a_sign_up_makes_one_account(db, spelling):
    Phone().post("auth/signup", {"email": spelling, "password": PASSWORD})
    assert User.objects.get().email == EmailAddress.objects.get().email == MUNICH
    again = Phone().post("auth/signup", {"email": MUNICH, "password": PASSWORD})
    assert_error(again, 400, "email_taken", "email")
    page = Client().post("/auth/signup/", {"email": spelling, "password1": PASSWORD})
    assert page.status_code == 200
    assert User.objects.count() == 1


@pytest.mark.usefixtures("mandatory")
@spelt
def test_a_sign_up_with_a_mailbox_in_use_tells_its_owner_only(user, spelling):
    told = Phone().post("auth/signup", {"email": spelling, "password": PASSWORD})
    assert told.status_code == 401
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [
        ([MUNICH], "Nudge: You already have an account")
    ]
    assert User.objects.count() == 1


@spelt
def test_every_spelling_logs_in_and_counts_for_one_lock(user, spelling):
    assert Phone().log_in(spelling).status_code == 200
    assert (
        Client().post("/auth/login/", {"login": spelling, "password": PASSWORD}).status_code == 302
    )
    for number in range(5):
        Phone(f"198.51.100.{number}").log_in(SPELLINGS[number % 4], "a wrong password")
    assert Phone("203.0.113.7").log_in(spelling).status_code == 429


@spelt
def test_a_reset_is_mailed_to_the_address_that_is_stored(user, spelling):
    phone = Phone()
    phone.post("auth/password/request", {"email": spelling})
    assert mail.outbox[-1].to == [MUNICH]
    body = {"key": mailed_code(), "password": "another fine password"}
    assert phone.post("auth/password/reset", body).status_code == 401
    assert Phone().log_in(MUNICH, "another fine password").status_code == 200


@spelt
def test_an_address_of_another_account_is_not_added(user, alice, spelling):
    phone = Phone()
    phone.log_in(alice.email)
    assert_error(phone.post("account/email", {"email": spelling}), 400, "email_taken", "email")
    browser = Client()
    browser.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    page = browser.post("/auth/email/", {"action_add": "", "email": spelling})
    assert 'id="id_email_error"' in page.text
    assert EmailAddress.objects.filter(user=alice).count() == 1


@spelt
def test_an_address_is_added_in_its_one_spelling(alice, spelling):
    phone = Phone()
    phone.log_in(alice.email)
    assert phone.post("account/email", {"email": spelling}).status_code == 200
    assert EmailAddress.objects.filter(user=alice, email=MUNICH).exists()


@spelt
def test_the_admin_adds_no_second_account(web, staff, user, alice, spelling):
    browser = web(staff)
    fields = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    path = "/admin/accounts/user/add/"
    told = browser.post(path, {"email": spelling, **fields, **NO_ADDRESSES})
    assert "email" in told.context["adminform"].form.errors
    assert User.objects.count() == 3
    row = EmailAddress.objects.get(user=alice)
    path = f"/admin/account/emailaddress/{row.pk}/change/"
    browser.post(path, {"user": str(alice.pk), "email": spelling, "verified": "on"})
    row.refresh_from_db()
    assert row.email in (MUNICH, "alice@example.com")
    assert EmailAddress.objects.filter(email=MUNICH, verified=True).count() == 1


@pytest.mark.parametrize("email", ['"a b"@example.com', "user@xn--a.de"])
def test_what_cannot_be_mailed_is_refused(web, staff, alice, email):
    told = Phone().post("auth/signup", {"email": email, "password": PASSWORD})
    assert_error(told, 400, "invalid", "email")
    row = EmailAddress.objects.get(user=alice)
    path = f"/admin/account/emailaddress/{row.pk}/change/"
    told = web(staff).post(path, {"user": str(alice.pk), "email": email, "verified": "on"})
    assert told.context["adminform"].form.errors.keys() == {"email"}
    with pytest.raises(ValidationError):
        User(email=email).clean()


@spelt
def test_the_command_makes_no_second_account(user, monkeypatch, spelling):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    with pytest.raises((CommandError, IntegrityError, ValidationError)), transaction.atomic():
        call_command("createsuperuser", interactive=False, email=spelling, stderr=io.StringIO())
    assert User.objects.count() == 1


@pytest.mark.parametrize("email", ["user@münchen.de", "User@example.com", "us er@example.com"])
def test_the_database_takes_no_other_spelling(db, email):
    """bulk_create() and raw SQL pass by every rule of Python."""
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=email)])


# --- Accounts that are older than the rule --------------------------------------------------------


@pytest.fixture
def doubles(db) -> tuple[User, User, User]:
    """As the release before took them: two of one mailbox, and one alone."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        else:
            name = "accounts_user_email_canonical"
            cursor.execute(f"ALTER TABLE accounts_user DROP CONSTRAINT {name}")
    first, second, alone = (make_user(f"{name}@example.com") for name in ("a", "b", "c"))
    spellings = {first: MUNICH, second: "user@münchen.de", alone: "user@straße.de"}
    for user, email in spellings.items():
        User.objects.filter(pk=user.pk).update(email=email)
        EmailAddress.objects.filter(user=user).update(email=email)
    yield first, second, alone
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def migrate() -> None:
    module = importlib.import_module("accounts.migrations.0008_one_spelling_of_addresses")
    module.write_in_one_spelling(apps, None)


def test_a_double_is_reported_and_left_as_it_is(doubles, capsys):
    first, second, alone = doubles
    before = User.objects.count()
    for _ in range(2):
        migrate()
        rows = {user.pk: (user.email, user.has_old_spelling) for user in User.objects.all()}
        assert rows == {
            first.pk: (MUNICH, False),
            second.pk: ("user@münchen.de", True),
            alone.pk: ("user@xn--strae-oqa.de", False),
        }
        said = capsys.readouterr().out
        assert str(second.pk) in said
        assert "user@" not in said
    assert User.objects.count() == before
    kept = EmailAddress.objects.order_by("email").values_list("email", "user")
    assert list(kept) == [
        ("user@münchen.de", second.pk),
        (MUNICH, first.pk),
        ("user@xn--strae-oqa.de", alone.pk),
    ]


def test_guesses_at_the_old_spelling_of_a_double_count_for_the_same_lock(doubles, web):
    _first, second, _alone = doubles
    migrate()
    browser = web(User.objects.get(pk=second.pk))
    for _ in range(5):
        browser.post("/auth/reauthenticate/", {"password": "a wrong password"})
    assert Phone("203.0.113.7").log_in(MUNICH, "a wrong password").status_code == 429


@pytest.mark.undocumented("an address that a former release took")
def test_both_of_a_double_log_in_with_their_own_passwords(doubles):
    first, second, _alone = doubles
    second.set_password("the second's password")
    User.objects.filter(pk=second.pk).update(password=second.password)
    migrate()
    for spelling in (MUNICH, "user@münchen.de"):
        for user, password in ((first, PASSWORD), (second, "the second's password")):
            told = Client().post("/auth/login/", {"login": spelling, "password": password})
            assert (told.status_code, told.wsgi_request.user) == (302, user)
        assert Phone().log_in(spelling, "neither of them").status_code == 400


def test_an_operator_gives_a_double_another_address(doubles):
    _first, second, _alone = doubles
    migrate()
    second.refresh_from_db()
    second.name = "still there"
    second.save()
    assert User.objects.get(pk=second.pk).email == "user@münchen.de"
    EmailAddress.objects.get(user=second).save()
    assert EmailAddress.objects.get(user=second).email == "user@münchen.de"
    second.email = "second@example.com"
    second.save()
    stored = User.objects.get(pk=second.pk)
    assert (stored.email, stored.has_old_spelling) == ("second@example.com", False)
