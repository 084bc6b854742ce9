"""A text counts on the day, and in the month, in which it is due."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from core.limits import used
from sms import delivery, service
from sms.models import Message, OptOut
from sms.policy import WARNING_CODE, account_limit, common_limits
from sms.results import NotSent
from sms.sweep import sweep
from tests.sms.conftest import allow

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/sms/messages/"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NUMBER = "+14155552671"
TWO_SEGMENTS, THREE_SEGMENTS = "x" * 161, "x" * 307


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def queue(person, send_at: datetime | None = None, **fields) -> Message:
    text = {"to": NUMBER, "body": "hey"}
    return service.queue(actor=person, send_at=send_at, **{**text, **fields})


def counted(person, at: datetime) -> tuple[int, int, int]:
    """Of the account and of all on that day, and the segments of that month."""
    daily, monthly = common_limits()
    return used(account_limit(person.pk, 0), at=at), used(daily, at=at), used(monthly, at=at)


def test_what_is_scheduled_leaves_the_present_day_alone(provider, alice):
    queue(allow(alice), NOON + DAY, body=TWO_SEGMENTS)
    assert counted(alice, NOON) == (0, 0, 2)
    assert counted(alice, NOON + DAY) == (1, 1, 2)


def test_the_month_is_that_of_the_day(provider, alice):
    queue(allow(alice), datetime(2026, 12, 1, tzinfo=UTC), body=THREE_SEGMENTS)
    queue(alice, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
    assert counted(alice, NOON)[2] == 1
    assert counted(alice, datetime(2026, 12, 31, tzinfo=UTC))[2] == 3


def test_a_moment_that_has_passed_is_today(provider, alice):
    queue(allow(alice), NOON - 3 * DAY)
    assert counted(alice, NOON) == (1, 1, 1)
    assert counted(alice, NOON - 3 * DAY)[:2] == (0, 0)


def test_no_more_leave_on_a_day_than_the_allowance_says(numbered, alice):
    """Tomorrow's texts are tomorrow's, whenever they were asked for: no two days in one."""
    allow(alice, per_day=2)
    midnight = NOON + DAY / 2
    for hour in range(2):
        queue(alice, midnight + timedelta(hours=hour))
    with pytest.raises(service.SendError) as refusal:
        queue(alice, midnight + timedelta(hours=23))
    assert refusal.value.retry_after == 36 * 3600 + 1  # until the end of that day
    for _ in range(2):
        queue(alice)
    with pytest.raises(service.SendError) as refusal:
        queue(alice)
    assert (refusal.value.retry_after, len(numbered.sent)) == (12 * 3600 + 1, 2)

    with time_machine.travel(NOON + DAY, tick=False):
        with pytest.raises(service.SendError):
            queue(alice)
        assert sweep(at=timezone.now())["dispatched"] == 2
    assert len(numbered.sent) == 4


def test_the_api_tells_when_that_day_is_over(numbered, api, alice):
    phone = api(allow(alice, per_day=1))
    text = {"to": NUMBER, "body": "hey", "send_at": "2026-11-24T09:00:00Z"}
    assert phone.post(URL, text).status_code == 202
    response = phone.post(URL, text)
    assert (response.status_code, response["Retry-After"]) == (429, str(4 * 86_400 + 43_201))
    assert phone.post(URL, {"to": NUMBER, "body": "hey"}).status_code == 202
    assert len(numbered.sent) == 1


# --- Given back -----------------------------------------------------------------------------------


def cancel(message: Message) -> None:
    assert service.cancel(actor=message.sender, message=message)


def expire(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(expires_at=message.send_at)
    assert sweep(at=message.due_at)["expired"] == 1


def block(message: Message) -> None:
    OptOut.objects.create(number=NUMBER, source="inbound")
    with time_machine.travel(message.due_at, tick=False):
        assert sweep(at=message.due_at)["dispatched"] == 2  # and one of bob


@pytest.mark.parametrize("end", [cancel, expire, block])
def test_it_is_given_back_where_it_was_taken(numbered, alice, bob, end):
    due = NOON + 12 * DAY
    for _ in range(2):
        queue(allow(alice))
    message = queue(alice, due, body=TWO_SEGMENTS)
    queue(allow(bob), due, to="+14155552672")
    if end is not block:
        queue(alice, due + timedelta(minutes=1))
    end(message)
    left = 0 if end is block else 1
    assert counted(alice, due) == (left, left + 1, left + 1)
    assert counted(alice, NOON) == (2, 2, 2)
    message.refresh_from_db()
    assert message.state in ("canceled", "expired", "blocked")


def test_an_attempt_that_comes_late_still_counts_where_it_was_due(provider, alice):
    """A retry over midnight takes nothing twice and gives back the right day."""
    provider.outcome = NotSent("No connection.")
    message = queue(allow(alice))
    for number in range(1, 5):
        with time_machine.travel(NOON + number * DAY, tick=False):
            delivery.deliver(str(message.pk))
            assert counted(alice, timezone.now())[:2] == (0, 0)
        assert counted(alice, NOON) == ((1, 1, 1) if number < 4 else (0, 0, 0))
    message.refresh_from_db()
    assert (message.state, message.attempt_count) == ("failed", 5)


# --- Warnings -------------------------------------------------------------------------------------


def test_a_warning_names_the_day(numbered, alice, settings, caplog):
    settings.SMS_DAILY_LIMIT = 2
    allow(alice)
    for _ in range(2):
        queue(alice, NOON + DAY)
    told = "2 of 2 are used (sms:all:day, 2026-11-21); at 2 messages are refused."
    assert caplog.messages == [f"{WARNING_CODE}: {told}"]
