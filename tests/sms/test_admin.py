"""The log of texts: read by the operator, whole numbers by superusers only."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from core.limits import take
from sms import policy
from sms.models import Allowance, Attempt, Event, Message, OptOut
from sms.policy import common_limits
from sms.states import FINAL
from sms.statistics import Bar, Day, bars, deliveries
from tests.conftest import make_user
from tests.sms.conftest import FROM, TO

pytestmark = pytest.mark.django_db
LIST = "/admin/sms/message/"
ALLOWANCES = "/admin/sms/allowance/"
OPT_OUTS = "/admin/sms/optout/"


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


def test_who_reads_no_titles_reads_no_texts(helper, superuser, message, settings):
    """Those of reminders and answers have the titles of to-dos."""
    page = f"{LIST}{message.pk}/change/"
    assert "hey mate" in shown(helper, page)
    assert str(message.pk) in shown(helper, q="mate")
    settings.ADMIN_SHOWS_TITLES = False
    for path in (LIST, page, f"{LIST}{message.pk}/history/"):
        assert "hey mate" not in shown(helper, path)
    assert str(message.pk) not in shown(helper, q="mate")
    assert str(message.pk) in shown(helper, q=str(message.pk))
    assert helper.get(LIST, {"body__startswith": "h"}).status_code == 400
    assert "hey mate" in shown(superuser, page)
    assert str(message.pk) in shown(superuser, q="mate")


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


# --- The timeline --------------------------------------------------------------------------------


def test_the_timeline_shows_what_was_tried_and_heard(superuser, helper, message):
    start = message.created_at
    Attempt.objects.create(
        message=message,
        number=1,
        started_at=start,
        outcome="throttled",
        code="20429",
        detail="busy",
    )
    Event.objects.create(message=message, source="callback", status="sent", error_code="30003")
    for client in (superuser, helper):
        page = shown(client, f"{LIST}{message.pk}/change/")
        for word in ("throttled", "20429", "busy", "provider&#x27;s callback", "sent", "30003"):
            assert word in page
        assert 'name="attempts-0-code"' not in page  # nothing to write


def test_a_longer_timeline_takes_no_more_queries(superuser, message):
    def ask() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(superuser, f"{LIST}{message.pk}/change/")
        return len(captured)

    ask()  # what is asked once only
    before = ask()
    for number in range(10):
        Attempt.objects.create(
            message=message, number=number, started_at=message.created_at, outcome="refused"
        )
        Event.objects.create(message=message, source="poll", status=f"s{number}")
    assert ask() == before


# --- Spend and delivery --------------------------------------------------------------------------


def test_the_log_shows_what_was_spent(helper, settings):
    settings.SMS_DAILY_LIMIT, settings.SMS_MONTHLY_SEGMENTS = 1000, 12
    daily, monthly = common_limits()
    take(daily, amount=7)
    take(monthly, amount=12)
    page = shown(helper)
    assert '<meter min="0" max="1000" high="800.0" value="7">' in page
    assert '<meter min="0" max="12" high="9.6" value="12">' in page
    assert "texts are refused until midnight UTC" not in page
    assert "texts are refused until the month ends" in page


def test_the_log_shows_what_became_of_the_texts_of_thirty_days(helper):
    now = timezone.now()
    for days, state in ((0, "delivered"), (0, "failed"), (29, "queued"), (31, "delivered")):
        row = Message.objects.create(body="b", created_at=now - timedelta(days=days))
        Message.objects.filter(pk=row.pk).update(
            state=state, finished_at=now if state in FINAL else None
        )
    page = shown(helper)
    assert [page.count(f'class="sms-{kind}"') for kind in ("delivered", "bad", "other")] == [1] * 3
    assert re.search(rf'<th scope="row">{now:%Y-%m-%d}</th>\s*<td>1</td>\s*<td>1</td>', page)
    assert "style=" not in page[: page.index('id="changelist"')]  # the policy forbids it


def test_the_columns_of_the_chart_stand_on_each_other():
    days = [Day(date(2026, 11, 1)), Day(date(2026, 11, 2), delivered=3, bad=1, other=2)]
    assert bars(days) == [
        Bar("delivered", 1, 30.0, 30.0),
        Bar("other", 1, 10.0, 20.0),
        Bar("bad", 1, 0.0, 10.0),
    ]
    assert bars([]) == []


def test_the_days_of_the_chart_are_in_utc_wherever_staff_are(message):
    Message.objects.update(created_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    with timezone.override("Pacific/Auckland"):
        days = deliveries(datetime(2026, 11, 20, 0, 30, tzinfo=UTC))
    assert len(days) == 30
    assert days[-2:] == [Day(date(2026, 11, 19), other=1), Day(date(2026, 11, 20))]


# --- Allowances ----------------------------------------------------------------------------------


def may_send(person: User) -> bool:
    """As the next request loads them."""
    return policy.may_send(User.objects.get(pk=person.pk))


def test_an_allowance_is_granted_in_the_admin(superuser, alice, provider):
    assert not may_send(alice)
    added = superuser.post(f"{ALLOWANCES}add/", {"account": str(alice.pk), "per_day": "5"})
    assert added.status_code == 302
    assert may_send(alice)
    assert "alice@example.com" in shown(superuser, ALLOWANCES)


def test_an_allowance_is_granted_on_the_page_of_the_account(superuser, alice, provider):
    path = f"/admin/accounts/user/{alice.pk}/change/"
    page = shown(superuser, path)
    assert 'name="sms_allowance-0-per_day"' in page
    fields = {"email": alice.email, "time_zone": "UTC", "is_active": "on"}
    fields |= {"reminder_channel": "email", "digest_hour": "9"}
    joined = {"date_joined_0": "2026-11-20", "date_joined_1": "12:00:00"}
    inlines = {
        "emailaddress_set-TOTAL_FORMS": "0",
        "emailaddress_set-INITIAL_FORMS": "0",
        "sms_allowance-TOTAL_FORMS": "1",
        "sms_allowance-INITIAL_FORMS": "0",
        "sms_allowance-0-account": str(alice.pk),
        "sms_allowance-0-per_day": "7",
    }
    assert superuser.post(path, {**fields, **joined, **inlines}).status_code == 302
    assert Allowance.objects.get(account=alice).per_day == 7
    assert may_send(alice)


def test_who_may_look_at_texts_grants_nothing(helper, alice, provider):
    assert helper.get(ALLOWANCES).status_code == 403
    refused = helper.post(f"{ALLOWANCES}add/", {"account": str(alice.pk), "per_day": "5"})
    assert refused.status_code == 403
    assert not may_send(alice)


# --- Opt-outs ------------------------------------------------------------------------------------


def test_an_opt_out_is_entered_and_removed(superuser):
    assert superuser.post(f"{OPT_OUTS}add/", {"number": "+1 415 555 2671"}).status_code == 302
    row = OptOut.objects.get()
    assert (row.number, row.source) == ("+14155552671", "admin")
    page = shown(superuser, OPT_OUTS)
    assert "+14155552671" in page
    links = [link for link in re.findall(r'href="([^"]*)"', page) if link.startswith(OPT_OUTS)]
    assert f"{OPT_OUTS}{row.pk}/change/" in links
    assert not [link for link in links if "4155552671" in link]  # paths are in logs
    path = f"{OPT_OUTS}{row.pk}/delete/"
    assert superuser.post(path, {"post": "yes"}).status_code == 302
    assert not OptOut.objects.exists()


def test_what_is_no_number_cannot_opt_out(superuser):
    response = superuser.post(f"{OPT_OUTS}add/", {"number": "hello"})
    assert "international form" in response.content.decode()
    assert not OptOut.objects.exists()


def test_opt_outs_are_masked_for_anybody_else(web, message):
    row = OptOut.objects.create(number=TO, source="inbound")
    person = make_user("clerk@example.com", is_staff=True)
    names = ("view_optout", "add_optout", "delete_optout")
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    clerk = web(person)
    for page in (shown(clerk, OPT_OUTS), shown(clerk, f"{OPT_OUTS}{row.pk}/change/")):
        assert "+…99" in page
        assert TO[1:] not in page
    assert clerk.get(OPT_OUTS, {"number__startswith": "+1"}).status_code == 400
    assert clerk.post(f"{OPT_OUTS}add/", {"number": FROM}).status_code == 403
    assert clerk.post(f"{OPT_OUTS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert OptOut.objects.count() == 1
