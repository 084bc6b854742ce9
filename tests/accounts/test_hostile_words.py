"""300 hostile strings as name, address and number: one stored form, shown as text, in place."""

import re
from itertools import product

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils.html import escape

from accounts.models import User
from core.values import line, shows_something
from sms.telephony import RecipientError, parsed
from tests.conftest import PASSWORD, make_user

BEGIN = ("", "\u200b", "\u202e", "\ufeff", "e\u0301", "<b>", '"><script>alert(1)</script>')
MIDDLE = ("Ann", "ش", "李", "👩\u200d👧", "&amp;", "{{ x }}")
END = ("", "\n", "\u2028Bcc: eve@example.com", "\r\n\r\n<p>", "\u2066", "'", "\u00a0")
HOSTILE = ["".join(parts) for parts in product(BEGIN, MIDDLE, END)]


def test_there_are_enough():
    assert len({*HOSTILE}) >= 290


@pytest.mark.wide
def test_names_are_stored_in_one_form_and_shown_as_text(web, staff, alice):
    """As they are written through the profile page, and seen there and in the admin."""
    browser, operator = web(alice), web(staff)
    page = f"/admin/accounts/user/{alice.pk}/change/"
    for name in HOSTILE[::60]:
        form = {"name": name, "time_zone": "UTC", "language": ""}
        assert browser.post("/account/", form).status_code == 302
        alice.refresh_from_db()
        assert alice.name == line(name)
        for shown in (browser.get("/account/").text, operator.get(page).text):
            assert f'value="{escape(alice.name)}"' in shown
            assert "<script>alert" not in shown


@pytest.mark.nightly
def test_every_name_is_stored_in_one_form(web, alice):
    browser = web(alice)
    for name in HOSTILE:
        form = {"name": name, "time_zone": "UTC", "language": ""}
        assert browser.post("/account/", form).status_code == 302
        alice.refresh_from_db()
        assert alice.name == line(name)


@pytest.mark.wide
@pytest.mark.django_db
def test_addresses_are_refused_or_stored_in_one_form():
    """Without a character that a mail's header or a page would take for its own."""
    for text in HOSTILE:
        user = User(email=f"{text}@example.com", password="x")
        try:
            user.full_clean()
        except ValidationError:
            continue
        assert user.email == User.objects.normalize_email(user.email)
        assert not re.search(r'[\s<>"\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]', user.email)


def test_numbers_are_refused_or_stored_in_one_form():
    for begin, end in product(BEGIN, END):
        text = f"{begin}+1 (500) 555-0006{end}"
        try:
            assert parsed(text).number == "+15005550006"
        except RecipientError:
            assert shows_something(begin + end) or "\n" in end


@pytest.mark.django_db
def test_a_mail_to_a_hostile_name_is_text_and_has_one_recipient(client):
    for number, name in enumerate(HOSTILE[::29]):
        email = f"person{number}@example.com"
        make_user(email, name=line(name))
        client.post("/auth/password/reset/", {"email": email}, REMOTE_ADDR=f"198.51.100.{number}")
        letter = mail.outbox[-1]
        assert (letter.to, letter.cc, letter.bcc) == ([email], [], [])
        assert "script" not in str(letter.message())


@pytest.mark.parametrize(
    ("host", "link"),
    [
        ("nudge.test:1234", "http://nudge.test/"),
        ("nudge.test:99999", "http://nudge.test/"),
        ("nudge.test:8443", "http://nudge.test:8443/"),
        ("nudge.test:8000", "http://nudge.test:8000/"),
    ],
)
def test_a_port_that_a_client_makes_up_is_in_no_link(client, alice, settings, host, link):
    """Those of the server and of the settings are ours."""
    settings.ALLOWED_HOSTS, settings.PUBLIC_BASE_URL = ["nudge.test"], "https://nudge.test:8443/dev"
    client.post(
        "/auth/signup/",
        {"email": "c@example.com", "password1": PASSWORD},
        HTTP_HOST=host,
        SERVER_PORT=8000,
    )
    [letter] = mail.outbox
    assert f"{link}auth/confirm-email/" in letter.body
