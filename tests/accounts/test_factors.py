"""The second step of a log-in: every door asks for it, and each code works once."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as apps
from django.core import mail
from django.test import Client

from tests.accounts.conftest import PASSWORD, Phone, assert_error, mailed_code
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
from tests.accounts.soft_key import PRESENT, SoftKey

ME = "/api/v1/account/"


pytestmark = pytest.mark.usefixtures("clock", "commits_at_once")


def pending(response) -> list[dict]:
    return [flow for flow in response.json()["data"]["flows"] if flow.get("is_pending")]


def test_an_app_is_set_up_and_asked_for(alice, bob, clock):
    phone = logged_in(alice)
    secret = set_up_app(phone)
    clock.shift(30)
    second = Phone("203.0.113.2")
    told = second.log_in(alice.email)
    assert_error(told, 401, "not_authenticated")
    assert pending(told) == [
        {"id": "mfa_authenticate", "is_pending": True, "types": ["recovery_codes", "totp"]}
    ]
    assert second.get(ME).status_code == 401
    assert_error(second.post(FINISH, {"code": "000000"}), 400, "incorrect_code", "code")
    told = second.post(FINISH, {"code": code_of(secret)})
    assert (told.status_code, second.get(ME).status_code) == (200, 200)
    assert told["Device-Token"]
    assert logged_in(bob).get(ME).status_code == 200


def test_an_app_that_another_device_has_just_switched_on_stays(alice, monkeypatch):
    """At one instant indeed: tests/accounts/test_account_races.py."""
    phone, switch_on = logged_in(alice), apps.TOTP.activate
    kept = Authenticator(user=alice, type="totp", data={})
    monkeypatch.setattr(apps.TOTP, "activate", lambda *them: (kept.save(), switch_on(*them)))
    secret = phone.get(TOTP).json()["meta"]["secret"]
    assert_error(phone.post(TOTP, {"code": code_of(secret)}), 409, "app_exists")
    assert not Authenticator.objects.exists()  # it was saved within what was undone


def test_a_code_works_once_however_it_is_typed(alice, clock):
    secret = set_up_app(logged_in(alice))
    assert_error(
        half_logged_in(alice).post(FINISH, {"code": code_of(secret)}), 400, "incorrect_code", "code"
    )
    clock.shift(30)
    code = code_of(secret)
    typed = f" {code[:3]}-{code[3:]}".translate({48 + n: 0xFF10 + n for n in range(10)})
    assert half_logged_in(alice).post(FINISH, {"code": typed}).status_code == 200
    for seconds in (0, 30):  # it is right for a minute more
        clock.shift(seconds)
        again = half_logged_in(alice).post(FINISH, {"code": code})
        assert_error(again, 400, "incorrect_code", "code")


@pytest.mark.parametrize(("steps", "status"), [(-2, 400), (-1, 200), (1, 200), (2, 400)])
def test_a_code_is_right_for_a_step_before_and_after(alice, clock, steps, status):
    secret = set_up_app(logged_in(alice))
    clock.shift(600)
    answer = half_logged_in(alice).post(FINISH, {"code": code_of(secret, steps=steps)})
    assert answer.status_code == status


def test_a_recovery_code_works_once(alice):
    phone = logged_in(alice)
    set_up_app(phone)
    told = phone.get(CODES).json()["data"]
    assert (told["total_code_count"], len({*told["unused_codes"]})) == (10, 10)
    code = told["unused_codes"][3]
    for status in (200, 400):
        assert half_logged_in(alice).post(FINISH, {"code": code}).status_code == status
    left = phone.get(CODES).json()["data"]
    assert (left["unused_code_count"], code in left["unused_codes"]) == (9, False)
    new = phone.post(CODES).json()["data"]["unused_codes"]
    assert not {*new} & {*told["unused_codes"]}
    assert mail.outbox[-1].subject == "Nudge: You have new recovery codes"


def meanwhile(monkeypatch, act) -> None:
    """Between the read of the recovery codes and the write of when they were first shown."""
    mark, acts = RecoveryCodes.mark_as_viewed, [act]

    def late(codes):
        if acts:
            acts.pop()()
        mark(codes)

    monkeypatch.setattr(RecoveryCodes, "mark_as_viewed", late)


def test_a_recovery_code_that_is_used_while_the_codes_are_first_shown_stays_used(
    alice, bob, monkeypatch
):
    phone = logged_in(alice)
    for each in (logged_in(bob), phone):
        set_up_app(each)
    mine = Authenticator.objects.get(user=alice, type="recovery_codes")
    codes = mine.wrap().generate_codes()
    meanwhile(
        monkeypatch, lambda: Authenticator.objects.get(pk=mine.pk).wrap().validate_code(codes[0])
    )

    shown = phone.get(CODES).json()["data"]

    assert (shown["unused_codes"], shown["unused_code_count"]) == (codes[1:], 9)
    mine.refresh_from_db()
    assert mine.data["used_mask"] == 1
    assert mine.data["viewed_at"]


def test_recovery_codes_that_others_replace_while_they_are_made_are_no_error(alice, monkeypatch):
    set_up_app(phone := logged_in(alice))
    newer = []
    meanwhile(monkeypatch, lambda: newer.append(phone.post(CODES).json()["data"]["unused_codes"]))

    older = phone.post(CODES).json()["data"]["unused_codes"]

    assert len(older) == 10
    assert older != newer[0] == phone.get(CODES).json()["data"]["unused_codes"]


def test_a_passkey_alone_logs_in(alice, bob):
    key = add_passkey(logged_in(alice))
    phone = Phone("203.0.113.2")
    options = phone.get("auth/webauthn/login").json()["data"]["request_options"]
    assert options["publicKey"]["userVerification"] == "required"
    credential = key.get(options)
    told = phone.post("auth/webauthn/login", {"credential": credential})
    assert told.status_code == 200
    assert told.json()["data"]["user"]["email"] == alice.email
    assert phone.get(ME).json()["email"] == alice.email
    again = Phone("203.0.113.2")
    again.get("auth/webauthn/login")
    assert_error(
        again.post("auth/webauthn/login", {"credential": credential}),
        400,
        "incorrect_code",
        "credential",
    )


def test_a_passkey_is_the_second_step(alice):
    key = add_passkey(logged_in(alice))
    phone = half_logged_in(alice)
    options = phone.get("auth/webauthn/authenticate").json()["data"]["request_options"]
    [allowed] = options["publicKey"]["allowCredentials"]
    told = phone.post("auth/webauthn/authenticate", {"credential": key.get(options)})
    assert (told.status_code, allowed["type"]) == (200, "public-key")


@pytest.mark.parametrize(
    "forged",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://testserver"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
    ],
    ids=["another page", "no TLS", "another host", "nobody proved", "nobody there"],
)
def test_a_passkey_of_another_page_or_without_a_person_opens_nothing(alice, forged):
    key = add_passkey(logged_in(alice))
    for name, value in forged.items():
        setattr(key, name, value)
    phone = Phone()
    options = phone.get("auth/webauthn/login").json()["data"]["request_options"]
    answer = phone.post("auth/webauthn/login", {"credential": key.get(options)})
    assert_error(answer, 400, "incorrect_code", "credential")


def test_an_app_of_ours_may_have_an_origin_of_its_own(alice, settings):
    settings.PASSKEY_ORIGINS = ["android:apk-key-hash:abc"]
    settings.PASSKEY_HOST = "nudge.example.com"
    kind = {"host": "nudge.example.com", "origin": "android:apk-key-hash:abc"}
    key = add_passkey(logged_in(alice), **kind)
    phone = Phone()
    options = phone.get("auth/webauthn/login").json()["data"]["request_options"]
    assert options["publicKey"]["rpId"] == "nudge.example.com"
    answer = phone.post("auth/webauthn/login", {"credential": key.get(options)})
    assert answer.status_code == 200


HOSTILE = [
    {},
    {"id": 1},
    {"response": []},
    {"response": {}},
    {"response": {"clientDataJSON": "e30", "attestationObject": "oA", "authenticatorData": ""}},
    {"rawId": "\0", "id": "\0", "type": "public-key", "response": {"clientDataJSON": "!"}},
    {"response": {"userHandle": "AA", "signature": "AA", "clientDataJSON": "bnVsbA"}},
]


@pytest.mark.parametrize("credential", HOSTILE)
def test_what_is_no_passkey_is_refused(alice, credential):
    phone, stranger = logged_in(alice), Phone()
    phone.get(PASSKEYS)
    stranger.get("auth/webauthn/login")
    for caller, route in ((phone, PASSKEYS), (stranger, "auth/webauthn/login")):
        answer = caller.post(route, {"credential": credential})
        found = answer.json()["errors"][0]["code"]
        assert (answer.status_code, found in ("incorrect_code", "required")) == (400, True)
        assert_error(caller.post(route, {"credential": "x"}), 400, "invalid", "credential")
    assert not Authenticator.objects.exists()


def test_of_a_passkey_is_kept_what_is_needed(alice):
    phone, key = logged_in(alice), SoftKey()
    made = key.create(phone.get(PASSKEYS).json()["data"]["creation_options"])
    made |= {"more": "x" * 1000, "clientExtensionResults": {}}
    made["response"]["transports"] = ["usb"]
    phone.post(PASSKEYS, {"name": "n" * 100, "credential": made})
    [passkey] = Authenticator.objects.filter(type="webauthn")
    assert {*passkey.data["credential"]} == {
        *("id", "rawId", "type", "response", "clientExtensionResults")
    }
    assert {*passkey.data["credential"]["response"]} == {"clientDataJSON", "attestationObject"}


def test_passkeys_are_renamed_removed_and_bounded(alice, bob, monkeypatch):
    phone, stranger = logged_in(alice), logged_in(bob)
    monkeypatch.setattr("accounts.factors.passkeys.MOST", 1)
    add_passkey(stranger)
    add_passkey(phone)
    [passkey, _codes] = phone.get("account/authenticators").json()["data"]
    named = {"id": passkey["id"], "name": "Desk"}
    assert_error(stranger.call("put", PASSKEYS, named), 400, "invalid_choice", "id")
    assert phone.call("put", PASSKEYS, named).json()["data"]["name"] == "Desk"
    options = phone.get(PASSKEYS).json()["data"]["creation_options"]
    second = phone.post(PASSKEYS, {"name": "b", "credential": SoftKey().create(options)})
    assert_error(second, 400, "too_many_passkeys")
    these = {"authenticators": [passkey["id"]]}
    assert_error(stranger.delete(PASSKEYS, these), 400, "invalid_choice", "authenticators")
    assert phone.delete(PASSKEYS, these).status_code == 200
    owners = {row.user for row in Authenticator.objects.all()}
    assert owners == {bob}  # the recovery codes went with it


def test_a_new_password_by_mail_does_not_pass_the_second_step(alice, clock):
    set_up_app(logged_in(alice))
    phone, new = Phone(), "another fine password"
    phone.post("auth/password/request", {"email": alice.email})
    phone.post("auth/password/reset", {"key": mailed_code(), "password": new})
    assert phone.get(ME).status_code == 401
    told = Phone().log_in(alice.email, new)
    assert pending(told)[0]["id"] == "mfa_authenticate"


def test_a_page_asks_for_the_second_step(alice, clock):
    secret = set_up_app(logged_in(alice))
    clock.shift(30)
    browser = Client()
    told = browser.post("/auth/login/?next=/account/", {"login": alice.email, "password": PASSWORD})
    assert told["Location"] == "/auth/2fa/authenticate/"
    for path in ("/account/", "/admin/", "/todos/plain/", "/auth/email/", "/auth/2fa/"):
        assert "/login/?next=" in browser.get(path)["Location"]
    page = browser.get(told["Location"])
    assert "data-passkey" not in page.text
    assert "This code is wrong" in browser.post(told["Location"], {"code": "000000"}).text
    assert browser.post(told["Location"], {"code": code_of(secret)}).status_code == 302
    assert browser.get("/account/").status_code == 200


def test_a_locked_second_step_is_429_on_the_page_and_in_the_api(alice):
    set_up_app(logged_in(alice))
    phone = half_logged_in(alice)
    tries = [phone.post(FINISH, {"code": "000000"}).status_code for _ in range(6)]
    assert tries == [400] * 5 + [429]
    assert_error(phone.post(FINISH, {"code": "000000"}), 429, "too_many_login_attempts", "code")
    browser = Client(REMOTE_ADDR="203.0.113.5")
    told = browser.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    page = browser.post(told["Location"], {"code": "000000"})
    assert (page.status_code, int(page["Retry-After"])) == (429, 300)


def test_in_a_day_twenty_guesses_are_looked_at(alice, clock):
    """A thief of the password has all day; codes have six digits."""
    set_up_app(logged_in(alice))
    looked_at = 0
    for _ in range(6):
        clock.shift(301)
        phone = half_logged_in(alice, "203.0.113.9")
        tries = [phone.post(FINISH, {"code": "000000"}).status_code for _ in range(5)]
        looked_at += tries.count(400)
    assert looked_at == 20


def test_a_thief_of_the_password_does_not_lock_the_owner_out(alice, clock):
    owner = Phone()
    token = owner.log_in(alice.email)["Device-Token"]
    secret = set_up_app(owner)
    thief = half_logged_in(alice, "203.0.113.9")
    assert [thief.post(FINISH, {"code": "000000"}).status_code for _ in range(6)][-1] == 429
    clock.shift(30)
    phone = half_logged_in(alice)
    answer = phone.post(FINISH, {"code": code_of(secret)}, **{"Device-Token": token})
    assert answer.status_code == 200


def test_right_codes_use_nothing_up(alice, clock):
    secret = set_up_app(logged_in(alice))
    for _ in range(8):
        clock.shift(30)
        assert half_logged_in(alice).post(FINISH, {"code": code_of(secret)}).status_code == 200


def test_an_address_that_is_not_proved_sets_nothing_up():
    phone = Phone()
    phone.post("auth/signup", {"email": "carol@example.com", "password": PASSWORD})
    for route in (TOTP, PASSKEYS):
        answer = phone.get(route)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "unverified_email")
