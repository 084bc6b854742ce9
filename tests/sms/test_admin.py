"""The log of texts: read by the operator, whole numbers by superusers only."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from sms.models import Message
from tests.conftest import make_user
from tests.sms.conftest import FROM, TO

pytestmark = pytest.mark.django_db
LIST = "/admin/sms/message/"


@pytest.fixture
def message(alice) -> Message:
    row = Message.objects.create(
        sender=alice, to=TO, from_number=FROM, body="hey mate", provider="twilio"
    )
    row.accept(f"SM{'1' * 32}")
    return row


@pytest.fixture
def superuser(web, staff):
    return web(staff)


@pytest.fixture
def helper(web):
    """Staff who may look at the log and nothing more."""
    person = make_user("helper@example.com", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_message"))
    return web(person)


def shown(client: Client, path: str = LIST, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_superuser_sees_the_number(superuser, message):
    assert TO in shown(superuser)
    detail = shown(superuser, f"{LIST}{message.pk}/change/")
    assert TO in detail
    assert FROM in detail
    assert "hey mate" in detail


def test_anybody_else_sees_two_digits(helper, message):
    pages = [shown(helper), shown(helper, f"{LIST}{message.pk}/change/")]
    for page in pages:
        assert "+…99" in page
        assert TO not in page
        assert FROM not in page
    assert "+…06" in pages[1]


@pytest.mark.parametrize(
    ("query", "superusers", "helpers"),
    [
        ("hey", True, True),
        ("alice@", True, True),
        ("SM1111", True, True),
        ("0099", True, False),
        ("elsewhere", False, False),
    ],
)
def test_the_number_is_searched_for_superusers_only(
    superuser, helper, message, query, superusers, helpers
):
    assert (str(message.pk) in shown(superuser, q=query)) is superusers
    assert (str(message.pk) in shown(helper, q=query)) is helpers


@pytest.mark.parametrize("lookup", ["to", "to__startswith", "from_number__endswith"])
def test_digits_cannot_be_guessed_by_filters(superuser, helper, message, lookup):
    assert superuser.get(LIST, {lookup: "+1"}).status_code == 200
    assert helper.get(LIST, {lookup: "+1"}).status_code == 400


@pytest.mark.parametrize("query", [{"state": "accepted"}, {"provider__exact": "twilio"}])
def test_the_log_is_filtered(helper, message, query):
    other = Message.objects.create(body="b", provider="console")
    page = shown(helper, **query)
    assert str(message.pk) in page
    assert str(other.pk) not in page


def test_nobody_writes_the_log(superuser, message):
    assert superuser.get(f"{LIST}add/").status_code == 403
    assert superuser.post(f"{LIST}{message.pk}/change/", {"body": "b"}).status_code == 403
    assert superuser.post(f"{LIST}{message.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Message.objects.get().body == "hey mate"


def test_a_longer_log_takes_no_more_queries(superuser, django_assert_max_num_queries):
    for number in range(20):
        person = make_user(f"p{number}@example.com")
        Message.objects.create(sender=person, to=TO, body="b", provider="console")
    with django_assert_max_num_queries(12):
        shown(superuser)


def test_the_permission_to_send_is_granted_in_the_admin(superuser, alice):
    permission = Permission.objects.get(codename="send_message")
    page = shown(superuser, f"/admin/accounts/user/{alice.pk}/change/")
    assert f'value="{permission.pk}"' in page
    assert "Can send text messages" in page
