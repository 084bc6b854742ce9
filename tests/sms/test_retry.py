"""Sending again by hand: what certainly was not sent, once for ever, by the rules of a new text."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from core.models import Counter
from sms.models import Attempt, Event, Message, OptOut
from sms.results import NotSent, Refused, Result, Throttled
from tests.conftest import make_user
from tests.sms.conftest import TO, URL, allow

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/sms/message/"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def superuser(web, staff):
    return web(staff)


@pytest.fixture
def sender(alice, bob, provider):
    """Alice, who may send; Bob has a text of his own, which stays what it is."""
    failed(allow(bob), body="bob's")
    return allow(alice)


def failed(sender, outcome: str = "refused", code: str = "21211", **fields) -> Message:
    """A text of POST /api/v1/sms/messages/ that could not be sent."""
    given = {
        "body": "hey",
        "to": TO,
        "state": "failed",
        "finished_at": timezone.now(),
        "error_code": code,
        "attempt_count": 1,
        **fields,
    }
    row = Message.objects.create(sender=sender, region="US", provider="scripted", **given)
    Attempt.objects.create(message=row, number=1, started_at=row.created_at, outcome=outcome)
    Event.objects.create(message=row, source="service", status="queued")
    return row


def send_again(client: Client, *rows: Message) -> list[str]:
    """What the page says afterwards, message by message."""
    data = {"action": "send_again", "_selected_action": [str(row.pk) for row in rows]}
    page = client.post(LIST, data, follow=True)
    return [str(message) for message in page.context["messages"]]


def assert_refused(client: Client, provider, row: Message, words: str) -> None:
    sent, rows, used = len(provider.sent), Message.objects.count(), counted()
    assert send_again(client, row) == [f"{row.pk} ({row.state}): {words}"]
    assert (len(provider.sent), Message.objects.count(), counted()) == (sent, rows, used)


def counted() -> list[tuple[str, int]]:
    taken = Counter.objects.filter(scope__startswith="sms:", used__gt=0)
    return sorted(taken.values_list("scope", "used"))


# --- Once ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["refused", "notsent", "throttled"])
def test_what_certainly_was_not_sent_is_sent_again(superuser, provider, sender, outcome):
    row = failed(sender, outcome)
    told = send_again(superuser, row)
    successor = row.successor
    assert told == [f"Sent again as {successor.pk}."]
    assert (successor.sender, successor.to, successor.region) == (sender, TO, "US")
    assert (successor.body, successor.encoding, successor.segments) == ("hey", "GSM-7", 1)
    assert (successor.state, successor.idempotency_key) == ("accepted", None)
    assert [(sent["to"], sent["body"]) for sent in provider.sent] == [(TO, "hey")]
    assert (f"sms:account:{sender.pk}:day", 1) in counted()
    row.refresh_from_db()
    assert (row.state, row.retry_of) == ("failed", None)
    assert LogEntry.objects.get().change_message == f"Sent again as {successor.pk}."


@pytest.mark.parametrize("later", [timedelta(), timedelta(days=2)], ids=["at once", "in two days"])
def test_it_is_sent_again_once_for_ever(superuser, provider, sender, later):
    row = failed(sender)
    with time_machine.travel(NOON, tick=False) as clock:
        send_again(superuser, row)
        clock.shift(later)
        words = f"It was already sent again, as {row.successor.pk}."
        assert_refused(superuser, provider, row, words)


def test_the_database_itself_allows_one_successor(sender):
    row = failed(sender)
    Message.objects.create(body="a", retry_of=row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(body="b", retry_of=row)
    row.delete()
    assert Message.objects.get(body="a").retry_of is None


def test_a_successor_that_failed_can_be_sent_again_itself(superuser, provider, sender):
    provider.outcome = Refused("Not valid.", "21211", 400)
    row = failed(sender)
    send_again(superuser, row)
    send_again(superuser, row.successor)
    assert row.successor.successor.state == "failed"
    assert len(provider.sent) == 2


def test_of_two_who_press_at_once_the_slower_is_told(superuser, provider, sender, monkeypatch):
    """Both saw no successor: the constraint decides, and what the slower took is given back."""
    row = failed(sender)
    send_again(superuser, row)
    looks = []
    look = Message.objects.filter

    def blind_at_first(*args, **wanted):
        looks.append(wanted) if "retry_of" in wanted else None
        found = look(*args, **wanted)
        return found.none() if len(looks) == 1 and "retry_of" in wanted else found

    monkeypatch.setattr(Message.objects, "filter", blind_at_first)
    words = f"It was already sent again, as {row.successor.pk}."
    assert_refused(superuser, provider, row, words)
    assert len(looks) == 2


def test_what_went_wrong_otherwise_is_not_hidden(superuser, sender, monkeypatch):
    def fail(_message: Message) -> Message:
        raise IntegrityError("another constraint")

    monkeypatch.setattr("sms.service.queue_again", fail)
    with pytest.raises(IntegrityError, match="another constraint"):
        send_again(superuser, failed(sender))


# --- Only what certainly was not sent ------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ("unknown", {}),
        ("withoutsid", {}),
        ("refused", {"error_code": "lost"}),
        ("refused", {"provider_sid": "SM1"}),
        ("refused", {"attempt_count": 2}),  # one attempt ended without a trace
    ],
)
def test_what_may_have_been_sent_is_not(superuser, provider, sender, outcome, fields):
    row = failed(sender, outcome, **fields)
    words = "It may have been sent, so it is not sent again."
    assert_refused(superuser, provider, row, words)


def test_a_row_of_before_attempts_were_kept_proves_nothing(superuser, provider, sender):
    row = failed(sender, attempt_count=0)
    row.attempts.all().delete()
    words = "It may have been sent, so it is not sent again."
    assert_refused(superuser, provider, row, words)


@pytest.mark.parametrize(("attempts", "kept"), [(9, 9), (10, 10), (10, 9), (10, 1)])
def test_every_one_of_ten_attempts_is_looked_at(superuser, provider, sender, attempts, kept):
    row = failed(sender, attempt_count=attempts)
    for number in range(2, kept + 1):
        row.attempts.create(number=number, started_at=row.created_at, outcome="notsent")
    if attempts == kept:
        assert send_again(superuser, row) == [f"Sent again as {row.successor.pk}."]
    else:
        assert_refused(superuser, provider, row, "It may have been sent, so it is not sent again.")


@pytest.mark.parametrize(
    "state", ["unknown", "undelivered", "delivered", "blocked", "canceled", "expired"]
)
def test_what_has_not_failed_is_not(superuser, provider, sender, state):
    finished_at = None if state == "unknown" else NOON
    row = failed(sender, state=state, finished_at=finished_at)
    words = f"Only a failed message can be sent again; this one is {state}."
    assert_refused(superuser, provider, row, words)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (NotSent("No connection."), 503),
        (Throttled("Too many", "20429", 7), 503),
    ],
    ids=str,
)
def test_whose_sender_was_asked_to_try_again_is_not(
    superuser, provider, sender, api, outcome: Result, status
):
    """POST /service/sms/send said so, and the client may have done it."""
    provider.outcome = outcome
    assert api(sender).post(URL, {"msg": "hey"}).status_code == status
    words = "Its sender was asked to try again, and may have done so."
    assert_refused(superuser, provider, Message.objects.get(body="hey"), words)


def test_whose_sender_was_told_of_a_refusal_is(superuser, provider, sender, api):
    provider.outcome = Refused("Not valid.", "21211", 400)
    assert api(sender).post(URL, {"msg": "hey"}).status_code == 400
    send_again(superuser, Message.objects.get(body="hey"))
    assert len(provider.sent) == 2


# --- On whose account ----------------------------------------------------------------------------


def test_what_nobody_sent_is_not_where_it_costs_money(superuser, provider, sender):
    words = "A sender account is required."
    assert_refused(superuser, provider, failed(None), words)


def test_what_nobody_sent_is_where_everybody_may_send(superuser, sender, settings):
    settings.DEBUG, settings.SMS_PROVIDER = True, "memory"
    row = failed(None)
    send_again(superuser, row)
    assert (row.successor.sender, row.successor.state) == (None, "accepted")


@pytest.mark.parametrize("is_open", [False, True])
def test_what_a_disabled_account_sent_is_not(superuser, provider, sender, settings, is_open):
    if is_open:
        settings.DEBUG, settings.SMS_PROVIDER = True, "memory"
    sender.is_active = False
    sender.save()
    words = "The account that sent it is disabled."
    assert_refused(superuser, provider, failed(sender), words)


def test_what_an_account_without_allowance_sent_is_not(superuser, provider, sender):
    allow(sender, per_day=0)
    words = "The account that sent it has no allowance."
    assert_refused(superuser, provider, failed(sender), words)


def test_it_costs_its_sender_and_not_who_presses(superuser, provider, sender, staff):
    allow(staff)
    allow(sender, per_day=1)
    send_again(superuser, failed(sender))
    words = "Your daily limit of text messages is used up."
    assert_refused(superuser, provider, failed(sender), words)


# --- By the rules of a new text ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "fields", "words"),
    [
        ({"SMS_ENABLED": False}, {}, "Sending text messages is switched off."),
        (
            {"SMS_ALLOWED_REGIONS": ["DE"]},
            {},
            "Messages to this country are not allowed.",
        ),
        ({}, {"to": "+19005551234"}, "Messages to this type of number are not allowed."),
        (
            {},
            {"to": ""},
            "Write a phone number in international form, such as +15005550006.",
        ),
        (
            {"SMS_MAX_SEGMENTS": 1},
            {"body": "a" * 161},
            "The message is too long: it has 2 segments, at most 1 are allowed.",
        ),
        ({}, {"body": "\u200b"}, "This field may not be blank."),
        (
            {"SMS_COUNTRY_DAILY_LIMIT": 0},
            {},
            "The daily limit of messages to this country is used up.",
        ),
        ({"SMS_MONTHLY_SEGMENTS": 0}, {}, "The monthly budget of this service is used up."),
    ],
    ids=str,
)
def test_what_is_not_taken_any_more_is_not(
    superuser, provider, sender, settings, changes, fields, words
):
    row = failed(sender, **fields)
    for name, value in changes.items():
        setattr(settings, name, value)
    assert_refused(superuser, provider, row, words)


def test_who_has_opted_out_since_is_left_alone(superuser, provider, sender):
    OptOut.objects.create(number=TO, source="inbound")
    words = "This number has opted out of text messages. It can opt in again by texting START."
    assert_refused(superuser, provider, failed(sender), words)


def test_what_nobody_needs_any_more_is_not(superuser, provider, sender):
    row = failed(sender, expires_at=timezone.now() - timedelta(seconds=1))
    words = "It has expired."
    assert_refused(superuser, provider, row, words)


def test_it_expires_when_the_first_would_have(superuser, provider, sender):
    with time_machine.travel(NOON, tick=False):
        row = failed(sender, created_at=NOON - HOUR, expires_at=NOON + HOUR)
        send_again(superuser, row)
    assert row.successor.expires_at == NOON + HOUR
    assert [sent["valid_seconds"] for sent in provider.sent] == [3600]


# --- Who may, and what is shown ------------------------------------------------------------------


def test_a_refusal_keeps_no_other_text_from_being_sent(superuser, provider, sender):
    rows = [failed(sender, "unknown"), failed(sender)]
    assert set(send_again(superuser, *rows)) == {
        f"{rows[0].pk} (failed): It may have been sent, so it is not sent again.",
        f"Sent again as {rows[1].successor.pk}.",
    }
    assert len(provider.sent) == 1


def test_who_may_only_look_sends_nothing(web, provider, sender):
    person = make_user("helper@example.com", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_message"))
    helper, row = web(person), failed(sender)
    assert "send_again" not in helper.get(LIST).content.decode()
    send_again(helper, row)
    assert (provider.sent, Message.objects.filter(retry_of=row).exists()) == ([], False)


def test_the_two_lead_to_each_other(superuser, provider, sender):
    row = failed(sender)
    path = f"{LIST}{row.pk}/change/"
    before = superuser.get(path).content.decode()
    assert "Sent again as:" in before
    assert "(accepted)</a>" not in before
    send_again(superuser, row)
    successor = row.successor
    forth = superuser.get(path).content.decode()
    back = superuser.get(f"{LIST}{successor.pk}/change/").content.decode()
    assert f'<a href="{LIST}{successor.pk}/change/">{successor.pk} (accepted)</a>' in forth
    assert f'<a href="{path}">{row.pk} (failed)</a>' in back
