"""Accounts and devices in the admin: what staff may do, and what nobody is shown."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from sms.models import Message
from tests.accounts.conftest import PASSWORD, Phone
from tests.builders import make_todo
from tests.conftest import bearer_token, make_user
from todos.models import Todo

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"
SESSIONS = "/admin/usersessions/usersession/"
LOG_IN = ("/auth/login/", "/admin/login/")
TOKEN = "tokentokentokentokentokentokento"
NO_ALLOWANCE = {"sms_allowance-TOTAL_FORMS": "0", "sms_allowance-INITIAL_FORMS": "0"}
NO_ADDRESSES = {
    "emailaddress_set-TOTAL_FORMS": "0",
    "emailaddress_set-INITIAL_FORMS": "0",
    **NO_ALLOWANCE,
}


@pytest.fixture
def superuser(web, staff):
    return web(staff)


@pytest.fixture
def helper(web) -> Client:
    """Staff who may look at accounts and devices and nothing more."""
    person = make_user("helper@example.com", is_staff=True)
    names = ("view_usersession", "view_user", "view_todo", "view_emailaddress")
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return web(person)


@pytest.fixture
def device(alice) -> UserSession:
    return UserSession.objects.create(
        user=alice,
        ip="198.51.100.1",
        user_agent="a phone",
        session_key=TOKEN,
        data={"planted": "planted-secret"},
    )


@pytest.mark.parametrize(
    "query",
    [{}, {"q": "a phone"}, {"o": "1.2.3.4.5"}, {"o": "6"}, {"_popup": "1"}],
    ids=repr,
)
def test_no_list_shows_a_token(superuser, helper, device, query):
    for client in (superuser, helper):
        page = client.get(SESSIONS, query)
        assert page.status_code == 200
        assert TOKEN not in page.content.decode()
        assert "planted-secret" not in page.content.decode()
        assert "a phone" in page.content.decode()


@pytest.mark.parametrize("text", [TOKEN, "planted"])
def test_nothing_is_found_by_a_token(superuser, device, text):
    page = superuser.get(SESSIONS, {"q": text})
    assert page.status_code == 200
    assert list(page.context["cl"].result_list) == []


def test_no_other_page_shows_a_token(superuser, device, alice):
    for path in (
        f"{SESSIONS}{device.pk}/change/",
        f"{SESSIONS}{device.pk}/history/",
        f"{USERS}{alice.pk}/delete/",
    ):
        page = superuser.get(path)
        assert page.status_code == 200
        assert TOKEN not in page.content.decode()
        assert "planted-secret" not in page.content.decode()
    assert superuser.get(f"{SESSIONS}{device.pk}/delete/").status_code == 403


@pytest.mark.parametrize(
    ("path", "lookup"),
    [
        (SESSIONS, "session_key"),
        (SESSIONS, "session_key__startswith"),
        (SESSIONS, "session_key__regex"),
        (SESSIONS, "session_key__gt"),
        (SESSIONS, "session_key__in"),
        (SESSIONS, "data__planted__startswith"),
        (SESSIONS, "data__icontains"),
        (SESSIONS, "user__password__startswith"),
        (SESSIONS, "user__usersession__session_key__startswith"),
        (SESSIONS, "_to_field"),
        (USERS, "usersession__session_key__startswith"),
        (USERS, "password__startswith"),
        ("/admin/todos/todo/", "owner__usersession__session_key__startswith"),
        ("/admin/todos/todo/", "owner__password__startswith"),
        ("/admin/account/emailaddress/", "user__usersession__session_key__startswith"),
        ("/admin/account/emailaddress/", "user__password__startswith"),
    ],
)
def test_a_token_cannot_be_guessed_by_filters(superuser, helper, device, path, lookup):
    value = "session_key" if lookup == "_to_field" else TOKEN[0]
    for client in (superuser, helper):
        assert client.get(path, {lookup: value}).status_code == 400


def test_devices_are_filtered_by_what_is_shown(helper, device):
    for query in ({"user_agent__startswith": "a p"}, {"ip": "198.51.100.1"}):
        page = helper.get(SESSIONS, query)
        assert page.status_code == 200
        assert "a phone" in page.content.decode()


@pytest.mark.parametrize("path", ["/admin/password_change/", "/admin/password_change/done/"])
def test_ones_own_password_is_changed_where_everybody_does(superuser, web, alice, staff, path):
    fields = {
        "old_password": PASSWORD,
        "new_password1": "another fine password",
        "new_password2": "another fine password",
    }
    for response in (superuser.get(path), superuser.post(path, fields)):
        assert (response.status_code, response["Location"]) == (302, "/auth/password/change/")
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)
    for client in (Client(), web(alice)):
        assert client.post(path, fields)["Location"].split("?")[0] in LOG_IN


def new_password(client: Client, user: User):
    fields = {"password1": "another fine password", "password2": "another fine password"}
    return client.post(f"{USERS}{user.pk}/password/", {**fields, "usable_password": "true"})


def test_a_new_password_set_by_a_superuser_ends_every_session(superuser, web, alice, bob):
    browser, token = web(alice), bearer_token(alice)
    theirs = bearer_token(bob)
    assert browser.get("/account/").status_code == 200
    assert new_password(superuser, alice).status_code == 302
    assert browser.get("/account/").status_code == 302
    answers = [
        Client().get("/api/v1/account/", headers={"Authorization": f"Bearer {key}"}).status_code
        for key in (token, theirs)
    ]
    assert answers == [401, 200]
    assert Phone().log_in(alice.email, "another fine password").status_code == 200


def test_nobody_else_sets_a_password(helper, web, alice, bob):
    assert helper.get(f"{USERS}{alice.pk}/password/").status_code == 403
    assert new_password(helper, alice).status_code == 403
    for client in (Client(), web(bob), web(alice)):
        response = new_password(client, alice)
        assert response.status_code == 302
        assert response["Location"].split("?")[0] in LOG_IN
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_an_account_is_added(superuser):
    fields = {
        "email": "Carol@Example.com",
        "usable_password": "true",
        "password1": "another fine password",
        "password2": "another fine password",
        **NO_ADDRESSES,
    }
    assert superuser.post(f"{USERS}add/", fields).status_code == 302
    carol = User.objects.get(email="carol@example.com")
    assert (carol.is_staff, carol.check_password("another fine password")) == (False, True)
    again = superuser.post(f"{USERS}add/", {**fields, "email": "CAROL@example.com"})
    assert again.status_code == 200
    assert again.context["adminform"].form.errors
    assert User.objects.filter(email__iexact="carol@example.com").count() == 1


def profile(user: User, **changes: object) -> dict[str, object]:
    return {
        "email": user.email,
        "time_zone": "UTC",
        "reminder_channel": "email",
        "digest_hour": "9",
        "is_active": "on",
        "date_joined_0": "2026-01-02",
        "date_joined_1": "03:04:05",
        **NO_ADDRESSES,
        **changes,
    }


def test_an_account_is_changed(superuser, alice, bob):
    path = f"{USERS}{alice.pk}/change/"
    fields = profile(alice, name="Alice", time_zone="Asia/Shanghai", language="en")
    assert superuser.post(path, fields).status_code == 302
    alice.refresh_from_db()
    found = (alice.name, alice.time_zone, alice.language, alice.is_staff)
    assert found == ("Alice", "Asia/Shanghai", "en", False)
    assert alice.check_password(PASSWORD)
    for wrong in ({"email": bob.email.upper()}, {"time_zone": "Mars"}, {"email": ""}):
        response = superuser.post(path, profile(alice, **wrong))
        assert response.status_code == 200
        assert set(response.context["adminform"].form.errors) & {*wrong, "__all__"}


def address(number: int, email: str, **fields: object) -> dict[str, object]:
    return {f"emailaddress_set-{number}-{name}": value for name, value in fields.items()} | {
        f"emailaddress_set-{number}-email": email
    }


def test_addresses_are_added_with_the_account(superuser, bob, alice):
    path = f"{USERS}{alice.pk}/change/"
    [first] = EmailAddress.objects.filter(user=alice)
    known = address(0, first.email, id=first.pk, user=alice.pk, primary="on", verified="on")
    counts = {
        "emailaddress_set-TOTAL_FORMS": "2",
        "emailaddress_set-INITIAL_FORMS": "1",
        **NO_ALLOWANCE,
    }
    for wrong in (
        address(1, "second@example.com", user=alice.pk, primary="on"),
        address(1, bob.email, user=alice.pk, verified="on"),
        address(1, first.email.upper(), user=alice.pk),
    ):
        response = superuser.post(path, {**profile(alice), **counts, **known, **wrong})
        assert response.status_code == 200
    good = address(1, "Second@example.com", user=alice.pk)
    assert superuser.post(path, {**profile(alice), **counts, **known, **good}).status_code == 302
    found = EmailAddress.objects.filter(user=alice).order_by("pk")
    assert list(found.values_list("email", "primary", "verified")) == [
        ("alice@example.com", True, True),
        ("second@example.com", False, False),
    ]


def test_two_new_addresses_that_differ_in_case_are_refused(superuser, alice):
    [first] = EmailAddress.objects.filter(user=alice)
    fields = {
        "emailaddress_set-TOTAL_FORMS": "3",
        "emailaddress_set-INITIAL_FORMS": "1",
        **NO_ALLOWANCE,
        **address(0, first.email, id=first.pk, user=alice.pk, primary="on", verified="on"),
        **address(1, "second@example.com", user=alice.pk),
        **address(2, "Second@Example.com", user=alice.pk),
    }

    response = superuser.post(f"{USERS}{alice.pk}/change/", {**profile(alice), **fields})

    assert response.status_code == 200
    assert "Write each address once." in response.content.decode()
    assert list(EmailAddress.objects.filter(user=alice)) == [first]


def test_an_account_is_removed_with_everything_of_its_own(superuser, alice, bob, device):
    make_todo(alice, tags=["a"])
    kept = make_todo(bob)
    assert superuser.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()
    assert list(Todo.objects.all()) == [kept]
    fields = {"action": "delete_selected", "_selected_action": [str(bob.pk)], "post": "yes"}
    assert superuser.post(USERS, fields).status_code == 302
    assert not Todo.objects.exists()


def test_only_who_may_delete_accounts_does(helper, alice):
    make_todo(alice)
    assert helper.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    fields = {"action": "delete_selected", "_selected_action": [str(alice.pk)], "post": "yes"}
    helper.post(USERS, fields)
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_device_is_neither_added_nor_changed_nor_removed(superuser, device):
    assert superuser.post(f"{SESSIONS}add/", {}).status_code == 403
    assert superuser.post(f"{SESSIONS}{device.pk}/change/", {"ip": "::1"}).status_code == 403
    assert superuser.post(f"{SESSIONS}{device.pk}/delete/", {"post": "yes"}).status_code == 403
    assert UserSession.objects.get(pk=device.pk).ip == "198.51.100.1"


def test_what_a_second_factor_is_made_of_is_never_shown(superuser, alice):
    secret = "planted-in-the-data"
    row = Authenticator.objects.create(user=alice, type="totp", data={"secret": secret})
    path = "/admin/mfa/authenticator/"
    for page in (
        path,
        f"{path}{row.pk}/change/",
        f"{path}?q={alice.email}",
        f"{path}?type__exact=totp",
    ):
        told = superuser.get(page)
        assert (told.status_code, secret in told.text) == (200, False)
    for guess in ("data__secret__startswith=p", "data__icontains=p"):
        assert superuser.get(f"{path}?{guess}").status_code in (302, 400)
    assert superuser.post(f"{path}{row.pk}/change/", {"type": "totp"}).status_code == 403
    assert superuser.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/", "/admin/account/", "/admin/auth/"])
def test_accounts_are_one_section(superuser, path):
    sections = {app["name"]: app for app in superuser.get(path).context["app_list"]}
    names = [str(model["name"]) for model in sections["Accounts"]["models"]]
    made = [
        "API tokens",
        "Authenticators",
        "Email addresses",
        "Groups",
        "Invitations",
        "Security events",
    ]
    assert names == [*made, "User sessions", "Users"]
    assert (set(sections) == {"Accounts"}) is (path != "/admin/")
    assert not {"Authentication and Authorization", "User Sessions"} & set(sections)


def test_who_may_not_look_at_accounts_sees_no_such_section(web):
    clerk = make_user("clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_todo"))
    page = web(clerk).get("/admin/")
    assert [app["app_label"] for app in page.context["app_list"]] == ["todos"]
    assert web(clerk).get("/admin/accounts/").status_code == 404


def test_every_link_of_a_filter_has_a_name(superuser, alice):
    Message.objects.create(sender=alice, to="+15005550006", body="a", provider="", region="")
    page = superuser.get("/admin/sms/message/").text
    assert re.findall(r'<a href="\?region=">\s*([^<]*?)\s*</a>', page) == ["none"]
    assert re.findall(r'<a href="\?[^"]*">\s*</a>', page) == []
