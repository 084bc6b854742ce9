"""The pages of the second step, as they are without a browser."""

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from tests.accounts.conftest import PASSWORD
from tests.accounts.factors import code_of
from tests.accounts.soft_key import SoftKey
from tests.conftest import make_user

WRONG = {"credential": '{"id": 1}'}


pytestmark = pytest.mark.usefixtures("clock", "commits_at_once")


@pytest.fixture
def browser(alice) -> Client:
    """A browser of Alice. Carol's factors make no difference to her."""
    carol = make_user("carol@example.com")
    for kind in Authenticator.Type.values:
        Authenticator.objects.create(user=carol, type=kind, data={"name": "Carol's"})
    browser = Client()
    browser.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    return browser


def factors() -> Any:
    return Authenticator.objects.exclude(user__email="carol@example.com")


def options(page) -> dict:
    found = re.search(r'<script id="passkey-options"[^>]*>(.*?)</script>', page.text)
    assert found
    [asked] = json.loads(found[1]).values()
    return asked


def switch_app_on(browser: Client) -> str:
    page = browser.get("/auth/2fa/totp/activate/")
    secret = re.findall(r'<code class="secret">([A-Z2-7]{32})</code>', page.text)[0]
    told = browser.post("/auth/2fa/totp/activate/", {"code": code_of(secret)})
    assert told["Location"] == "/auth/2fa/recovery-codes/"
    return secret


def add_passkey(browser: Client) -> SoftKey:
    key = SoftKey()
    made = key.create(options(browser.get("/auth/2fa/webauthn/add/")))
    form = {"name": "Desk", "credential": json.dumps(made)}
    assert browser.post("/auth/2fa/webauthn/add/", form).status_code == 302
    return key


def test_an_app_is_switched_on_and_off(browser, alice):
    page = browser.get("/auth/2fa/totp/activate/").text
    assert re.search(r'<svg class="qr" viewBox="0 0 \d+ \d+" role="img"', page)
    assert "otpauth://totp/alice%40example.com?secret=" in page
    assert "issuer=Nudge" in page
    switch_app_on(browser)
    codes = browser.get("/auth/2fa/recovery-codes/").text
    shown = re.findall(r"<code>(\d{8})</code>", codes)
    assert "The authenticator app is on." in codes
    saved = browser.get("/auth/2fa/recovery-codes/download/")
    assert saved.text.split() == shown
    assert len(shown) == 10
    assert "attachment" in saved["Content-Disposition"]
    browser.post("/auth/2fa/recovery-codes/generate/")
    assert not {*shown} & {*re.findall(r"\d{8}", browser.get("/auth/2fa/recovery-codes/").text)}
    assert "Switch the app off" in browser.get("/auth/2fa/").text
    assert browser.get("/auth/2fa/totp/deactivate/").status_code == 200
    assert browser.post("/auth/2fa/totp/deactivate/")["Location"] == "/auth/2fa/"
    assert not factors().exists()
    assert [sent.subject for sent in mail.outbox][1:] == [
        "Nudge: An authenticator app was added",
        "Nudge: You have new recovery codes",
        "Nudge: The authenticator app was removed",
    ]


def test_a_wrong_code_switches_nothing_on(browser):
    browser.get("/auth/2fa/totp/activate/")
    page = browser.post("/auth/2fa/totp/activate/", {"code": "000000"})
    assert "This code is wrong" in page.text
    assert not factors().exists()


def test_a_passkey_is_added_used_renamed_and_removed(browser, alice):
    key = add_passkey(browser)
    page = browser.get("/auth/2fa/").text
    assert re.findall(r'row-title"><bdi>(\w+)', page) == ["Desk"]
    assert "never used" in page
    stranger = Client()
    asked = stranger.get("/auth/2fa/webauthn/login/", headers={"Accept": "application/json"})
    given = {
        "credential": json.dumps(key.get(asked.json()["request_options"])),
        "next": "/account/",
    }
    assert stranger.post("/auth/2fa/webauthn/login/", given)["Location"] == "/account/"
    assert stranger.get("/account/").status_code == 200
    passkey = factors().get(type="webauthn")
    edit = f"/auth/2fa/webauthn/keys/{passkey.pk}/"
    assert 'value="Desk"' in browser.get(f"{edit}edit/").text
    assert browser.post(f"{edit}edit/", {"name": "Sofa"})["Location"] == "/auth/2fa/webauthn/"
    assert browser.get("/auth/2fa/webauthn/")["Location"] == "/auth/2fa/"
    assert "last used" in browser.get("/auth/2fa/").text
    assert "Sofa" in browser.get(f"{edit}remove/").text
    assert browser.post(f"{edit}remove/").status_code == 302
    assert not factors().exists()


def test_a_passkey_of_somebody_else_does_not_exist(browser, alice, bob):
    other = Client()
    other.post("/auth/login/", {"login": bob.email, "password": PASSWORD})
    add_passkey(other)
    theirs = factors().get(type="webauthn")
    for page in ("edit", "remove"):
        path = f"/auth/2fa/webauthn/keys/{theirs.pk}/{page}/"
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"name": "mine"}).status_code == 404
    assert factors().get(type="webauthn").data["name"] == "Desk"


