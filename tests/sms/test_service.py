"""The door: limits and the row first, then one attempt or a place in the queue."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.idempotency import KeyReused
from core.models import Counter
from sms import delivery, policy, service
from sms.models import Message, OptOut
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    RefusalReason,
    Refused,
    Throttled,
    Unknown,
)
from sms.service import SendError
from tests.conftest import make_user
from tests.sms.conftest import FROM, SID, TO, allow

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OTHER = "+15005550011"

ENDS = [
    (Accepted(SID), ("accepted", SID, "", "")),
    (AcceptedWithoutId(), ("unknown", "", "", "The provider gave no id.")),
    (Unknown("HTTP 500."), ("unknown", "", "", "HTTP 500.")),
    (Refused("Authenticate", "20003", 401), ("failed", "", "20003", "Authenticate")),
    (Throttled("Too many", "20429", 7), ("failed", "", "20429", "Too many")),
    (NotSent("No connection."), ("failed", "", "not_sent", "No connection.")),
]


@pytest.fixture
def sender(alice):
    return allow(alice)


def used() -> dict[str, int]:
    """The limits that are in use, by the first words of their scope."""
    counters = Counter.objects.filter(scope__startswith="sms:", used__gt=0).values_list(
        "scope", "used"
    )
    return {":".join(scope.split(":")[:2]): number for scope, number in counters}


def history(message: Message) -> list[tuple[str, str, str]]:
    return list(message.events.values_list("source", "status", "error_code"))


def queue(actor, **fields) -> Message:
    return service.queue(actor=actor, **{"to": OTHER, "body": "hey", **fields})


@pytest.fixture
def run_now(django_capture_on_commit_callbacks):
    """`with run_now():` what is asked for after commit runs at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


# --- At once --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "end"), ENDS, ids=lambda value: type(value).__name__)
def test_an_outcome_is_returned_and_written_down(provider, sender, outcome, end):
    provider.outcome = outcome
    message = service.send(actor=sender, body="hey mate!!!")
    assert message.result == outcome
    row = Message.objects.get()
    assert (row.state, row.provider_sid, row.error_code, row.error_message) == end
    assert (message.state, message.finished_at) == (row.state, row.finished_at)
    assert (row.sender, row.to, row.from_number, row.body, row.provider) == (
        *(sender, TO, FROM, "hey mate!!!", "scripted"),
    )
    assert (row.region, row.encoding, row.segments, row.attempt_count) == ("US", "GSM-7", 1, 1)
    [sent] = provider.sent
    assert (sent["to"], sent["from_number"], sent["body"]) == (TO, FROM, "hey mate!!!")
    assert history(row) == [("service", "sending", ""), ("service", row.state, end[2])]
    assert row.attempts.get().outcome == delivery.result_name(type(outcome))


@pytest.mark.django_db(transaction=True)
def test_the_row_is_committed_before_the_provider_is_called(provider, sender):
    """Seen through a second connection, which sees nothing that is not committed."""
    seen = []

    def look() -> Accepted:
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT state, body FROM sms_message")
            seen.append((cursor.fetchall(), connection.in_atomic_block))
        other.close()
        return Accepted(SID)

    provider.outcome = look
    service.send(actor=sender, body="hey")
    assert seen == [([("sending", "hey")], False)]
    assert Message.objects.get().state == "accepted"


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_nothing_is_sent(provider, sender):
    """A rollback would take the row back, not the text."""
    with pytest.raises(RuntimeError), transaction.atomic():
        service.send(actor=sender, body="hey")
    assert provider.sent == []


@pytest.mark.django_db(transaction=True)
def test_a_death_during_the_call_leaves_a_trace(provider, sender):
    def die() -> Accepted:
        raise KeyboardInterrupt

    provider.outcome = die
    with pytest.raises(KeyboardInterrupt):
        service.send(actor=sender, body="hey")
    assert Message.objects.get().state == "sending"


@pytest.mark.parametrize(("outcome", "end"), ENDS, ids=lambda value: type(value).__name__)
def test_what_certainly_was_not_sent_does_not_count(provider, sender, outcome, end):
    provider.outcome = outcome
    service.send(actor=sender, body="a")
    if isinstance(outcome, NotSent | Throttled | Refused):
        assert used() == {}
    else:
        limits = ("sms:account", "sms:number", "sms:country", "sms:all", "sms:segments")
        assert used() == dict.fromkeys(limits, 1)


