"""Every page, message and mail of the account is ours: none falls back to a template of allauth."""

import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account import app_settings
from django.conf import settings
from django.contrib.auth.password_validation import get_default_password_validators
from django.core import mail
from django.template.loader import get_template
from django.test import Client

from accounts.allauth import adapter
from accounts.devices import device_name
from accounts.password_rules import HINTS
from tests.accounts.conftest import Phone, mailed_code
from tests.conftest import PASSWORD, make_user

THEIRS = Path(allauth.__file__).parent / "templates"
OURS = Path(settings.BASE_DIR) / "templates"
FOLDERS = ("account", "mfa", "usersessions", "allauth/layouts")
# What our routes cannot render, and the setting that says so.
UNREACHABLE = {
    r"phone": lambda: "phone" not in app_settings.SIGNUP_FIELDS,
    r"login_code|code_login": lambda: not app_settings.LOGIN_BY_CODE_ENABLED,
    r"passkey|webauthn/signup": lambda: not getattr(settings, "MFA_PASSKEY_SIGNUP_ENABLED", False),
    r"unknown_account": lambda: adapter.UNKNOWN == "account/email/unknown_account",  # never written
    r"password_reset_(key_|done|from_key_done)": lambda: (
        app_settings.PASSWORD_RESET_BY_CODE_ENABLED
    ),
    r"email_change\.html": lambda: not app_settings.CHANGE_EMAIL,
    # Nobody includes them but templates of allauth, which nobody renders.
    r"/base_|/base\.html|/snippets/|usersessions/base_|allauth/elements/": lambda: True,
    r"account/logout\.html|account/account_inactive\.html": lambda: True,  # views of ours answer
    r"authenticator_list|webauthn/reauthenticate": lambda: True,  # one page has it all
    r"mfa/trust": lambda: not getattr(settings, "MFA_TRUST_ENABLED", False),
    r"sessions_logged_out": lambda: True,
    r"verified_email_required": lambda: True,  # a decorator that no view has
}
PARTS = re.compile(r'{%\s*(?:extends|include|element)\s+"?([\w./]+)"?')


def origin(name: str) -> Path:
    template: Any = get_template(name)
    return Path(template.origin.name)


def names() -> list[str]:
    found = (THEIRS / folder for folder in FOLDERS)
    files = (file for folder in found for file in folder.rglob("*") if file.is_file())
    return sorted(file.relative_to(THEIRS).as_posix() for file in files)


@pytest.mark.parametrize("name", names())
def test_a_template_of_allauth_is_replaced_or_cannot_be_reached(name):
    reasons = [holds() for pattern, holds in UNREACHABLE.items() if re.search(pattern, name)]
    assert all(reasons)
    assert reasons or origin(name).is_relative_to(OURS)


def test_our_templates_are_made_of_ours():
    theirs = set()
    for file in OURS.rglob("*"):
        if file.suffix not in (".html", ".txt") or "admin" in file.parts:
            continue
        for part in PARTS.findall(file.read_text()):
            name = part if "." in part else f"allauth/elements/{part}.html"
            theirs |= set() if origin(name).is_relative_to(OURS) else {name}
    assert {name for name in theirs if not name.startswith("rest_framework/")} == set()


def test_every_rule_for_passwords_has_a_hint(client, db):
    validators = get_default_password_validators()
    assert {type(each) for each in validators} == {*HINTS}
    page = client.get("/auth/signup/").text
    assert re.findall(r'data-rule="(\w+)"', page) == ["similar", "length", "common", "digits"]
    assert "10 characters or more" in page
    assert "Your password can" not in page


@pytest.mark.parametrize(
    ("path", "name"),
    [("login/", "login"), ("signup/", "email"), ("password/reset/", "email")],
)
def test_one_can_begin_to_type(client, db, path, name):
    page = client.get(f"/auth/{path}").text
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]*autofocus', page) == [name]


def test_the_focus_is_where_something_was_refused(client, db):
    form = {"email": "carol@example.com", "password1": "short"}
    page = client.post("/auth/signup/", form).text
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]*autofocus', page) == ["password1"]


def test_the_first_page_says_what_this_is(client, web, alice):
    page = client.get("/")
    assert (page.status_code, "<h1>To-dos that text you</h1>" in page.text) == (200, True)
    assert {'href="/auth/signup/"', 'href="/auth/login/"'} <= {
        *re.findall(r'href="[^"]+"', page.text)
    }
    assert web(alice).get("/").url == "/todos/"


@pytest.mark.parametrize(
    "path", ["/auth/inactive/", "/auth/password/reset/done/", "/auth/password/reset/confirm/"]
)
def test_nobody_is_told_what_did_not_happen(client, db, path):
    page = client.get(path, follow=True)
    assert page.redirect_chain[-1][0] == "/auth/login/"
    assert 'class="message ' not in page.text


def test_settings_have_one_navigation(web, alice, staff):
    paths = ["/account/", "/auth/email/", "/sms/phone/", "/auth/password/change/"]
    paths += ["/auth/2fa/", "/auth/sessions/", "/account/activity/", "/account/data/"]
    below = dict.fromkeys(["/account/tokens/", "/account/deletion/"], "/account/data/")
    for path in [*paths, *below]:
        page = web(alice).get(path).text
        nav = re.findall(r'<nav class="tabs".*?</nav>', page, re.DOTALL)[0]
        assert re.findall(r'href="([^"]+)"', nav) == paths
        here = re.findall(r'href="([^"]+)"\s+aria-current="page"', nav)
        assert here == [below.get(path, path)]
    assert 'href="/admin/"' not in web(alice).get("/account/data/").text
    assert 'href="/admin/"' in web(staff).get("/account/data/").text


