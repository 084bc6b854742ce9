"""A message that did not reach its person, as is told later: the next channel, exactly once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from accounts.models import User
from core.mail_reports import MailReport
from localcloud.lambda_events import CONTEXT
from serverless import events
from sms import service, status_updates
from sms.delivery import deliver
from sms.models import Lane, Message, OptOut, Phone
from sms.results import RefusalReason, Refused, StatusUpdate
from sms.states import State
from tests import task_backends
from tests.builders import make_todo
from tests.serverless.test_mail_reports import bounce, by_topic
from tests.sms.conftest import allow
from tests.todos.reminders.conftest import NOON, run, soon, with_phone
from todos.models import Notice
from todos.reminders.dispatch import tick
from todos.reminders.reports import take, take_text

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def notices() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("created_at", "channel")
    return list(rows.values_list("channel", "state", "reason"))


def off(person: User) -> dict[str, str]:
    person.refresh_from_db()
    return dict(person.channels_off)


def told(reason: RefusalReason | None, code: str = "30006") -> None:
    """What the provider says of the text, by callback or poll."""
    message = Message.objects.get(lane=Lane.REMINDER)
    update = StatusUpdate(message.provider_sid, "undelivered", State.UNDELIVERED, code, reason)
    status_updates.apply(message, update, source="callback")


def bounced(at: str = "alice@example.com", **more: Any) -> None:
    notice = Notice.objects.filter(channel="email").first()
    headers = {"x-nudge-reminder": str(notice.pk)} if notice else {}
    facts = {"id": "1", "reason": "bounced", "arrived": False, "headers": headers, **more}
    take(MailReport(address=at, **facts))


def minutes(clock, number: int = 2) -> None:
    for _ in range(number):
        run(clock, timezone.now() + MINUTE)


GONE = [("sms", "failed", "invalid_recipient"), ("email", "sent", "")]


def test_a_text_that_never_arrives_is_followed_by_a_mail_once(provider, alice, noon):
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    for _ in range(3):
        told(RefusalReason.INVALID_RECIPIENT)
        minutes(noon)
    assert (notices(), len(mail.outbox)) == (GONE, 1)
    assert off(alice) == {"sms": "invalid_recipient"}
    alice.change(channels_off={})
    told(RefusalReason.RECIPIENT_BLOCKED)
    minutes(noon)
    assert (notices(), off(alice)) == (GONE, {})


def test_ticks_that_overlap_pass_it_on_once(provider, alice, noon, settings, monkeypatch):
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    told(RefusalReason.OPTED_OUT, "21610")
    recorded = task_backends.recorded(settings)
    counts = [tick(timezone.now()) for _ in range(2)]
    assert [it["unreached"] for it in counts] == [1, 1]
    task_backends.use(settings, task_backends.IMMEDIATE)
    [(message,), _again] = recorded
    seen_before = service.unreached_text(message)
    take_text(message)
    assert off(alice) == {"sms": "opted_out"}
    alice.change(channels_off={})
    monkeypatch.setattr(service, "unreached_text", lambda _id: seen_before)
    take_text(message)
    assert off(alice) == {}
    minutes(noon)
    assert notices() == [("sms", "failed", "opted_out"), ("email", "sent", "")]
    assert OptOut.objects.count() == 1


@pytest.mark.parametrize("reason", [None, RefusalReason.UNREACHABLE, RefusalReason.FILTERED])
def test_a_phone_that_is_away_keeps_its_channel(provider, alice, noon, reason):
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    told(reason, "30003")
    minutes(noon)
    assert (notices(), off(alice)) == ([("sms", "sent", "")], {})


def test_a_refusal_at_once_counts_as_one_told_later(provider, alice, noon):
    provider.outcome = Refused("no mobile", "21614", 400, RefusalReason.INVALID_RECIPIENT)
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    minutes(noon)
    assert (notices(), off(alice)) == (GONE, {"sms": "invalid_recipient"})


def test_stop_before_the_text_left_counts_too(provider, alice, noon, settings):
    make_todo(with_phone(alice), reminders=[soon()])
    noon.move_to(LATER, tick=False)
    task_backends.use(settings, f"{task_backends.__name__}.OnlyRemindersAtOnce")
    tick(LATER)
    OptOut.objects.create(number="+14155550100")
    deliver(str(Message.objects.get().pk))
    task_backends.use(settings, task_backends.IMMEDIATE)
    minutes(noon)
    assert notices() == [("sms", "failed", "opted_out"), ("email", "sent", "")]
    assert off(alice) == {"sms": "opted_out"}


def test_a_text_to_a_former_number_says_nothing_of_the_new_one(numbered, alice, noon):
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    told(RefusalReason.INVALID_RECIPIENT)
    Phone.objects.update(number="+14155550101")
    minutes(noon)
    assert [row[:2] for row in notices()] == [("sms", "failed"), ("sms", "sent")]
    assert (off(alice), mail.outbox) == ({}, [])


def test_a_to_do_that_is_done_or_gone_needs_no_other_channel(provider, alice, noon):
    todo = make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    todo.finish()
    told(RefusalReason.INVALID_RECIPIENT)
    minutes(noon)
    assert (notices(), mail.outbox) == (GONE[:1], [])
    assert off(alice) == {"sms": "invalid_recipient"}


def test_a_text_that_never_arrives_brings_back_what_it_was_about_only(numbered, alice, noon):
    earlier = make_todo(with_phone(alice), reminders=[soon(5)])
    run(noon, NOON + timedelta(minutes=5))
    first = Message.objects.get()
    make_todo(alice, reminders=[soon()])
    run(noon, NOON + timedelta(minutes=15))
    assert first.pk == earlier.firings.values_list("notice__message", flat=True).get()
    lost, gone = Message.objects.exclude(pk=first.pk).get(), RefusalReason.INVALID_RECIPIENT
    update = StatusUpdate(lost.provider_sid, "undelivered", State.UNDELIVERED, "30006", gone)
    status_updates.apply(lost, update, source="callback")
    minutes(noon)
    assert notices() == [("sms", "sent", ""), *GONE]


def test_a_text_of_the_api_switches_nothing_off(provider, api, alice, noon):
    provider.outcome = Refused("no mobile", "21614", 400, RefusalReason.INVALID_RECIPIENT)
    text = {"to": "+14155550100", "body": "hello"}
    assert api(with_phone(allow(alice))).post("/api/v1/sms/messages/", text).status_code == 202
    minutes(noon)
    assert (Message.objects.get().unreached, off(alice)) == ("", {})


def test_a_text_of_an_account_that_has_gone_is_nobodys(provider, alice, noon):
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    told(RefusalReason.INVALID_RECIPIENT)
    key = str(Message.objects.get().pk)
    alice.delete()
    take_text(key)
    assert run(noon, LATER + MINUTE)["unreached"] == 0


# --- Mails ----------------------------------------------------------------------------------------

BOUNCED = [("email", "failed", "bounced"), ("sms", "sent", "")]


def test_a_mail_that_bounces_is_followed_by_a_text_once(numbered, alice, bob, noon):
    with_phone(alice)
    make_todo(alice, reminders=[soon(channel="email")])
    run(noon, LATER)
    assert mail.outbox[0].extra_headers == {"X-Nudge-Reminder": str(Notice.objects.get().pk)}
    for _ in range(3):
        bounced("Alice@Example.com")
        minutes(noon)
    assert (notices(), len(numbered.sent)) == (BOUNCED, 1)
    assert (off(alice), off(bob)) == ({"email": "bounced"}, {})
    alice.change(channels_off={})
    bounced()
    assert off(alice) == {}
    bounced(id="2")
    minutes(noon)
    assert (notices(), off(alice)) == (BOUNCED, {"email": "bounced"})


def test_the_event_of_lambda_leads_here(alice):
    events.run(by_topic(bounce()), CONTEXT)
    assert off(alice) == {"email": "bounced"}


def test_a_bounce_at_night_waits_for_the_end_of_quiet_hours(numbered, alice, noon):
    with_phone(alice)
    User.objects.filter(pk=alice.pk).update(
        quiet_from="12:11", quiet_until="18:00", time_zone="UTC"
    )
    for minute in (9, 10):
        make_todo(alice, f"at {minute}", reminders=[soon(minute, channel="email")])
        run(noon, NOON + timedelta(minutes=minute))
    noon.move_to(NOON + timedelta(minutes=30), tick=False)
    for number, notice in enumerate(Notice.objects.all()):
        bounced(id=str(number), headers={"x-nudge-reminder": str(notice.pk)})
    minutes(noon)
    assert numbered.sent == []
    run(noon, datetime(2026, 11, 20, 18, tzinfo=UTC))
    assert [it["body"] for it in numbered.sent] == ["Nudge: 2 reminders\n1. at 9\n2. at 10"]


def test_a_complaint_ends_mails_and_repeats_nothing(numbered, alice, noon):
    with_phone(alice)
    make_todo(alice, reminders=[soon(channel="email")])
    run(noon, LATER)
    bounced(reason="complained", arrived=True)
    minutes(noon)
    assert (notices(), off(alice)) == ([("email", "sent", "")], {"email": "complained"})


@pytest.mark.parametrize("headers", [{}, {"x-nudge-reminder": "nonsense"}])
def test_a_mail_that_is_not_named_switches_off_only(numbered, alice, noon, headers):
    with_phone(alice)
    make_todo(alice, reminders=[soon(channel="email")])
    run(noon, LATER)
    bounced(headers=headers)
    minutes(noon)
    assert (notices(), off(alice)) == ([("email", "sent", "")], {"email": "bounced"})


def test_a_report_brings_back_no_message_of_somebody_else(numbered, alice, bob, noon):
    make_todo(bob, reminders=[soon(channel="email")])
    run(noon, LATER)
    bounced()
    minutes(noon)
    assert (notices(), off(alice), off(bob)) == ([("email", "sent", "")], {"email": "bounced"}, {})


def test_an_address_that_is_no_more_in_use_is_nobodys(alice):
    EmailAddress.objects.create(user=alice, email="alice@home.example", verified=True)
    bounced("alice@home.example")
    EmailAddress.objects.filter(user=alice).update(verified=False)
    bounced()
    bounced("nobody@example.com")
    assert off(alice) == {}


def test_one_report_may_name_several_addresses(alice, bob):
    alice.change(channels_off={"sms": "opted_out"})
    for person in (alice, bob):
        bounced(person.email)
    assert (off(alice), off(bob)) == (
        {"sms": "opted_out", "email": "bounced"},
        {"email": "bounced"},
    )


def test_a_report_of_a_mail_brings_back_no_text(numbered, alice, noon):
    make_todo(with_phone(alice), reminders=[soon()])
    run(noon, LATER)
    bounced(headers={"x-nudge-reminder": str(Notice.objects.get(channel="sms").pk)})
    minutes(noon)
    assert notices() == [("sms", "sent", "")]


# --- So many mails a day --------------------------------------------------------------------------


def test_the_mails_of_a_day_are_bounded_and_the_next_channel_stands_in(
    numbered, alice, bob, noon, settings
):
    settings.REMINDER_MAILS_DAILY = 2
    with_phone(alice)
    for minute in (1, 2, 3):
        make_todo(alice, str(minute), reminders=[soon(minute, channel="email")])
    make_todo(bob, "4", reminders=[soon(4)])
    for minute in (1, 2, 3, 4):
        run(noon, NOON + timedelta(minutes=minute))
    assert [it.subject for it in mail.outbox] == ["Nudge: 1", "Nudge: 2", "Nudge: 4"]
    assert ([it["body"] for it in numbered.sent], off(alice)) == (["Nudge: 3"], {})
    make_todo(alice, "5", reminders=[soon(24 * 60, channel="email")])
    run(noon, timezone.now() + timedelta(days=1))
    assert mail.outbox[-1].subject == "Nudge: 5"
