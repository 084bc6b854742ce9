"""Who may send: everybody where it costs nothing, elsewhere whom the operator allowed."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from sms.models import Message
from sms.results import Accepted
from tests.conftest import make_user
from tests.sms.conftest import SID, URL, allow, assert_failure

pytestmark = pytest.mark.django_db
MAY_NOT = "Your account may not send text messages. Ask the operator to allow it."


@pytest.mark.parametrize(
    ("debug", "name"), [(False, "console"), (True, "scripted"), (False, "scripted")]
)
@pytest.mark.parametrize("token", [None, "nonsense", "a" * 32])
def test_in_production_a_stranger_is_401(provider, settings, debug, name, token):
    settings.DEBUG, settings.SMS_PROVIDER = debug, name
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = APIClient().post(URL, {"msg": "hey"}, headers=headers)
    assert_failure(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert (provider.sent, Message.objects.count()) == ([], 0)


def test_a_stranger_learns_nothing_about_the_body(provider):
    assert_failure(APIClient().post(URL, b"{", content_type="application/json"), 401)


def test_a_new_account_may_send_nothing(provider, api, web, alice, bob):
    allow(bob)
    assert_failure(api(alice).post(URL, {"msg": "hey"}), 403, MAY_NOT)
    assert_failure(web(alice).post(URL, {"msg": "hey"}, "application/json"), 403, MAY_NOT)
    assert provider.sent == []


def test_staff_and_superusers_need_an_allowance_like_everybody(provider, api, staff):
    helper = make_user("helper@example.com", is_staff=True)
    for person in (helper, staff, allow(staff, per_day=0)):
        assert_failure(api(person).post(URL, {"msg": "hey"}), 403, MAY_NOT)
    assert provider.sent == []


def test_whoever_has_an_allowance_may(provider, api, alice, staff):
    assert api(allow(alice)).post(URL, {"msg": "a"}).status_code == 201
    provider.outcome = Accepted(SID[::-1])
    assert api(allow(staff)).post(URL, {"msg": "b"}).status_code == 201
    rows = Message.objects.order_by("body").values_list("body", "sender")
    assert list(rows) == [("a", alice.pk), ("b", staff.pk)]


def test_a_disabled_account_is_401(phone, alice, provider):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert_failure(phone.post(URL, {"msg": "hey"}), 401)
    assert provider.sent == []


def test_a_browser_needs_the_csrf_token(provider, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(allow(alice))
    response = browser.post(URL, {"msg": "hey"}, content_type="application/json")
    assert_failure(response, 403, "CSRF Failed: CSRF cookie not set.")
    browser.cookies["csrftoken"] = "a" * 32
    headers = {"X-CSRFToken": "a" * 32}
    response = browser.post(URL, {"msg": "a"}, content_type="application/json", headers=headers)
    assert response.status_code == 201