# --- Devices ------------------------------------------------------------------------------------

MOZILLA = "Mozilla/5.0"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{MOZILLA} (X11; Linux x86_64) {CHROME} Safari/537.36", "Chrome on Linux"),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/141.0",
            "Edge on Windows",
        ),
        (
            f"{MOZILLA} (Linux; Android 15; Pixel 9) {CHROME} Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/141 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15) Version/18.1 Safari/605.1",
            "Safari on macOS",
        ),
        (
            f"{MOZILLA} (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
            "Firefox on Linux",
        ),
        ("Nudge/1.2 (iPhone; iOS 18.1)", "Nudge on iPhone"),
        ("okhttp/4.12.0", "okhttp"),
        ("python-requests/2.32", "python-requests"),
        (f"{MOZILLA} (X11; Linux)", "Linux"),
        (MOZILLA, "Unknown device"),
        ("", "Unknown device"),
        ("x" * 200, "x" * 40),
    ],
)
def test_a_device_is_called_what_people_call_it(agent, name):
    assert device_name(agent) == name


# --- Mails --------------------------------------------------------------------------------------


def letters() -> list[Any]:
    return list(mail.outbox)


def subjects() -> list[str]:
    """Of every mail since the last time."""
    found = [letter.subject for letter in letters()]
    for letter in letters():
        check(letter)
    mail.outbox.clear()
    return found


def check(letter) -> None:
    """In text and HTML, signed by Nudge, named after no host, whole."""
    [(page, kind)] = letter.alternatives
    assert kind == "text/html"
    assert letter.body.endswith("\n\nNudge, the to-dos that text you")
    for text in (letter.subject, letter.body, page):
        assert not re.search(r"{[{%]|\bNone\b|Hello from|\n\n\n\n", text)
    for paragraph in letter.body.split("\n\n"):
        assert paragraph.strip() in page.replace("<br>", "\n").replace("&#x27;", "'")
    assert "testserver" not in re.sub(r"http://testserver/\S+", "", letter.body)


def test_every_mail_of_an_account_is_complete(client, alice, settings):
    phone = Phone()
    phone.log_in(alice.email)
    body = {"current_password": PASSWORD, "new_password": "another fine password"}
    assert phone.post("account/password/change", body).status_code == 200
    assert phone.post("account/email", {"email": "a2@example.com"}).status_code == 200
    assert subjects() == [
        "Nudge: A new device logged in",
        "Nudge: Your password was changed",
        "Nudge: Confirm your email address",
    ]
    alice.emailaddress_set.filter(email="a2@example.com").update(verified=True)
    primary = {"email": "a2@example.com", "primary": True}
    assert phone.call("patch", "account/email", primary).status_code == 200
    assert phone.delete("account/email", {"email": "alice@example.com"}).status_code == 200
    assert subjects() == [
        "Nudge: Your email address was changed",
        "Nudge: An email address was removed",
    ]
    client.post("/auth/password/reset/", {"email": "a2@example.com"})
    code = mailed_code()
    assert code in letters()[0].alternatives[0][0]
    client.post("/auth/password/reset/confirm/", {"code": code})
    form = dict.fromkeys(("password1", "password2"), "yet another password")
    client.post("/auth/password/reset/complete/", form)
    assert subjects() == ["Nudge: Your code for a new password", "Nudge: Your password was reset"]


@pytest.mark.usefixtures("mandatory")
def test_every_mail_of_a_sign_up_is_complete(client, alice):
    for email in ("carol@example.com", alice.email):
        Client().post("/auth/signup/", {"email": email, "password1": PASSWORD})
    assert subjects() == [
        "Nudge: Confirm your email address",
        "Nudge: You already have an account",
    ]


@pytest.mark.usefixtures("clock")
def test_a_mail_says_which_device_when_and_where_the_person_lives(alice):
    alice.time_zone = "Asia/Shanghai"
    alice.save()
    program = '<a href="http://evil.example">x</a>/1 (X11; Linux)'
    phone = Phone()
    phone.client.defaults["HTTP_USER_AGENT"] = program
    phone.log_in(alice.email)
    body = {"current_password": PASSWORD, "new_password": "another fine password"}
    phone.post("account/password/change", body)
    _of_the_log_in, letter = letters()
    assert "Nov. 20, 2026, 8 p.m. (Asia/Shanghai)" in letter.body
    assert "at the address 198.51.100.1" in letter.body
    page = letter.alternatives[0][0]
    assert re.findall(r'href="([^"]+)"', page) == ["http://testserver/auth/password/reset/"]
    assert "&lt;a href=&quot;http:" in page


@pytest.mark.parametrize("name", ["O'Neil <b>", "a&b", 'x"y', "\u202eevil"])
def test_what_people_write_is_text_in_a_mail(client, db, name):
    email = "o'neil&co@example.com"
    make_user(email, name=name)
    client.post("/auth/password/reset/", {"email": email})
    [letter] = letters()
    check(letter)
    assert name not in letter.alternatives[0][0]
