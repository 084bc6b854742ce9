"""The second step of a log-in, with a real browser and a key that it believes in."""

import re

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import expect

from tests.accounts.factors import code_of
from tests.browser.account import begin_passkey, log_in, log_out, plug_in, secret_of_app, switch_on
from tests.browser.app import eventually
from tests.browser.test_pages import inspect
from tests.conftest import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]


def test_a_passkey_is_added_and_logs_in_alone_and_as_the_second_step(visit, alice):
    page = visit()
    plug_in(page)
    log_in(page, alice.email, PASSWORD)
    inspect(page)
    begin_passkey(page, "My laptop")
    inspect(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert Authenticator.objects.filter(user=alice, type="webauthn").count() == 1
    page.goto("/auth/2fa/")
    expect(page.get_by_text("My laptop")).to_be_visible()
    inspect(page)
    log_out(page)

    page.goto("/auth/login/?next=/auth/2fa/")
    inspect(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("My laptop")).to_be_visible()
    log_out(page)

    log_in(page, alice.email, PASSWORD)
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    inspect(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("My laptop")).to_be_visible()
    page.get_by_role("link", name="Remove My laptop").click()
    inspect(page)
    page.get_by_role("button", name="Remove").click()
    eventually(Authenticator.objects.count, 0, page)


def test_an_app_is_set_up_and_asked_for(visit, alice):
    page = visit()
    log_in(page, alice.email, PASSWORD)
    page.get_by_role("link", name="Set up an app").click()
    expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
    inspect(page)
    secret = secret_of_app(page)
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    switch_on(page, code_of(secret))
    expect(
        page.get_by_role("listitem").filter(has_text=re.compile(r"^\s*\d{8}\s*$"))
    ).to_have_count(10)
    inspect(page)
    page.get_by_role("link", name="Make new codes").click()
    inspect(page)
    log_out(page)

    log_in(page, alice.email, PASSWORD)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(code_of(secret, steps=1))
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="Switch the app off").click()
    inspect(page)


def test_without_a_key_the_page_says_so(visit, alice):
    """There is none plugged in, or the person cancels."""
    page = visit()
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new Error('none'))")
    page.goto("/auth/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("That did not work, or was cancelled.")).to_be_visible()


def test_at_an_ip_address_the_page_offers_no_passkey(visit, live_server, settings):
    settings.ALLOWED_HOSTS = ["*"]
    page = visit()
    page.goto(f"{live_server.url.replace('localhost', '127.0.0.1')}/auth/login/")
    expect(page.get_by_text("This browser cannot use passkeys here.")).to_be_visible()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_hidden()


def test_a_proof_is_asked_for(visit, alice):
    Authenticator.objects.create(user=alice, type="totp", data={"secret": ""})
    page = visit(as_=alice)
    page.goto("/auth/2fa/reauthenticate/?next=/auth/2fa/")
    expect(page.get_by_label("Code")).to_be_visible()
    inspect(page)
