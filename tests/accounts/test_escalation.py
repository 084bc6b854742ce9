"""No permission of the admin but that of a superuser makes an operator of anybody."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import User
from tests.accounts.test_admin import NO_ADDRESSES
from tests.conftest import PASSWORD, make_user

pytestmark = pytest.mark.django_db
USERS, GROUPS, ADDRESSES = (
    "/admin/accounts/user/",
    "/admin/auth/group/",
    "/admin/account/emailaddress/",
)
NEW = "another fine password"


def address_rows(user: User, **changes: str) -> dict[str, str]:
    """The inline of the addresses of an account, as its page sends it."""
    row = EmailAddress.objects.get(user=user)
    return {
        "emailaddress_set-TOTAL_FORMS": "1",
        "emailaddress_set-INITIAL_FORMS": "1",
        "emailaddress_set-0-id": str(row.pk),
        "emailaddress_set-0-user": str(user.pk),
        "emailaddress_set-0-email": row.email,
        "emailaddress_set-0-verified": "on",
        "emailaddress_set-0-primary": "on",
        **changes,
    }


def account_form(user: User, **changes: Any) -> dict[str, Any]:
    return {
        **NO_ADDRESSES,
        "email": user.email,
        "name": user.name,
        "time_zone": user.time_zone,
        "reminder_channel": "email",
        "digest_hour": "9",
        "date_joined_0": f"{user.date_joined:%Y-%m-%d}",
        "date_joined_1": f"{user.date_joined:%H:%M:%S}",
        "is_active": "on",
        **changes,
    }


def attacks(client: Client, me: User, boss: User, alice: User) -> None:
    """Everything that would give somebody more than they have."""
    every = [str(key) for key in Permission.objects.values_list("pk", flat=True)[:3]]
    group = Group.objects.get()
    powers: dict[str, Any] = {"is_staff": "on", "is_superuser": "on", "user_permissions": every}
    powers["groups"] = [str(group.pk)]
    mine = {"emailaddress_set-0-email": "mallory@example.com"}
    for victim in (me, boss, alice):
        path = f"{USERS}{victim.pk}"
        client.post(f"{path}/change/", account_form(victim, **powers))
        client.post(f"{path}/change/", account_form(victim, email="mallory@example.com"))
        client.post(f"{path}/change/", account_form(victim, **address_rows(victim, **mine)))
        form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
        client.post(f"{path}/password/", form)
        row = EmailAddress.objects.get(user=victim)
        fields = {"user": str(victim.pk), "email": "mallory@example.com", "verified": "on"}
        client.post(f"{ADDRESSES}{row.pk}/change/", fields)
        client.post(f"{ADDRESSES}add/", fields)
        client.post(f"{ADDRESSES}{row.pk}/delete/", {"post": "yes"})
        client.post(ADDRESSES, {"action": "delete_selected", "_selected_action": row.pk, "post": 1})
    client.post(f"{USERS}{boss.pk}/change/", account_form(boss) | {"is_active": ""})
    client.post(f"{USERS}{boss.pk}/delete/", {"post": "yes"})
    client.post(USERS, {"action": "delete_selected", "_selected_action": boss.pk, "post": "yes"})
    client.post(f"{GROUPS}{group.pk}/change/", {"name": "all", "permissions": every})
    client.post(f"{GROUPS}add/", {"name": "mine", "permissions": every})
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"} | powers
    client.post(f"{USERS}add/", {"email": "new@example.com", **NO_ADDRESSES, **form})


def powers() -> list[Any]:
    """Who may do what, and how each account is entered; but for accounts that are new."""
    old = User.objects.exclude(email="new@example.com").order_by("email")
    columns = ("email", "password", "is_active", "is_staff", "is_superuser")
    return [
        list(old.values_list(*columns)),
        list(old.values_list("email", "groups__name", "user_permissions__codename")),
        list(EmailAddress.objects.order_by("pk").values_list("user__email", "email", "verified")),
        list(Group.objects.values_list("name", "permissions__codename")),
        list(User.objects.filter(is_staff=True).order_by("email").values_list("email", flat=True)),
    ]


@pytest.fixture
def scene(web, staff, alice) -> Callable[[list[Permission]], tuple[Client, User]]:
    Group.objects.create(name="clerks")

    def helper_with(permissions: list[Permission]) -> tuple[Client, User]:
        helper = make_user("helper@example.com", is_staff=True)
        helper.groups.set(Group.objects.all())
        helper.user_permissions.set(permissions)
        return web(helper), helper

    return helper_with


@pytest.mark.wide
@pytest.mark.parametrize("action", ["add", "change", "delete"])
@pytest.mark.parametrize("model", ["user", "emailaddress", "group"])
def test_one_permission_makes_nobody_more_than_before(scene, staff, alice, model, action):
    """Those that reach one of these pages; the next test has all others too."""
    [permission] = Permission.objects.filter(codename=f"{action}_{model}")
    client, helper = scene([permission])
    before = powers()
    attacks(client, helper, staff, alice)
    assert powers() == before


def test_all_permissions_together_make_nobody_more_than_before(scene, staff, alice):
    client, helper = scene(list(Permission.objects.all()))
    before = powers()
    attacks(client, helper, staff, alice)
    after = powers()
    assert after == before
    assert User.objects.get(email="new@example.com").is_staff is False


def test_a_superuser_changes_all_of_it(web, staff, alice):
    """The same requests, so that the ones above fail for want of the right and nothing else."""
    group = Group.objects.create(name="clerks")
    client = web(staff)
    permission = Permission.objects.get(codename="view_todo")
    form = account_form(
        alice,
        is_staff="on",
        is_superuser="on",
        groups=[group.pk],
        user_permissions=[permission.pk],
        **address_rows(alice, **{"emailaddress_set-0-email": "a2@example.com"}),
    )
    assert client.post(f"{USERS}{alice.pk}/change/", form).status_code == 302
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser, alice.groups.get()) == (True, True, group)
    assert alice.user_permissions.get() == permission
    assert EmailAddress.objects.get(user=alice).email == "a2@example.com"
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert client.post(f"{USERS}{alice.pk}/password/", form).status_code == 302
    alice.refresh_from_db()
    assert (alice.check_password(NEW), alice.check_password(PASSWORD)) == (True, False)
    assert client.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 302


def test_staff_look_after_the_accounts_of_people(scene, alice, staff):
    names = ("view_user", "change_user", "delete_user")
    client, _helper = scene(list(Permission.objects.filter(codename__in=names)))
    form = account_form(alice, name="Alice", time_zone="Asia/Tokyo") | {"is_active": ""}
    assert client.post(f"{USERS}{alice.pk}/change/", form).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone, alice.is_active) == ("Alice", "Asia/Tokyo", False)
    page = client.get(f"{USERS}{staff.pk}/change/")
    assert (page.status_code, page.context["has_change_permission"]) == (200, False)
    rows = {"action": "delete_selected", "_selected_action": [alice.pk, staff.pk]}
    asked = client.post(USERS, rows)
    assert asked.context["perms_lacking"] == {"operator"}
    assert client.post(USERS, {**rows, "post": "yes"}).status_code == 403
    assert client.post(f"{USERS}{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()
