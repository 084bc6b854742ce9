"""Sign-up as the operator wants it: on the page, by the API, in the admin and by the command."""

import threading
from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.core.internal import ratelimit
from allauth.headless.account import inputs
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from accounts import registration
from accounts.models import Invitation, User
from accounts.registration import check_domain
from config import env
from tests.accounts.conftest import PASSWORD, Phone, assert_error
from tests.conftest import make_user

PAGE = "/auth/signup/"
EMAIL = "carol@example.com"


def by_page(browser: Client, email: str = EMAIL) -> Any:
    return browser.post(PAGE, {"email": email, "password1": PASSWORD})


def by_api(email: str = EMAIL, address: str = "198.51.100.1", **more: str) -> Any:
    return Phone(address).post("auth/signup", {"email": email, "password": PASSWORD, **more})


def exists(email: str = EMAIL) -> bool:
    return User.objects.filter(email=email).exists()


# --- Closed ---------------------------------------------------------------------------------------


def test_a_closed_server_takes_nobody(client, settings, alice):
    settings.REGISTRATION = "closed"
    assert "accepts no new accounts" in client.get(PAGE).text
    assert "accepts no new accounts" in by_page(client).text
    refused = by_api()
    assert_error(refused, 403, "signup_closed")
    assert refused.json()["errors"][0]["detail"] == "This server accepts no new accounts."
    assert not exists()
    told = Phone().get("config").json()["data"]["account"]["is_open_for_signup"]
    assert told is False
    assert Phone().log_in(alice.email).status_code == 200


def test_staff_add_accounts_to_a_closed_server(web, staff, settings):
    settings.REGISTRATION = "closed"
    fields = {
        "email": EMAIL,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    counts = {
        f"{name}-{what}_FORMS": "0"
        for name in ("emailaddress_set", "sms_allowance")
        for what in ("TOTAL", "INITIAL")
    }
    web(staff).post("/admin/accounts/user/add/", {**fields, **counts})
    assert exists()


# --- By invitation --------------------------------------------------------------------------------


@pytest.fixture
def by_invitation(settings) -> None:
    settings.REGISTRATION = "invitation"


def path_of(invitation: Invitation) -> str:
    return f"/account/invited/{invitation.token}/"


@pytest.mark.usefixtures("by_invitation")
def test_nobody_signs_up_without_an_invitation(client):
    assert "You need an invitation to create an account here" in client.get(PAGE).text
    assert "You need an invitation to create an account here" in by_page(client).text
    assert_error(by_api(), 403, "invitation_required")
    for made_up in ("", "x", "a:b:c"):
        assert_error(by_api(invitation=made_up), 403, "invitation_required")
        assert client.get(f"/account/invited/{made_up or 'y'}/").status_code == 404
    assert not exists()


@pytest.mark.usefixtures("by_invitation")
def test_a_link_creates_one_account_on_the_page(client, clock, mailoutbox):
    invitation, other = Invitation.objects.create(email=EMAIL), Invitation.objects.create()
    opened = client.get(path_of(invitation))
    assert (opened.status_code, opened["Location"]) == (302, PAGE)
    assert f'value="{EMAIL}"' in client.get(PAGE).text
    refused = by_page(client, "dave@example.com")
    assert refused.context["form"].errors == {"email": ["This invitation is for another address."]}
    assert by_page(client).status_code == 302
    carol = User.objects.get(email=EMAIL)
    invitation.refresh_from_db()
    assert (invitation.account, invitation.used_at) == (carol, invitation.created_at)
    assert Client().get(path_of(invitation)).status_code == 404
    assert "invitation" not in client.session
    assert client.get(path_of(other))["Location"] == "/todos/"
    other.refresh_from_db()
    assert other.used_at is None


@pytest.mark.usefixtures("by_invitation")
def test_a_link_creates_one_account_by_the_api():
    invitation = Invitation.objects.create()
    assert by_api(invitation=invitation.token).status_code == 200
    assert_error(
        by_api("dave@example.com", invitation=invitation.token), 403, "invitation_required"
    )
    for_carol = Invitation.objects.create(email="erin@example.com").token
    refused = by_api("dave@example.com", invitation=for_carol)
    assert_error(refused, 400, "invitation_for_another", "email")
    assert by_api("Erin@Example.com", invitation=for_carol).status_code == 200


@pytest.mark.usefixtures("by_invitation")
def test_an_invitation_ends(client, clock):
    invitation = Invitation.objects.create()
    client.get(path_of(invitation))
    clock.shift(timedelta(days=14))
    assert "You need an invitation to create an account here" in by_page(client).text
    assert Client().get(path_of(invitation)).status_code == 404
    clock.shift(timedelta(days=30, seconds=1))
    call_command("prune")
    assert not Invitation.objects.exists()


@pytest.mark.usefixtures("by_invitation")
def test_an_invitation_that_was_taken_back_opens_nothing():
    invitation = Invitation.objects.create()
    token = invitation.token
    invitation.delete()
    assert_error(by_api(invitation=token), 403, "invitation_required")


@pytest.mark.usefixtures("by_invitation")
def test_of_two_sign_ups_by_one_link_one_leaves_nothing(monkeypatch):
    """The second has looked at the invitation before the first used it."""
    invitation = Invitation.objects.create()
    monkeypatch.setattr(Invitation, "use", lambda self, account: False)
    assert_error(by_api(invitation=invitation.token), 403, "invitation_required")
    assert not exists()


@pytest.mark.usefixtures("by_invitation")
def test_an_address_in_use_is_not_disclosed_and_uses_nothing_up(alice, mandatory):
    invitation = Invitation.objects.create()
    answers = [by_api(email, invitation=invitation.token) for email in (alice.email, EMAIL)]
    assert [answer.status_code for answer in answers] == [401, 401]
    invitation.refresh_from_db()
    assert invitation.account == User.objects.get(email=EMAIL)


@pytest.mark.usefixtures("by_invitation")
@pytest.mark.parametrize("body", ["[]", "null"])
def test_a_body_that_is_no_object_invites_nobody(body):
    sent = Client().post("/api/auth/app/v1/auth/signup", body, content_type="application/json")
    assert sent.status_code == 400


@pytest.mark.usefixtures("by_invitation")
@pytest.mark.parametrize("body", ["no JSON", "[]"])
def test_a_reader_with_a_body_of_its_own_is_told_that_sign_up_is_not_open(body):
    path, kind = "/api/auth/app/v1/config", "application/json"
    told = Client().generic("GET", path, body, content_type=kind).json()
    assert told["data"]["account"]["is_open_for_signup"] is False


def test_staff_make_an_invitation_and_see_its_link(web, staff, settings):
    settings.PUBLIC_BASE_URL = "https://nudge.example.com/"
    browser = web(staff)
    form = {"email": "", "expires_at_0": "2027-01-01", "expires_at_1": "10:00"}
    browser.post("/admin/accounts/invitation/add/", form)
    invitation = Invitation.objects.get()
    assert invitation.created_by == staff
    page = browser.get(f"/admin/accounts/invitation/{invitation.pk}/change/").text
    assert f"https://nudge.example.com{path_of(invitation)}" in page
    browser.post(f"/admin/accounts/invitation/{invitation.pk}/change/", {**form, "email": EMAIL})
    invitation.refresh_from_db()
    assert (invitation.email, str(invitation)) == (EMAIL, EMAIL)


def test_a_helper_without_the_permission_sees_no_link(web):
    helper = make_user("helper@example.com", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename="view_user"))
    invitation = Invitation.objects.create()
    url = f"/admin/accounts/invitation/{invitation.pk}/change/"
    assert web(helper).get(url).status_code == 403


