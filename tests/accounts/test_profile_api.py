"""GET and PATCH /api/v1/account/: strict, and nothing is lost between two changes."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, override

from accounts.api.serializers import ProfileSerializer
from accounts.middleware import SignedInMiddleware
from accounts.models import User
from accounts.sessions import SessionStore
from tests.accounts.conftest import assert_error
from tests.accounts.test_admin import profile

ME = "/api/v1/account/"


def test_my_profile_is_exactly_this(api, alice, bob):
    assert api(alice).get(ME).json() == {
        "id": str(alice.pk),
        "email": "alice@example.com",
        "name": "",
        "time_zone": "UTC",
        "language": "",
        "week_start": "",
        "reminder_channel": "email",
        "default_reminder": None,
        "digest_hour": 9,
        "quiet_from": "",
        "quiet_until": "",
        "channels_off": [],
        "version": 1,
    }


def test_a_patch_changes_what_it_names(api, alice, bob):
    changes = {"name": "Alice", "time_zone": "Asia/Shanghai", "language": "en"}
    changes["week_start"] = "sunday"
    before = api(alice).get(ME).json()
    response = api(alice).patch(ME, changes)
    expected = {**before, **changes, "version": 2}
    assert (response.status_code, response.json()) == (200, expected)
    assert api(alice).get(ME).json() == expected
    bob.refresh_from_db()
    assert (bob.name, bob.time_zone) == ("", "UTC")


def test_a_zone_in_lower_case_is_answered_in_its_own_spelling(api, alice):
    response = api(alice).patch(ME, {"time_zone": "asia/calcutta"})
    assert (response.status_code, response.json()["time_zone"]) == (200, "Asia/Calcutta")
    alice.refresh_from_db()
    assert alice.time_zone == "Asia/Calcutta"


@pytest.mark.parametrize("changes", [{}, {"name": ""}])
def test_a_patch_that_changes_nothing_is_no_version(api, alice, changes):
    """SEED-07."""
    client = api(alice)
    before = client.get(ME)
    response = client.patch(ME, changes)
    assert (response.status_code, response["ETag"]) == (200, '"1"')
    assert response.json() == before.json()


def test_two_devices_do_not_overwrite_each_other(api, alice, bob):
    first, second = api(alice), api(alice)
    held = second.get(ME)
    assert first.patch(ME, {"name": "Alice"}, headers={"If-Match": held["ETag"]}).status_code == 200
    stale = second.patch(ME, {"name": "Bob"}, headers={"If-Match": held["ETag"]})
    assert (stale.status_code, stale["ETag"]) == (412, '"2"')
    assert stale.json()["current"] == first.get(ME).json()
    assert first.get(ME, headers={"If-None-Match": '"2"'}).status_code == 304
    assert first.get(ME, headers={"If-None-Match": held["ETag"]}).json()["name"] == "Alice"


@pytest.mark.parametrize(
    ("changes", "code", "attr"),
    [
        ({"time_zone": "Mars/Base"}, "invalid_time_zone", "time_zone"),
        ({"time_zone": "localtime"}, "invalid_time_zone", "time_zone"),
        ({"time_zone": ""}, "blank", "time_zone"),
        ({"time_zone": None}, "null", "time_zone"),
        ({"time_zone": 1}, "invalid", "time_zone"),
        ({"name": 12}, "invalid", "name"),
        ({"name": True}, "invalid", "name"),
        ({"name": "a\0"}, "null_characters_not_allowed", "name"),
        ({"name": "a" * 151}, "max_length", "name"),
        ({"language": "xx"}, "invalid_choice", "language"),
        ({"language": ["en"]}, "invalid_choice", "language"),
        ({"week_start": "tuesday"}, "invalid_choice", "week_start"),
        ({"nmae": "Alice"}, "unknown_field", "nmae"),
        ({"is_staff": True}, "unknown_field", "is_staff"),
        ({"password": "x"}, "unknown_field", "password"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(api, alice, changes, code, attr):
    before = User.objects.filter(pk=alice.pk).values().get()
    assert_error(api(alice).patch(ME, {"name": "Eve", **changes}), 400, code, attr)
    assert User.objects.filter(pk=alice.pk).values().get() == before


def test_a_change_is_made_only_to_the_version_that_was_read(api, alice, bob):
    phone, tablet = api(alice), api(alice)
    first = phone.get(ME)
    assert first["ETag"] == '"1"'
    changed = tablet.patch(ME, {"name": "Al"}, headers={"If-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    refused = phone.patch(ME, {"name": "Alice"}, headers={"If-Match": first["ETag"]})
    assert (refused.status_code, refused["ETag"]) == (412, '"2"')
    assert refused.json()["errors"][0]["code"] == "version_mismatch"
    assert refused.json()["current"] == tablet.get(ME).json() == changed.json()
    assert tablet.get(ME, headers={"If-None-Match": '"2"'}).status_code == 304
    assert phone.get(ME, headers={"If-None-Match": '"1"'}).status_code == 200
    assert_error(phone.patch(ME, {}, headers={"If-Match": "2"}), 400, "invalid_if_match")
    assert api(bob).get(ME).json()["version"] == 1


def change_on_the_page(browser, alice, **changes):
    form = {"name": alice.name, "time_zone": alice.time_zone, "language": "", **changes}
    assert browser.post("/account/", form).status_code == 302


def test_the_page_and_the_admin_count_a_change_and_nothing_else_does(api, web, alice, staff):
    def version() -> int:
        return api(alice).get(ME).json()["version"]

    browser, operator = web(alice), web(staff)
    change_on_the_page(browser, alice)
    assert version() == 1
    change_on_the_page(browser, alice, name="Al")
    assert version() == 2
    alice.refresh_from_db()
    form = {**profile(alice), "time_zone": "Europe/Berlin"}
    assert operator.post(f"/admin/accounts/user/{alice.pk}/change/", form).status_code == 302
    assert version() == 3
    alice.refresh_from_db()
    alice.set_password("another long passphrase")
    alice.save()
    alice.last_login = timezone.now()
    alice.save(update_fields=["last_login"])
    assert version() == 3
    alice.email = "Al@example.com"
    alice.save(update_fields=["email"])
    assert (alice.version, version()) == (4, 4)


def test_the_address_is_read_only(api, alice):
    response = api(alice).patch(ME, {"email": "mallory@example.com", "name": "Alice"})
    assert response.status_code == 200
    assert response.json()["email"] == "alice@example.com"
    alice.refresh_from_db()
    assert (alice.email, alice.name) == ("alice@example.com", "Alice")


def test_two_patches_of_different_fields_lose_nothing(alice):
    """Each writes its own columns: both had read the account before either wrote."""
    first, second = (User.objects.get(pk=alice.pk) for _ in range(2))
    for user, change in ((first, {"name": "Alice"}), (second, {"time_zone": "Europe/Berlin"})):
        serializer = ProfileSerializer(user, data=change, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice", "Europe/Berlin")


@pytest.mark.parametrize("method", ["put", "post", "delete"])
def test_other_methods_are_405(api, alice, method):
    response = getattr(api(alice), method)(ME, {})
    assert_error(response, 405, "method_not_allowed")


def test_pages_speak_the_persons_language_and_time(rf, alice):
    alice.language, alice.time_zone = "zh-hans", "Asia/Shanghai"
    seen = []

    @login_not_required
    def public(request):
        return page(request)

    def page(request):
        seen.append((get_language(), timezone.get_current_timezone_name()))
        return HttpResponse()

    def handle(request, view):
        """As Django does: process_view, then the view, both inside the middleware's call."""

        def inside(request):
            return middleware.process_view(request, view, (), {}) or view(request)

        middleware: SignedInMiddleware = SignedInMiddleware(inside)
        with override("en"):
            return middleware(request).status_code

    request = rf.get("/")
    request.user, request.session = alice, SessionStore()
    assert handle(request, page) == handle(request, public) == 200
    assert seen == [("zh-hans", "Asia/Shanghai"), ("en", "UTC")]
    request.user = AnonymousUser()
    assert (handle(request, page), handle(request, public)) == (302, 200)
    assert seen[2:] == [("en", "UTC")]
    assert timezone.get_current_timezone_name() == "UTC"
