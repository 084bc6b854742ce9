"""Whoever has a second factor proves with it who they are; a change of it logs others out."""

import io
import json
import time

import pytest
from allauth.account.internal.flows import reauthentication
from allauth.account.models import EmailAddress
from allauth.mfa.base.internal import flows
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth as recovery_codes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn import internal
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.audit import events_of
from accounts.factors import guesses, lazily, proofs
from accounts.factors.proofs import is_proof_due
from accounts.management.commands.reseal_factors import _reseal
from tests.accounts.conftest import PASSWORD, Phone, assert_error
from tests.accounts.factors import (
    CODES,
    FINISH,
    PASSKEYS,
    TOTP,
    add_passkey,
    code_of,
    half_logged_in,
    logged_in,
    set_up_app,
)
from tests.accounts.test_factor_pages import add_passkey as add_passkey_on_page

pytestmark = pytest.mark.usefixtures("clock", "commits_at_once")
ME = "/api/v1/account/"


def works(phone: Phone) -> bool:
    return bool(phone.get(ME).status_code == 200)


def browser_of(email: str) -> Client:
    browser = Client(REMOTE_ADDR="198.51.100.1")
    browser.post("/auth/login/", {"login": email, "password": PASSWORD})
    return browser


# --- Proofs -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mandatory")
def test_a_password_is_no_proof_of_who_has_a_second_factor(alice, clock):
    phone = logged_in(alice)
    secret = set_up_app(phone)
    clock.shift(600)
    for method, route, body in (
        ("delete", TOTP, None),
        ("post", CODES, None),
        ("get", CODES, None),
        ("get", PASSKEYS, None),
        ("post", "account/email", {"email": "a2@example.com"}),
    ):
        assert_error(phone.call(method, route, body), 401, "reauthentication_required")
    told = phone.post("auth/reauthenticate", {"password": PASSWORD})
    assert_error(told, 401, "reauthentication_required")
    assert told.json()["data"]["flows"][0] == {
        "id": "mfa_reauthenticate",
        "types": ["recovery_codes", "totp"],
    }
    assert_error(phone.delete(TOTP), 401, "reauthentication_required")
    wrong = phone.post("auth/2fa/reauthenticate", {"code": "000000"})
    assert_error(wrong, 400, "incorrect_code", "code")
    told = phone.post("auth/2fa/reauthenticate", {"code": code_of(secret)})
    assert (told.status_code, phone.delete(TOTP).status_code) == (200, 200)


def test_a_passkey_is_a_proof(alice, clock):
    phone = logged_in(alice)
    key = add_passkey(phone)
    clock.shift(600)
    assert_error(phone.get(PASSKEYS), 401, "reauthentication_required")
    route = "auth/webauthn/reauthenticate"
    options = phone.get(route).json()["data"]["request_options"]
    assert phone.post(route, {"credential": key.get(options)}).status_code == 200
    assert phone.get(PASSKEYS).status_code == 200


def test_a_phone_number_too_is_changed_by_who_proves_the_second_factor(alice, clock):
    phone = logged_in(alice)
    secret = set_up_app(phone)
    clock.shift(600)
    number = {"number": "+15005550006", "agreed": True}
    assert_error(phone.post("/api/v1/account/phone/", number), 403, "proof_required")
    phone.post("auth/reauthenticate", {"password": PASSWORD})
    assert_error(phone.post("/api/v1/account/phone/", number), 403, "proof_required")
    phone.post("auth/2fa/reauthenticate", {"code": code_of(secret)})
    assert phone.post("/api/v1/account/phone/", number).status_code != 403


@pytest.mark.usefixtures("mandatory")
def test_a_session_of_before_is_asked_for_the_factor(web, alice):
    """It was opened with the password alone, by force in this test."""
    set_up_app(logged_in(alice))
    browser = web(alice)
    told = browser.post("/auth/email/", {"action_add": "", "email": "a2@example.com"})
    assert told["Location"].startswith("/auth/2fa/reauthenticate/")
    again = browser.post("/auth/reauthenticate/", {"password": PASSWORD})
    assert again["Location"] == "/auth/2fa/reauthenticate/"
    assert EmailAddress.objects.filter(user=alice).count() == 1