def test_the_command_prints_a_link(settings):
    settings.PUBLIC_BASE_URL = ""
    out = StringIO()
    call_command("invite", "Carol@Example.com", stdout=out)
    invitation = Invitation.objects.get()
    assert (invitation.email, out.getvalue()) == (EMAIL, f"{path_of(invitation)}\n")
    call_command("invite", stdout=out)
    assert Invitation.objects.filter(email="").count() == 1
    settings.REGISTRATION_DOMAINS = ["example.org"]
    for wrong in ("carol", "carol@[127.0.0.1]", EMAIL):
        with pytest.raises(CommandError):
            call_command("invite", wrong)


# --- Domains --------------------------------------------------------------------------------------


@pytest.fixture
def domains(settings) -> None:
    settings.REGISTRATION_DOMAINS = ["example.org", "*.example.net"]


WRONG_DOMAIN = "Use an address of these domains: example.org, *.example.net."
OUTSIDE = ["a@example.com", "a@example.org.evil.com", "a@example.net", "a@evil-example.org"]


@pytest.mark.usefixtures("domains")
@pytest.mark.parametrize("email", OUTSIDE)
def test_an_address_of_another_domain_is_refused_at_every_entry(client, web, staff, alice, email):
    assert by_page(client, email).context["form"].errors == {"email": [WRONG_DOMAIN]}
    assert_error(by_api(email), 400, "domain_not_allowed", "email")
    page = web(staff).post("/admin/accounts/user/add/", {"email": email, "password1": PASSWORD})
    assert page.context["adminform"].form.errors["email"] == [WRONG_DOMAIN]
    row = {"user": str(alice.pk), "email": email}
    page = web(staff).post("/admin/account/emailaddress/add/", row)
    assert page.context["adminform"].form.errors["email"] == [WRONG_DOMAIN]
    phone = Phone()
    phone.log_in(alice.email)
    added = phone.post("account/email", {"email": f"b{email}"})
    assert_error(added, 400, "domain_not_allowed", "email")
    client.post("/auth/login/", {"login": alice.email, "password": PASSWORD})
    page = client.post("/auth/email/", {"email": f"b{email}", "action_add": ""})
    assert WRONG_DOMAIN in page.text
    assert User.objects.exclude(pk__in=[staff.pk, alice.pk]).count() == 0


