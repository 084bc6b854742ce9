"""The mail server is away: what only tells undoes nothing, and who needs a code is told to wait."""

import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import deletion
from accounts.models import ApiToken, User
from sms import notices
from sms.models import Consent
from tests.accounts.conftest import PASSWORD, Phone, mailed_code
from tests.accounts.factors import CODES, PASSKEYS, TOTP, code_of, logged_in
from tests.accounts.soft_key import SoftKey

NEW = "another fine password"
TOKENS = "/api/v1/account/tokens/"


class Away(EmailBackend):
    """The errors of its next tries; afterwards it is there."""

    errors: list[OSError] = []
    is_broken = False

    def open(self) -> None:
        """A connection that has failed once does so for ever."""
        if self.errors or self.is_broken:
            self.is_broken = True
            raise self.errors.pop(0) if self.errors else ConnectionResetError

    def send_messages(self, messages: Any) -> int:
        self.open()
        return super().send_messages(messages)


@pytest.fixture
def away(settings, commits_at_once) -> Callable[..., None]:
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    Away.errors = []

    def leave(*errors: OSError) -> None:
        Away.errors = list(errors) or [smtplib.SMTPServerDisconnected("gone")] * 40

    return leave


# --- What only tells ------------------------------------------------------------------------------


def create_token(phone: Phone, alice: User) -> Any:
    answer = phone.post(TOKENS, {"name": "Backup", "scopes": ["read"]})
    assert ApiToken.objects.get().digest
    return answer.json()["token"].startswith("nudge_") and answer


def create_token_on_page(phone: Phone, alice: User) -> Any:
    browser = Client()
    browser.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    form = {"name": "Backup", "scopes": ["read"], "days": "90"}
    answer = browser.post(reverse("accounts:tokens"), form, follow=True)
    assert ApiToken.objects.get().hint in answer.text
    return answer


def switch_app_on(phone: Phone, alice: User) -> Any:
    secret = phone.get(TOTP).json()["meta"]["secret"]
    answer = phone.post(TOTP, {"code": code_of(secret)})
    assert Authenticator.objects.filter(type="totp").exists()
    return answer


def switch_app_off(phone: Phone, alice: User) -> Any:
    switch_app_on(phone, alice)
    answer = phone.delete(TOTP)
    assert not Authenticator.objects.exists()
    return answer


def make_codes(phone: Phone, alice: User) -> Any:
    switch_app_on(phone, alice)
    return phone.post(CODES)


def add_and_remove_passkey(phone: Phone, alice: User) -> Any:
    options = phone.get(f"{PASSKEYS}?passwordless").json()["data"]["creation_options"]
    added = phone.post(PASSKEYS, {"name": "Key", "credential": SoftKey().create(options)})
    assert added.status_code == 200
    [key] = Authenticator.objects.filter(type="webauthn")
    return phone.delete(PASSKEYS, {"authenticators": [key.pk]})


def log_in_elsewhere(phone: Phone, alice: User) -> Any:
    return Phone("203.0.113.9").log_in(alice.email)


def change_password(phone: Phone, alice: User) -> Any:
    body = {"current_password": PASSWORD, "new_password": NEW}
    answer = phone.post("account/password/change", body)
    assert Phone().log_in(alice.email, NEW).status_code == 200
    return answer


def remove_address(phone: Phone, alice: User) -> Any:
    EmailAddress.objects.create(user=alice, email="old@example.com", verified=True)
    return phone.delete("account/email", {"email": "old@example.com"})


def choose_address(phone: Phone, alice: User) -> Any:
    EmailAddress.objects.create(user=alice, email="new@example.com", verified=True)
    body = {"email": "new@example.com", "primary": True}
    return phone.call("patch", "account/email", body)


def ask_for_deletion(phone: Phone, alice: User) -> Any:
    answer = phone.post("/api/v1/account/deletion/")
    alice.refresh_from_db()
    assert not alice.is_active
    return answer