# --- With a key -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (Accepted(SID), Accepted(SID)),
        (AcceptedWithoutId(), Unknown("The provider gave no id.")),
        (Unknown("HTTP 500."), Unknown("HTTP 500.")),
        (Refused("Not valid.", "21211", 404), Refused("Not valid.", "21211", 400)),
        (
            Refused("Unsubscribed", "21610", 400, RefusalReason.OPTED_OUT),
            Refused("Unsubscribed", "21610", 400),
        ),
    ],
    ids=str,
)
def test_a_repeat_with_the_key_is_answered_from_the_row(provider, sender, outcome, again):
    provider.outcome = outcome
    first = service.send(actor=sender, body="hey", key="a")
    provider.outcome = Accepted(SID[::-1])
    second = service.send(actor=sender, body="hey", key="a")
    assert (second.pk, second.result, len(provider.sent)) == (first.pk, again, 1)


def test_a_repeat_after_a_crash_sends_nothing(provider, sender):
    """Killed while the provider was asked: whether it was sent, nobody knows."""
    first = service.send(actor=sender, body="hey", key="a")
    Message.objects.update(state="sending", provider_sid="")
    again = service.send(actor=sender, body="hey", key="a")
    assert (again.pk, again.result, len(provider.sent)) == (first.pk, Unknown(""), 1)
    Message.objects.update(
        state="failed", error_code="lost", error_message="gone", finished_at=timezone.now()
    )
    assert service.send(actor=sender, body="hey", key="a").result == Unknown("gone")


def test_what_was_not_sent_may_be_repeated_with_its_key(provider, sender, noon):
    provider.outcome = NotSent("No connection.")
    service.send(actor=sender, body="hey", key="a")
    noon.shift(1)
    provider.outcome = Accepted(SID)
    assert service.send(actor=sender, body="hey", key="a").result == Accepted(SID)
    states = Message.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == ["failed", "accepted"]


def test_a_key_belongs_to_one_sender_one_door_and_one_text(provider, sender, bob):
    provider.outcome = AcceptedWithoutId()
    allow(bob)
    first = service.send(actor=sender, body="hey", key="a")
    texts = [
        service.send(actor=bob, body="hey", key="a"),
        service.send(actor=sender, body="hey", key="b"),
        queue(sender, to=TO, key="a"),
    ]
    assert len({first.pk, *(text.pk for text in texts)}) == 4
    with pytest.raises(KeyReused):
        service.send(actor=sender, body="ho", key="a")
    with pytest.raises(KeyReused):
        queue(sender, to=OTHER, key="a")


def test_a_key_is_free_again_after_a_day(provider, sender):
    provider.outcome = AcceptedWithoutId()
    old = service.send(actor=sender, body="hey", key="a")
    Message.objects.update(created_at=timezone.now() - timedelta(hours=24))
    assert service.send(actor=sender, body="another", key="a").pk != old.pk


def test_a_repeat_is_answered_whatever_has_changed(provider, sender, settings):
    message = queue(sender, key="a")
    settings.SMS_ENABLED = False
    OptOut.objects.create(number=OTHER, source="admin")
    assert queue(sender, key="a").pk == message.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_of_two_with_one_key_the_slower_gets_the_row_of_the_quicker(sender, monkeypatch):
    """Both saw no row; the constraint decides, and the limits of the slower are given back."""
    message = queue(sender, key="a")
    earlier, looks = service._earlier, []

    def blind_at_first(*args: object) -> Message | None:
        looks.append(args)
        return earlier(*args) if len(looks) > 1 else None

    monkeypatch.setattr(service, "_earlier", blind_at_first)
    assert queue(sender, key="a").pk == message.pk
    assert (Message.objects.count(), used()["sms:account"]) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("provider")
def test_a_fault_that_is_not_the_keys_is_not_hidden(sender, settings):
    settings.SMS_MAX_SEGMENTS = 20
    with pytest.raises(IntegrityError):
        queue(sender, body="a" * 1601)


# --- The queue ------------------------------------------------------------------------------------


def test_a_text_is_written_down_and_delivered_after_commit(provider, sender, run_now):
    with run_now() as callbacks:
        message = queue(sender)
        assert (message.state, provider.sent) == ("queued", [])
    assert len(callbacks) == 1
    message.refresh_from_db()
    assert (message.state, message.provider_sid, message.to) == ("accepted", SID, OTHER)
    assert [sent["to"] for sent in provider.sent] == [OTHER]
    assert history(message) == [("service", "queued", ""), ("service", "accepted", "")]


@pytest.mark.parametrize("state", ["queued", "accepted"])
def test_a_repeat_with_the_key_is_not_delivered_again(provider, sender, run_now, state):
    with run_now():
        message = queue(sender, key="a")
    Message.objects.filter(state="accepted").update(state=state)
    with run_now() as callbacks:
        assert queue(sender, key="a").pk == message.pk
    assert (callbacks, len(provider.sent)) == ([], 1)


