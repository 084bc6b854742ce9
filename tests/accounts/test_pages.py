"""The account pages through Django's client, from sign-up to log-out."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import override_script_prefix

from accounts.models import User
from tests.accounts.conftest import mailed_code
from tests.conftest import PASSWORD

NEW_PASSWORD = "another fine password"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1"


def sign_up(client: Client, email: str = "carol@example.com", **fields: str):
    return client.post(
        "/auth/signup/", {"email": email, "password1": PASSWORD, **fields}, follow=True
    )


def log_in(client: Client, email: str, password: str = PASSWORD):
    return client.post("/auth/login/", {"login": email, "password": password}, follow=True)


# --- In and out ---------------------------------------------------------------------------------


def test_log_out_stays_below_the_stage(client, alice):
    client.force_login(alice)
    with override_script_prefix("/dev/"):
        closed = client.post("/auth/logout/")
        assert closed["Clear-Site-Data"] == '"storage"'
    assert (closed.status_code, closed["Location"]) == (302, "/dev/")


def test_sign_up_opens_an_empty_list_and_log_out_closes_it(client, db):
    opened = sign_up(client, time_zone="Europe/Vienna")
    closed = client.post("/auth/logout/", follow=True)
    again = client.get("/todos/")

    carol = User.objects.get()
    assert opened.redirect_chain[-1] == ("/todos/", 302)
    assert '<div id="app">' in opened.text
    assert "carol@example.com" not in opened.text  # the shell is the same for everybody
    assert (carol.email, carol.time_zone) == ("carol@example.com", "Europe/Vienna")
    assert "You are logged out." in closed.text
    assert again.url == "/auth/login/?next=/todos/"


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../../etc/passwd", "UTC"])
def test_sign_up_without_a_known_time_zone_is_utc(client, db, zone):
    sign_up(client, time_zone=zone)

    assert User.objects.get().time_zone == "UTC"


@pytest.mark.parametrize(
    ("fields", "name", "error"),
    [
        ({"email": "no address"}, "email", "Enter a valid email address."),
        ({"email": ""}, "email", "This field is required."),
        ({"password1": "short"}, "password1", "This password is too short."),
        ({"password1": "password123"}, "password1", "This password is too common."),
    ],
)
def test_refused_sign_up_says_why_beside_the_field(client, db, fields, name, error):
    response = client.post(
        "/auth/signup/", {"email": "carol@example.com", "password1": PASSWORD, **fields}
    )

    assert error in response.text
    assert f'<ul class="errorlist" id="id_{name}_error">' in response.text
    assert not User.objects.exists()


def test_refused_field_is_marked_for_screen_readers(client, db):
    page = client.post("/auth/signup/", {"email": "no address", "password1": PASSWORD}).text

    field = re.search(r'<input[^>]*name="email"[^>]*>', page)
    assert field
    assert 'aria-invalid="true"' in field[0]
    assert 'aria-describedby="id_email_error"' in field[0]
    assert 'value="no address"' in field[0]


def test_log_in_leads_to_what_was_asked_for(client, alice):
    response = client.post(
        "/auth/login/?next=/account/",
        {"login": alice.email, "password": PASSWORD, "next": "/account/"},
        follow=True,
    )

    assert response.redirect_chain == [("/account/", 302)]
    assert "Successfully signed in" not in response.text


def test_wrong_password_is_said_without_keeping_it(client, alice):
    response = log_in(client, alice.email, "wrong horse battery")

    assert 'role="alert"' in response.text
    assert "not correct" in response.text
    assert 'value="alice@example.com"' in response.text
    assert "wrong horse" not in response.text


@pytest.mark.parametrize(
    ("path", "name", "autocomplete"),
    [
        ("/auth/login/", "login", "username"),
        ("/auth/login/", "password", "current-password"),
        ("/auth/signup/", "email", "username"),
        ("/auth/signup/", "password1", "new-password"),
        ("/auth/password/reset/", "email", "email"),
    ],
)
def test_fields_tell_password_managers_what_they_are(client, db, path, name, autocomplete):
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', client.get(path).text)

    assert field
    assert f'autocomplete="{autocomplete}"' in field[0]


@pytest.mark.parametrize("path", ["login/", "signup/", "password/reset/"])
def test_forms_of_strangers_are_posted(client, db, path):
    assert_posted(client.get(f"/auth/{path}").content.decode())


@pytest.mark.parametrize("path", ["account/", "auth/email/", "auth/password/change/"])
def test_forms_of_an_account_are_posted(web, alice, path):
    assert_posted(web(alice).get(f"/{path}", follow=True).content.decode())


def assert_posted(page: str) -> None:
    """A password or an address in a URL would be in logs and in the history of the browser."""
    methods = [re.findall(r'method="(\w+)"', form) for form in re.findall(r"<form[^>]*>", page)]
    assert methods
    assert methods == [["post"]] * len(methods)


def test_disabled_account_is_told_so(client, alice):
    alice.is_active = False
    alice.save()

    response = log_in(client, alice.email)

    assert response.redirect_chain == [("/auth/inactive/", 302), ("/auth/login/", 302)]
    assert "This account is switched off." in response.text
    assert client.get("/auth/inactive/").url == "/auth/login/"


def test_too_many_requests_are_a_page(client, db):
    answers = [client.post("/auth/signup/", {"email": "", "password1": ""}) for _ in range(21)]

    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (429, "60")
    assert "Please wait a minute and try again." in answers[-1].text


# --- Proving an address, a forgotten password ---------------------------------------------------


@pytest.mark.usefixtures("mandatory")
def test_address_is_proved_by_a_code(client, db):
    waiting = sign_up(client)
    wrong = client.post("/auth/confirm-email/", {"code": "nonsense"})
    opened = client.post("/auth/confirm-email/", {"code": mailed_code()}, follow=True)

    assert "carol@example.com" in waiting.text
    assert 'autocomplete="one-time-code"' in waiting.text
    assert "Incorrect code." in wrong.text
    assert opened.redirect_chain[-1] == ("/todos/", 302)
    assert EmailAddress.objects.get().verified


def test_address_is_proved_by_a_link(client, db):
    sign_up(client)
    link = re.search(r"http://testserver(/auth/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link

    page = client.get(link[1])
    done = client.post(link[1], follow=True)

    assert "carol@example.com" in page.text
    assert done.status_code == 200
    assert EmailAddress.objects.get().verified


def test_broken_link_says_what_to_do(client, db):
    assert "too old or has been used" in client.get("/auth/confirm-email/nonsense/").text


def test_forgotten_password_is_replaced_by_a_code(client, alice):
    asked = client.post("/auth/password/reset/", {"email": alice.email}, follow=True)
    code = mailed_code()
    wrong = client.post("/auth/password/reset/confirm/", {"code": "nonsense"})
    accepted = client.post("/auth/password/reset/confirm/", {"code": code}, follow=True)
    done = client.post(
        accepted.redirect_chain[-1][0],
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        follow=True,
    )

    assert 'autocomplete="one-time-code"' in asked.text
    assert "Incorrect code." in wrong.text
    assert accepted.text.count('autocomplete="new-password"') == 2
    assert done.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)


# --- The other account pages --------------------------------------------------------------------


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    """Alice's browser after a real log-in, her password proved a moment ago."""
    log_in(client, alice.email)
    client.post("/auth/reauthenticate/", {"password": PASSWORD})
    return client