def test_a_passkey_too_many_is_told_of(browser, monkeypatch):
    monkeypatch.setattr("accounts.factors.passkeys.MOST", 1)
    add_passkey(browser)
    made = SoftKey().create(options(browser.get("/auth/2fa/webauthn/add/")))
    given = {"name": "Sofa", "credential": json.dumps(made)}
    page = browser.post("/auth/2fa/webauthn/add/", given, follow=True)
    assert page.redirect_chain == [("/auth/2fa/", 302)]
    assert "Your account already has as many passkeys as it may have." in page.text
    assert factors().filter(type="webauthn").count() == 1


def test_a_wrong_passkey_is_told_of(browser, alice):
    add_passkey(browser)
    stranger = Client()
    told = stranger.post("/auth/2fa/webauthn/login/", WRONG, follow=True)
    assert "This code is wrong" in told.text
    assert stranger.get("/auth/2fa/webauthn/login/")["Location"] == "/auth/login/"
    page = browser.post("/auth/2fa/webauthn/add/", WRONG)
    assert "This code is wrong" in page.text


def test_a_passkey_or_a_code_is_the_second_step(browser, alice):
    key = add_passkey(browser)
    second = Client()
    second.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    page = second.get("/auth/2fa/authenticate/")
    assert "Type the code" in page.text
    again = second.post("/auth/2fa/authenticate/", WRONG)
    assert "This code is wrong" in again.text
    given = {"credential": json.dumps(key.get(options(again)))}
    assert second.post("/auth/2fa/authenticate/", given).status_code == 302
    assert second.get("/account/").status_code == 200


def test_a_proof_is_given_by_a_passkey(browser, alice, clock):
    key = add_passkey(browser)
    clock.shift(601)
    asked = browser.get("/auth/2fa/webauthn/add/")
    assert unquote(asked["Location"]) == "/auth/2fa/reauthenticate/?next=/auth/2fa/webauthn/add/"
    page = browser.get(asked["Location"])
    wrong = browser.post("/auth/2fa/webauthn/reauthenticate/", WRONG)
    assert wrong["Location"] == "/auth/2fa/reauthenticate/"
    page = browser.get(asked["Location"])
    given = {"credential": json.dumps(key.get(options(page))), "next": "/auth/2fa/webauthn/add/"}
    told = browser.post("/auth/2fa/webauthn/reauthenticate/", given)
    assert told["Location"] == "/auth/2fa/webauthn/add/"
    assert browser.get(told["Location"]).status_code == 200
    assert (
        browser.get("/auth/2fa/webauthn/reauthenticate/")["Location"] == "/auth/2fa/reauthenticate/"
    )


def test_who_has_no_second_step_proves_the_password(browser, clock):
    clock.shift(601)
    assert browser.get("/auth/2fa/totp/activate/")["Location"].startswith("/auth/reauthenticate/")
    assert browser.get("/auth/2fa/reauthenticate/")["Location"] == "/auth/reauthenticate/"
    assert browser.get("/auth/2fa/recovery-codes/").status_code == 404


def test_a_proof_is_given_by_a_code(browser, clock):
    secret = switch_app_on(browser)
    clock.shift(601)
    asked = browser.get("/auth/2fa/webauthn/add/")
    assert unquote(asked["Location"]) == "/auth/2fa/reauthenticate/?next=/auth/2fa/webauthn/add/"
    page = browser.get(asked["Location"])
    assert "passkey-options" not in page.text
    told = browser.post(asked["Location"], {"code": code_of(secret)})
    assert told["Location"] == "/auth/2fa/webauthn/add/"
    assert browser.get(told["Location"]).status_code == 200


@pytest.mark.parametrize("credential", ["[" * 2000, '{"a":' * 2000, "[]", "1", "null", "", "{"])
def test_what_is_no_credential_is_told_so(browser, alice, credential):
    """Strangers reach the log-in by a passkey."""
    add_passkey(browser)
    for path in ("login/", "add/", "reauthenticate/"):
        told = browser.post(f"/auth/2fa/webauthn/{path}", {"credential": credential})
        assert told.status_code in (200, 302)
    stranger = Client()
    told = stranger.post("/auth/2fa/webauthn/login/", {"credential": credential})
    assert told.status_code in (200, 302)
    assert stranger.get("/account/").status_code == 302
    assert factors().filter(type="webauthn").count() == 1


@pytest.mark.parametrize("said", [None, {"credProps": None}, {"credProps": 5}])
def test_a_browser_may_say_nothing_of_its_passkey(browser, alice, said):
    made = SoftKey().create(options(browser.get("/auth/2fa/webauthn/add/")))
    form = {"name": "x", "credential": json.dumps({**made, "clientExtensionResults": said})}
    assert browser.post("/auth/2fa/webauthn/add/", form).status_code == 302
    assert factors().get(type="webauthn").user == alice