def test_a_text_for_later_waits(provider, sender, run_now):
    later = timezone.now() + HOUR
    with run_now() as callbacks:
        message = queue(sender, send_at=later, valid_for=HOUR)
    assert (callbacks, provider.sent) == ([], [])
    assert (message.state, message.next_attempt_at) == ("scheduled", later)
    assert (message.send_at, message.expires_at) == (later, later + HOUR)


def test_a_moment_that_has_passed_is_now(provider, sender, run_now):
    with run_now():
        message = queue(sender, send_at=timezone.now() - HOUR, valid_for=HOUR)
    assert message.expires_at - message.created_at == HOUR
    assert len(provider.sent) == 1


@pytest.mark.django_db(transaction=True)
def test_a_refused_text_leaves_nothing_and_is_not_dispatched(provider, alice):
    with pytest.raises(SendError):
        queue(alice)
    assert (provider.sent, used(), Message.objects.count()) == ([], {}, 0)


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_a_text_is_queued_with_all_the_rest_of_it(provider):
    """As reminders are: a rollback takes the text back, and a commit sends it."""
    person = allow(make_user("carol@example.com"))
    with transaction.atomic():
        queue(person)
        transaction.set_rollback(True)
    assert (provider.sent, used(), Message.objects.count()) == ([], {}, 0)
    with transaction.atomic():
        queue(person)
        assert provider.sent == []
    assert len(provider.sent) == 1


# --- Not at all -----------------------------------------------------------------------------------


def test_the_switch_stops_everything(provider, sender, settings):
    settings.SMS_ENABLED = False
    for start in (lambda: service.send(actor=sender, body="hey"), lambda: queue(sender)):
        with pytest.raises(SendError) as caught:
            start()
        assert caught.value.retry_after == 300
    assert (provider.sent, Message.objects.count(), used()) == ([], 0, {})


def test_who_has_opted_out_is_left_alone(provider, sender):
    OptOut.objects.bulk_create(OptOut(number=number, source="inbound") for number in (TO, OTHER))
    for start in (lambda: service.send(actor=sender, body="hey"), lambda: queue(sender)):
        with pytest.raises(SendError) as caught:
            start()
        assert caught.value.code == "opted_out"
    assert (provider.sent, Message.objects.count(), used()) == ([], 0, {})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ({"body": "\u200b"}, "blank"),
        ({"body": "a" * 613}, "too_many_segments"),
        ({"to": "+18095551234"}, "region_not_allowed"),
        ({"to": "+19005551234"}, "type_not_allowed"),
        ({"to": "+1415"}, "invalid_recipient"),
    ],
    ids=str,
)
def test_what_no_door_takes_is_not_queued(provider, sender, text, code):
    with pytest.raises(SendError) as caught:
        queue(sender, **text)
    assert caught.value.code == code
    assert (provider.sent, Message.objects.count(), used()) == ([], 0, {})


def test_what_costs_money_is_on_somebodys_account(provider, settings):
    """No allowance would bound what nobody sends."""
    for start in (lambda: service.send(actor=None, body="hey"), lambda: queue(None)):
        with pytest.raises(SendError):
            start()
    assert (provider.sent, Message.objects.count(), used()) == ([], 0, {})
    settings.DEBUG, settings.SMS_PROVIDER = True, "memory"
    assert queue(None).sender is None


# --- Taken back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [None, timedelta(days=1)], ids=["queued", "scheduled"])
def test_what_waits_can_be_canceled_and_does_not_count(provider, sender, caplog, wait):
    caplog.set_level(logging.INFO, "sms")
    message = queue(sender, send_at=wait and timezone.now() + wait)
    assert service.cancel(actor=sender, message=message)
    assert (message.state, used(), provider.sent) == ("canceled", {}, [])
    assert history(message)[-1] == ("person", "canceled", "")
    assert f"Message {message.pk} was canceled by {sender.pk}" in caplog.messages


def test_it_is_canceled_once_and_nothing_is_given_back_twice(sender, provider):
    queue(sender, body="another")
    message = queue(sender)
    canceled = [service.cancel(actor=sender, message=message) for _ in range(2)]
    assert (canceled, used()["sms:account"]) == ([True, False], 1)


def test_what_has_left_cannot_be_canceled(provider, sender, run_now):
    with run_now():
        message = queue(sender)
    assert not service.cancel(actor=sender, message=message)
    assert (message.state, used()["sms:account"]) == ("accepted", 1)


def test_a_developers_machine_is_open_and_nothing_else(settings, provider, alice, bob):
    allow(bob)
    for debug, name, is_open in [
        (True, "console", True),
        (False, "console", False),
        (True, "scripted", False),
        (True, "twilio", False),
        (False, "twilio", False),
    ]:
        settings.DEBUG, settings.SMS_PROVIDER = debug, name
        assert policy.sending_is_free() is is_open
        assert policy.may_send(alice) is is_open
        assert policy.may_send(bob)
