"""An address becomes the one an account logs in with only when it is proved and nobody else's."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.accounts.conftest import PASSWORD, Phone, assert_error, mailed_code


def sign_up(email: str) -> Phone:
    """A fresh account whose own address is not proved, its password just given."""
    phone = Phone()
    phone.post("auth/signup", {"email": email, "password": PASSWORD})
    return prove(phone)


def prove(phone: Phone) -> Phone:
    assert phone.post("auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    return phone


def browser(email: str) -> Client:
    page = Client()
    page.post("/auth/login/", {"login": email, "password": PASSWORD})
    page.post("/auth/reauthenticate/", {"password": PASSWORD})
    return page


def make_primary(phone: Phone, email: str):
    return phone.call("patch", "account/email", {"email": email, "primary": True})


def addresses(email: str) -> list[tuple[str, bool, bool]]:
    found = EmailAddress.objects.filter(user__email=email).order_by("pk")
    return list(found.values_list("email", "verified", "primary"))


def test_an_unproved_address_never_becomes_primary():
    mallory = sign_up("mallory@example.com")
    assert mallory.post("account/email", {"email": "owner@example.com"}).status_code == 200
    response = make_primary(mallory, "owner@example.com")
    assert_error(response, 400, "unverified_primary_email", "email")
    assert addresses("mallory@example.com") == [
        ("mallory@example.com", False, True),
        ("owner@example.com", False, False),
    ]


def test_an_unproved_address_never_becomes_primary_on_the_page():
    sign_up("mallory@example.com")
    page = browser("mallory@example.com")
    page.post("/auth/email/", {"action_add": "", "email": "owner@example.com"})
    page.post("/auth/email/", {"action_primary": "", "email": "owner@example.com"})
    assert addresses("mallory@example.com") == [
        ("mallory@example.com", False, True),
        ("owner@example.com", False, False),
    ]


def test_the_address_of_the_sign_up_stays_primary_when_asked_again():
    assert make_primary(sign_up("carol@example.com"), "carol@example.com").status_code == 200
    assert addresses("carol@example.com") == [("carol@example.com", False, True)]


@pytest.mark.parametrize("proved", [True, False])
def test_an_address_that_logs_in_another_is_taken(bob, proved):
    EmailAddress.objects.filter(user=bob).update(verified=proved)
    mallory = sign_up("mallory@example.com")
    response = mallory.post("account/email", {"email": "BOB@example.com"})
    assert_error(response, 400, "email_taken", "email")
    page = browser("mallory@example.com")
    refused = page.post("/auth/email/", {"action_add": "", "email": bob.email})
    assert 'id="id_email_error"' in refused.text
    assert addresses("mallory@example.com") == [("mallory@example.com", False, True)]


def test_a_proved_address_that_logs_in_another_is_refused_without_500():
    """Somebody signed up with it, unproved, before its owner proved it."""
    owner = sign_up("owner@example.com")
    User.objects.create_user("second@example.com", PASSWORD)
    user = User.objects.get(email="owner@example.com")
    EmailAddress.objects.create(user=user, email="second@example.com", verified=True)
    response = make_primary(owner, "second@example.com")
    assert_error(response, 400, "unverified_primary_email", "email")


@pytest.mark.usefixtures("mandatory")
def test_on_a_server_adding_tells_nobody_who_has_an_account(alice, bob):
    """There the owner of the mailbox is asked, and nothing is stored before."""
    answers = []
    for email in (bob.email, "new@example.com"):
        phone = Phone()
        phone.log_in(alice.email)
        prove(phone)
        answers.append(phone.post("account/email", {"email": email}))
        assert make_primary(phone, email).status_code == 400
    known, unknown = (answer.content.replace(b"bob@", b"new@") for answer in answers)
    assert (answers[0].status_code, known) == (200, unknown)
    assert addresses(alice.email) == [("alice@example.com", True, True)]


@pytest.mark.usefixtures("mandatory")
def test_on_a_server_a_member_sees_the_page_that_asks_for_the_code(alice):
    page = browser(alice.email)
    page.post("/auth/email/", {"action_add": "", "email": "new@example.com"})
    assert mail.outbox[-1].to == ["new@example.com"]
    assert page.get("/auth/confirm-email/").status_code == 200
    page.post("/auth/confirm-email/", {"code": mailed_code()})
    assert addresses(alice.email)[1:] == [("new@example.com", True, False)]