def test_email_page_adds_makes_primary_and_removes(alices, alice):
    added = alices.post("/auth/email/", {"action_add": "", "email": "a2@example.com"}, follow=True)
    second = EmailAddress.objects.get(email="a2@example.com")
    second.verified = True
    second.save()
    page = alices.get("/auth/email/").text
    alices.post("/auth/email/", {"action_primary": "", "email": "a2@example.com"})
    alices.post("/auth/email/", {"action_remove": "", "email": "alice@example.com"})

    assert "Not verified" in added.text
    assert page.count('name="action_remove"') == 1
    assert [address.email for address in EmailAddress.objects.all()] == ["a2@example.com"]
    alice.refresh_from_db()
    assert alice.email == "a2@example.com"


def test_email_page_refuses_an_address_beside_the_field(alices):
    response = alices.post("/auth/email/", {"action_add": "", "email": "nonsense"})

    assert "Enter a valid email address." in response.text
    assert 'id="id_email_error"' in response.text


def test_password_change_keeps_this_browser_logged_in(alices, alice):
    response = alices.post(
        "/auth/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )

    alice.refresh_from_db()
    assert response.status_code == 302
    assert alice.check_password(NEW_PASSWORD)
    assert alices.get("/todos/").status_code == 200


def logged_in(user: User, program: str) -> Client:
    client = Client(HTTP_USER_AGENT=program)
    log_in(client, user.email)
    return client


def is_open(client: Client) -> bool:
    return bool(client.get("/todos/").status_code == 200)


def test_devices_are_listed_and_ended_one_by_one_or_all(alices, alice, bob):
    phone, tablet = logged_in(alice, IPHONE), logged_in(alice, "Other <program>/1")
    stranger = logged_in(bob, IPHONE)
    page = alices.get("/auth/sessions/").text
    shown = re.findall(r'row-title"[^>]*><bdi>([^<]*)<', page)
    ids = {name: re.search(rf"Log out {name}", page) for name in shown[1:]}
    assert (shown[0], {*shown[1:]}) == (
        "Unknown device",
        {"Safari on iPhone", "Other &lt;program&gt;"},
    )
    assert all(ids.values())
    [own] = UserSession.objects.filter(user=alice, user_agent=IPHONE)
    [theirs] = UserSession.objects.filter(user=bob)
    for device in (theirs.pk, "x", -1):
        told = alices.post("/auth/sessions/", {"device": device}, follow=True).text
        assert "That device is no longer logged in." in told
    assert [is_open(each) for each in (alices, phone, tablet, stranger)] == [True] * 4
    told = alices.post("/auth/sessions/", {"device": own.pk}, follow=True).text
    assert "Logged out: Safari on iPhone." in told
    assert [is_open(each) for each in (alices, phone, tablet, stranger)] == [
        True,
        False,
        True,
        True,
    ]
    told = alices.post("/auth/sessions/", follow=True).text
    assert "Logged out: Other &lt;program&gt;." in told
    assert [is_open(each) for each in (alices, tablet, stranger)] == [True, False, True]
    assert "Log out everywhere else" not in alices.get("/auth/sessions/").text


def test_address_is_added_once_the_password_is_proved_again(web, alice):
    client = web(alice)
    wanted = {"action_add": "", "email": "a2@example.com"}

    asked = client.post("/auth/email/", wanted, follow=True)
    prove = asked.redirect_chain[-1][0]
    wrong = client.post(prove, {"password": "wrong", "next": "/auth/email/"})
    before = EmailAddress.objects.count()
    client.post(prove, {"password": PASSWORD, "next": "/auth/email/"})

    assert prove.startswith("/auth/reauthenticate/")
    assert 'autocomplete="current-password"' in asked.text
    assert "Incorrect password." in wrong.text
    assert before == 1
    assert EmailAddress.objects.filter(email="a2@example.com").exists()


# --- Errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 413, 429, 500, 503])
def test_error_page_needs_no_request_and_leads_back(status):
    page = render_to_string("error.html", {"status": status, "detail": "The <reason>."})

    assert str(status) in page
    assert "The &lt;reason&gt;." in page
    assert 'href="/todos/"' in page


def test_unknown_page_is_a_friendly_404(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/nothing/")

    assert response.status_code == 404
    assert "This page does not exist." in response.text


def test_a_log_in_page_of_another_tab_leads_to_the_list(alice):
    """Its token is that of before the log-in."""
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/auth/login/").text
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    form = {"csrfmiddlewaretoken": token, "login": alice.email, "password": PASSWORD}
    assert browser.post("/auth/login/", form).status_code == 302
    second = browser.post("/auth/login/", form)
    assert (second.status_code, second["Location"]) == (302, "/todos/")
    assert browser.post("/auth/logout/", {"csrfmiddlewaretoken": token}).status_code == 403
    assert Client(enforce_csrf_checks=True).post("/auth/login/", form).status_code == 403
