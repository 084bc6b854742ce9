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

ME = "/api/v1/account/"


def test_my_profile_is_exactly_this(api, alice, bob):
    assert api(alice).get(ME).json() == {
        "id": str(alice.pk),
        "email": "alice@example.com",
        "name": "",
        "time_zone": "UTC",
        "language": "",
    }


def test_a_patch_changes_what_it_names(api, alice, bob):
    changes = {"name": "Alice", "time_zone": "Asia/Shanghai", "language": "en"}
    response = api(alice).patch(ME, changes)
    expected = {"id": str(alice.pk), "email": "alice@example.com", **changes}
    assert (response.status_code, response.json()) == (200, expected)
    assert api(alice).get(ME).json() == expected
    bob.refresh_from_db()
    assert (bob.name, bob.time_zone) == ("", "UTC")


def test_an_empty_patch_changes_nothing(api, alice, django_assert_num_queries):
    """SEED-07."""
    client = api(alice)
    with django_assert_num_queries(2):
        assert client.patch(ME, {}).status_code == 200


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
        ({"nmae": "Alice"}, "unknown_field", "nmae"),
        ({"is_staff": True}, "unknown_field", "is_staff"),
        ({"password": "x"}, "unknown_field", "password"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(api, alice, changes, code, attr):
    before = User.objects.filter(pk=alice.pk).values().get()
    assert_error(api(alice).patch(ME, {"name": "Eve", **changes}), 400, code, attr)
    assert User.objects.filter(pk=alice.pk).values().get() == before


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