TELLING = {
    "a token": (create_token, 201),
    "a token on the page": (create_token_on_page, 200),
    "an app on": (switch_app_on, 200),
    "an app off": (switch_app_off, 200),
    "recovery codes": (make_codes, 200),
    "a passkey": (add_and_remove_passkey, 200),
    "a new device": (log_in_elsewhere, 200),
    "a password": (change_password, 200),
    "an address less": (remove_address, 200),
    "another address": (choose_address, 200),
    "deletion": (ask_for_deletion, 202),
}


@pytest.mark.parametrize(("act", "status"), TELLING.values(), ids=TELLING)
def test_what_a_mail_only_tells_of_is_done(away, alice, caplog, act, status):
    phone = logged_in(alice)
    mail.outbox.clear()
    away()
    assert act(phone, alice).status_code == status
    assert (mail.outbox, "A mail was not sent" in caplog.text) == ([], True)
    assert alice.email not in caplog.text


def test_a_password_that_a_code_sets_is_set(away, alice):
    phone = Phone()
    phone.post("auth/password/request", {"email": alice.email})
    away()
    phone.post("auth/password/reset", {"key": mailed_code(), "password": NEW})
    assert Phone().log_in(alice.email, NEW).status_code == 200


def test_what_an_operator_does_is_done(away, alice, bob):
    switch_app_on(logged_in(alice), alice)
    deletion.begin(bob)
    away()
    call_command("reset_factors", alice.email)
    call_command("delete_accounts")
    assert not Authenticator.objects.exists()
    assert [*User.objects.all()] == [alice]


def test_a_notice_of_a_number_is_a_task_that_fails_alone(away, alice, caplog):
    away()
    notices.tell.enqueue(str(alice.pk), Consent.Event.REMOVED)
    assert "tell was not enqueued" in caplog.text
    away(ConnectionResetError())
    notices.tell.enqueue(str(alice.pk), Consent.Event.REMOVED)
    assert [sent.to for sent in mail.outbox] == [[alice.email]]


def test_a_mail_is_tried_twice_unless_the_server_has_taken_its_time(away, alice):
    phone = logged_in(alice)
    mail.outbox.clear()
    away(ConnectionResetError())
    create_token(phone, alice)
    assert [sent.subject for sent in mail.outbox] == ["Nudge: A new API token was created"]
    ApiToken.objects.all().delete()
    away(TimeoutError())
    create_token(phone, alice)
    assert len(mail.outbox) == 1


# --- What cannot go on without its mail -----------------------------------------------------------


def assert_is_away(answer: Any) -> None:
    detail = "The mail cannot be sent now. Please request it again in a moment."
    error = {"code": "mail_unavailable", "detail": detail, "attr": None}
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.json() == {"type": "server_error", "errors": [error]}


def sign_up(phone: Phone, email: str) -> Any:
    return phone.post("auth/signup", {"email": email, "password": NEW})


def ask_for_password(phone: Phone, email: str) -> Any:
    return phone.post("auth/password/request", {"email": email})


@pytest.mark.usefixtures("mandatory")
@pytest.mark.parametrize("act", [sign_up, ask_for_password])
@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_who_needs_a_code_is_told_to_ask_again(away, alice, act, email):
    """Whether the address has an account or not."""
    away()
    phone = Phone()
    answer = act(phone, email)
    assert_is_away(answer)
    assert phone.token is None
    Away.errors = []
    assert Phone("203.0.113.7").log_in(alice.email).status_code == 200


@pytest.mark.usefixtures("mandatory")
def test_who_signed_up_meanwhile_logs_in_for_a_code(away, clock):
    away()
    answer = sign_up(Phone(), "carol@example.com")
    Away.errors = []
    clock.shift(int(answer["Retry-After"]))
    phone = Phone("203.0.113.7")
    assert phone.log_in("carol@example.com", NEW).status_code == 401
    assert phone.post("auth/email/verify", {"key": mailed_code()}).status_code == 200


@pytest.mark.usefixtures("mandatory")
def test_a_new_address_is_asked_for_again(away, alice):
    phone = logged_in(alice)
    away()
    assert_is_away(phone.post("account/email", {"email": "new@example.com"}))


@pytest.mark.usefixtures("mandatory")
def test_a_page_says_so_too(away, alice):
    away()
    page = Client().post("/auth/password/reset/", {"email": alice.email})
    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert "The mail cannot be sent now." in page.text