@pytest.mark.usefixtures("domains")
@pytest.mark.parametrize("email", ["a@example.org", "A@Example.ORG", "a@x.example.net"])
def test_an_address_of_the_domains_is_taken(client, email):
    assert by_page(client, email).status_code == 302
    assert exists(email.lower())


@pytest.mark.parametrize("address", ["a@MÜNCHEN.example", '"a"@xn--mnchen-3ya.example'])
def test_a_domain_is_one_in_every_spelling(settings, address):
    settings.REGISTRATION_DOMAINS = ["xn--mnchen-3ya.example"]
    check_domain(address)


@pytest.mark.usefixtures("domains")
def test_who_has_an_older_address_goes_on_with_it(web, staff, alice):
    assert Phone().log_in(alice.email).status_code == 200
    address = alice.emailaddress_set.get()
    url = f"/admin/account/emailaddress/{address.pk}/change/"
    row = {"user": str(alice.pk), "email": alice.email, "verified": "on"}
    assert web(staff).post(url, row).status_code == 302


# --- Floods ---------------------------------------------------------------------------------------


def test_one_address_creates_so_many_accounts_in_an_hour(clock, monkeypatch):
    two = ratelimit.Rate(amount=2, duration=3600, per="ip")
    monkeypatch.setattr(registration, "OF_ONE_ADDRESS", two)
    assert [by_api(f"{name}@example.com").status_code for name in "ab"] == [200, 200]
    refused = by_api("c@example.com")
    assert_error(refused, 429, "throttled")
    assert refused["Retry-After"] == "3600"
    page = by_page(Client(REMOTE_ADDR="198.51.100.1"))
    assert (page.status_code, page["Retry-After"]) == (429, "3600")
    assert by_api("d@example.com", "203.0.113.9").status_code == 200
    clock.shift(3600)
    assert by_api("c@example.com").status_code == 200


def test_all_addresses_together_create_so_many_accounts_in_a_day(clock, settings):
    settings.REGISTRATIONS_DAILY = 2
    statuses = [by_api(f"{n}@example.com", f"203.0.113.{n}").status_code for n in range(3)]
    assert statuses == [200, 200, 429]
    clock.shift(timedelta(days=1))
    assert by_api("e@example.com").status_code == 200


def test_a_used_up_limit_does_not_disclose_an_address_in_use(settings, alice, mandatory):
    settings.REGISTRATIONS_DAILY = 1
    emails = (alice.email, alice.email, "new@example.com")
    assert [by_api(email).status_code for email in emails] == [401, 429, 429]


def test_what_is_wrong_is_not_counted(settings):
    settings.REGISTRATIONS_DAILY = 1
    assert by_api("not an address").status_code == 400
    assert by_api().status_code == 200


# --- All together ---------------------------------------------------------------------------------


def test_allauth_still_has_what_is_replaced():
    registration.guard_api()
    for name in ("try_save", "clean_email"):
        assert hasattr(getattr(inputs.SignupInput, name), "__wrapped__")
    assert hasattr(inputs.AddEmailInput.clean_email, "__wrapped__")


def test_a_misspelt_mode_stops_the_start(monkeypatch):
    monkeypatch.setenv("REGISTRATION", "opne")
    with pytest.raises(
        Exception, match="REGISTRATION must be open, invitation, closed, not 'opne'"
    ):
        env.choice("REGISTRATION", of=("open", "invitation", "closed"))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_simultaneous_sign_ups_by_one_link_make_one_account(settings, monkeypatch):
    """Each has found the link unused."""
    settings.REGISTRATION = "invitation"
    token = Invitation.objects.create().token
    start, found, statuses = threading.Barrier(8), threading.Barrier(8), []
    use = Invitation.use

    def use_together(invitation: Invitation, account: User) -> bool:
        found.wait(30)
        return use(invitation, account)

    monkeypatch.setattr(Invitation, "use", use_together)

    def run(number: int) -> None:
        try:
            start.wait()
            answer = by_api(f"p{number}@example.com", f"203.0.113.{number}", invitation=token)
            statuses.append(answer.status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {200: 1, 403: 7}
    assert User.objects.count() == 1
