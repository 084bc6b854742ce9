"""A person proves a number on the page, without the API; what carriers ask for is public."""

import re

import pytest
from django.test import Client

from sms.models import Consent, OptOut, Phone
from tests.conftest import PASSWORD
from tests.sms.conftest import TO

pytestmark = pytest.mark.django_db(transaction=True)
URL, ABOUT, BOBS = "/sms/phone/", "/sms/consent/", "+15005550077"
ASK = {"number": TO, "agreed": "on", "action_ask": ""}


@pytest.fixture(autouse=True)
def _codes(settings, numbered, bob) -> None:
    settings.SMS_CODES_DAILY = 100
    Phone.objects.create(account=bob, number=BOBS)
    Consent.objects.create(account=bob, number=BOBS, event="agreed", source="api", words="Bob's")


def logged_in(person) -> Client:
    browser = Client()
    browser.post("/auth/login/", {"login": person.email, "password": PASSWORD})
    return browser


def confirm(browser: Client, code: str):
    return browser.post(URL, {"texted_code": code, "action_confirm": ""}, follow=True)


def code_in(provider) -> str:
    return provider.sent[-1]["body"][:6]


def test_a_number_is_added_and_removed_on_the_page(numbered, alice):
    browser = logged_in(alice)
    assert "Add your number" in browser.get(URL).text
    asked = browser.post(URL, ASK, follow=True).text
    assert f"A code is on its way to {TO}." in asked
    assert "This field is required." in confirm(browser, "").text
    right = code_in(numbered)
    wrong = confirm(browser, f"{(int(right) + 1) % 10**6:06}")
    assert (wrong.status_code, "This is not the code." in wrong.text) == (422, True)
    proved = confirm(browser, right).text
    assert "This number is yours now." in proved
    assert "I agree that Nudge sends text messages" in proved.partition("What you agreed to")[2]
    assert BOBS not in proved
    entry = Consent.objects.get(account=alice)
    assert (entry.source, entry.number) == ("page", TO)
    assert "was used or has expired" in confirm(browser, right).text
    removed = browser.post(URL, {"action_remove": ""}, follow=True).text
    assert "The number was removed." in removed
    assert not Phone.objects.filter(account=alice).exists()
    browser.post(URL, {"action_remove": ""})
    assert Phone.objects.get().number == BOBS


@pytest.mark.parametrize("form", [ASK, {"action_remove": ""}])
def test_a_form_waits_while_its_sender_proves_who_they_are(numbered, web, bob, form):
    browser = web(bob)
    told = browser.post(URL, form)
    assert told["Location"].startswith("/auth/reauthenticate/")
    assert (numbered.sent, Phone.objects.get().number) == ([], BOBS)
    browser.post(told["Location"], {"password": PASSWORD, "next": URL})
    assert len(numbered.sent) == (form is ASK)
    assert Phone.objects.exists() is (form is ASK)


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({}, "This field is required."),
        ({"number": TO}, "This field is required."),
        ({**ASK, "number": "12345"}, "Write a phone number in international form"),
        ({**ASK, "number": "+493012345678"}, "This service sends no texts to this country."),
    ],
)
def test_what_is_wrong_is_said(numbered, alice, form, fault):
    told = logged_in(alice).post(URL, form)
    assert (told.status_code, fault in told.text, numbered.sent) == (422, True, [])


def test_who_has_stopped_is_told_how_to_go_on(web, bob):
    assert "Text START" not in web(bob).get(URL).text
    OptOut.objects.create(number=BOBS, source="inbound")
    assert "Text START to get texts again." in web(bob).get(URL).text


def test_anybody_may_read_what_carriers_ask_for(client, settings):
    settings.SMS_FROM_NUMBER = "+15005550006"
    page = re.sub(r"\s+", " ", client.get(ABOUT).text)
    for words in (
        "I agree that Nudge sends text messages to this number",
        "042137 is your Nudge code",
        "Reply STOP",
        "HELP",
        "How often",
        "Message and data rates of the mobile carrier may apply",
        "+15005550006",
    ):
        assert words in page, words
    settings.SMS_FROM_NUMBER = ""
    assert "+15005550006" not in client.get(ABOUT).text