def test_only_a_factor_proves_who_has_one(rf, alice, clock):
    """A session that knows of a password alone, however it came to be."""
    request = rf.get("/")
    request.session = {}
    context = {"account_authentication_methods_user": str(alice.pk)}
    records = [{"method": "password", "at": time.time()}]
    request.session |= {**context, "account_authentication_methods": records}
    assert not is_proof_due(request, alice)
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    assert is_proof_due(request, alice)
    records.append({"method": "mfa", "at": time.time()})
    assert not is_proof_due(request, alice)


def test_recovery_codes_alone_are_no_factor(alice, clock):
    Authenticator.objects.create(user=alice, type="recovery_codes", data={})
    phone = logged_in(alice)
    clock.shift(600)
    assert phone.post("auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert phone.get(TOTP).status_code == 404
    assert phone.get(PASSKEYS).status_code == 200


def test_a_factor_that_is_gone_opens_no_admin(staff, settings):
    settings.STAFF_NEED_FACTOR = True
    browser = browser_of(staff.email)
    add_passkey_on_page(browser)
    assert browser.get("/admin/").status_code == 200
    Authenticator.objects.all().delete()
    assert browser.get("/admin/").status_code == 302


def test_allauth_asks_our_functions():
    assert reauthentication.get_reauthentication_flows is proofs.flows_of
    assert reauthentication.reauthenticate_by_password is proofs.by_password
    assert flows.check_rate_limit is guesses.begin_guess
    assert totp.validate_totp_code is guesses.use_app_code
    assert totp.get_totp_secret is guesses.offered_secret
    assert recovery_codes.compare_user_code is guesses.is_same
    assert Authenticator.wrap is lazily.wrap
    assert internal.auth.WebAuthn.add.__module__ == "accounts.factors.passkeys"


# --- What a change ends ---------------------------------------------------------------------------


def test_a_changed_factor_logs_the_other_devices_out(alice, bob, clock):
    phone, stranger = logged_in(alice), logged_in(bob)
    for change in (
        lambda: set_up_app(phone),
        lambda: add_passkey(phone),
        lambda: phone.delete(TOTP),
    ):
        other = browser_of(alice.email)
        second = half_logged_in(alice) if Authenticator.objects.exists() else logged_in(alice)
        if Authenticator.objects.exists():
            code = phone.get(CODES).json()["data"]["unused_codes"][0]
            second.post(FINISH, {"code": code})
        assert works(second)
        change()
        assert (works(phone), works(second), works(stranger)) == (True, False, True)
        assert other.get("/account/").status_code == 302
    assert [sent.to for sent in mail.outbox if "passkey" in sent.subject] == [[alice.email]]


def test_new_recovery_codes_log_nobody_out(alice):
    phone = logged_in(alice)
    set_up_app(phone)
    second = half_logged_in(alice)
    second.post(FINISH, {"code": phone.get(CODES).json()["data"]["unused_codes"][0]})
    phone.post(CODES)
    assert (works(phone), works(second)) == (True, True)


def test_the_owner_reads_what_became_of_the_factors(alice, bob, clock):
    phone = logged_in(alice)
    clock.shift(1)
    set_up_app(phone)
    clock.shift(1)
    code = phone.get(CODES).json()["data"]["unused_codes"][0]
    second = half_logged_in(alice)
    second.post(FINISH, {"code": code})
    clock.shift(1)
    phone.post(CODES)
    clock.shift(1)
    [other] = [d for d in phone.get("auth/sessions").json()["data"] if not d["is_current"]]
    phone.delete("auth/sessions", {"sessions": [other["id"]]})
    clock.shift(1)
    phone.delete(TOTP)
    kinds = list(events_of(alice).order_by("at", "kind").values_list("kind", flat=True))
    assert kinds == [
        *("logged_in", "new_device"),
        *("factor_added", "recovery_codes_made"),
        *("logged_in", "new_device", "recovery_code_used"),
        "recovery_codes_made",
        "device_ended",
        *("factor_removed", "factor_removed"),  # the codes go with the last factor
    ]
    assert code not in str(list(events_of(alice).values()))
    assert not events_of(bob).exists()


# --- An operator --------------------------------------------------------------------------------


def test_an_operator_takes_a_lost_factor_away(alice, bob, caplog):
    phone, other = logged_in(alice), logged_in(bob)
    set_up_app(phone)
    set_up_app(other)
    out = io.StringIO()
    call_command("reset_factors", "Alice@example.com", stdout=out)
    assert out.getvalue() == "Removed: recovery_codes, totp.\n"
    assert {row.user for row in Authenticator.objects.all()} == {bob}
    assert (works(phone), works(other)) == (False, True)
    assert not UserSession.objects.filter(user=alice).exists()
    assert logged_in(alice).get(ME).status_code == 200
    [told] = [sent for sent in mail.outbox if "was removed" in sent.subject]
    assert (told.to, told.subject) == ([alice.email], "Nudge: Your second step was removed")
    assert f"The second factor of account {alice.pk} was reset" in caplog.text
    assert alice.email not in caplog.text
    assert events_of(alice).filter(kind="factor_reset").get().facts == {
        "types": "recovery_codes, totp"
    }
    call_command("reset_factors", alice.email, stdout=out)
    assert out.getvalue().endswith("Removed: nothing: there was no second factor.\n")
    with pytest.raises(CommandError, match="No account has this address"):
        call_command("reset_factors", "nobody@example.com")


def test_an_operator_may_require_a_second_factor_of_staff(staff, settings, clock):
    browser = browser_of(staff.email)
    assert browser.get("/admin/").status_code == 200
    settings.STAFF_NEED_FACTOR = True
    told = browser.get("/admin/", follow=True)
    assert told.redirect_chain[-1][0] == "/auth/2fa/"
    assert "Set up a second step first" in told.text
    key = add_passkey(logged_in(staff))
    browser = Client()
    asked = browser.get("/auth/2fa/webauthn/login/", headers={"Accept": "application/json"})
    given = {"credential": json.dumps(key.get(asked.json()["request_options"]))}
    browser.post("/auth/2fa/webauthn/login/", given)
    assert browser.get("/admin/").status_code == 200
    call_command("reset_factors", staff.email, stdout=io.StringIO())
    assert browser.get("/admin/").status_code == 302


def test_staff_who_did_not_use_their_factor_are_sent_to_do_it(web, staff, bob, settings):
    settings.STAFF_NEED_FACTOR = True
    add_passkey(logged_in(staff))
    browser = web(staff)
    told = browser.get("/admin/", follow=True)
    assert told.redirect_chain[-1][0] == "/auth/2fa/reauthenticate/?next=/admin/"
    for path in ("/admin/accounts/user/", "/admin/core/counter/"):
        assert browser.get(path).status_code == 302
    assert web(bob).get("/admin/", follow=True).status_code == 403


# --- Secrets at rest ------------------------------------------------------------------------------


def test_a_changed_key_opens_what_a_former_one_closed(alice, settings, clock):
    secret = set_up_app(logged_in(alice))
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-" * 5, [former]
    clock.shift(30)
    assert half_logged_in(alice).post(FINISH, {"code": code_of(secret)}).status_code == 200
    out = io.StringIO()
    call_command("reseal_factors", stdout=out)
    assert out.getvalue() == "2 second factors encrypted with the present key.\n"
    settings.SECRET_KEY_FALLBACKS = []
    clock.shift(30)
    assert half_logged_in(alice).post(FINISH, {"code": code_of(secret)}).status_code == 200


def test_a_key_that_is_gone_is_told_and_opens_nothing(alice, settings, clock):
    secret = set_up_app(logged_in(alice))
    settings.SECRET_KEY = "another-key-" * 5
    clock.shift(30)
    with pytest.raises(CommandError, match="2 are encrypted with a key"):
        call_command("reseal_factors", stdout=io.StringIO())
    answer = half_logged_in(alice).post(FINISH, {"code": code_of(secret)})
    assert_error(answer, 400, "incorrect_code", "code")


def test_a_factor_that_is_removed_meanwhile_is_passed_over(db):
    assert _reseal(1) == 0
