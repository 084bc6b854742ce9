"""Every entry of the outbox in transactions of its own, as in production: no test around it."""

from datetime import timedelta

import pytest

from core.limits import used
from localcloud.twilio.stub import ACCOUNT_SID
from sms import delivery, policy, resend, service, sweep
from sms.models import InboundMessage, Message, OptOut
from sms.results import NotSent, Refused
from tests.interleaving import overtake
from tests.sms.conftest import NOON, TO, allow
from tests.sms.twilio.signed_calls import INBOUND, SID, configure, make_text, path_of, post, report

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sender(numbered, alice):
    return allow(alice)


def history(message: Message) -> list[tuple[str, str]]:
    return list(message.events.values_list("source", "status"))


def counted(sender) -> tuple[int, int]:
    """On this day, of this account and of all."""
    own, (daily, _monthly) = policy.account_limit(sender.pk, 50), policy.common_limits()
    return used(own, at=NOON), used(daily, at=NOON)


def test_a_text_is_written_down_delivered_and_kept(numbered, sender):
    message = service.queue(actor=sender, to=TO, body="hey")
    message.refresh_from_db()
    assert (message.state, len(numbered.sent), message.attempts.count()) == ("accepted", 1, 1)
    assert history(message) == [("service", "queued"), ("service", "accepted")]
    delivery.deliver(str(message.pk))
    assert len(numbered.sent) == 1
    assert counted(sender) == (1, 1)


def test_a_refused_text_is_sent_again_and_the_first_does_not_count(provider, alice):
    provider.outcome = Refused("No", "21211", 400)
    first = service.queue(actor=allow(alice), to=TO, body="hey")
    first.refresh_from_db()
    assert (first.state, counted(alice)) == ("failed", (0, 0))
    successor = resend.send_again(first)
    successor.refresh_from_db()
    assert (successor.state, successor.retry_of) == ("failed", first)
    assert (len(provider.sent), counted(alice)) == (2, (0, 0))


def test_a_text_that_waits_is_taken_back(numbered, sender):
    message = service.queue(actor=sender, to=TO, body="hey", send_at=NOON + MINUTE)
    assert counted(sender) == (1, 1)
    assert service.cancel(actor=sender, message=message)
    assert (message.state, numbered.sent, counted(sender)) == ("canceled", [], (0, 0))


def test_the_sweep_expires_delivers_and_asks(numbered, sender, noon):
    numbered.report = None
    queue = {"actor": sender, "to": TO, "send_at": NOON + MINUTE}
    late = service.queue(body="late", valid_for=MINUTE, **queue)
    due = service.queue(body="due", **queue)
    left = Message.objects.create(
        sender=sender, to=TO, body="left", provider="scripted", state="sending", claimed_at=NOON
    )
    noon.shift(2 * MINUTE)
    done = sweep.sweep(at=NOON + 2 * MINUTE)
    assert {name: number for name, number in done.items() if number} == {
        "expired": 1,
        "dispatched": 1,
        "unknown": 1,
    }
    states = dict(Message.objects.values_list("body", "state"))
    assert states == {"late": "expired", "due": "accepted", "left": "unknown"}
    assert [history(text)[-1] for text in (late, due, left)] == [
        ("service", "expired"),
        ("service", "accepted"),
        ("service", "unknown"),
    ]
    assert counted(sender) == (1, 1)
    done = sweep.sweep(at=NOON + 20 * MINUTE)
    assert (done["lost"], history(left)[-1]) == (1, ("service", "failed"))


def test_a_text_that_may_not_leave_is_blocked_and_does_not_count(numbered, sender):
    message = service.queue(actor=sender, to=TO, body="hey", send_at=NOON + MINUTE)
    Message.objects.update(next_attempt_at=NOON)
    OptOut.objects.create(number=TO, source="admin")
    delivery.deliver(str(message.pk))
    message.refresh_from_db()
    assert (message.state, history(message)[-1]) == ("blocked", ("service", "blocked"))
    assert (numbered.sent, counted(sender)) == ([], (0, 0))


def test_a_text_that_was_not_sent_waits_for_its_next_attempt(provider, alice):
    provider.outcome = NotSent("No connection.")
    message = service.queue(actor=allow(alice), to=TO, body="hey")
    message.refresh_from_db()
    assert (message.state, message.attempts.count()) == ("queued", 1)
    assert history(message) == [("service", "queued")] * 2  # and why it is queued again
    assert counted(alice) == (1, 1)


def test_a_report_moves_the_text_and_is_kept(settings):
    configure(settings)
    message, other = make_text("unknown"), make_text("unknown")
    assert post(path_of(message), report("delivered")).status_code == 204
    for text in (message, other):
        text.refresh_from_db()
    assert (message.state, message.provider_sid, history(message)) == (
        *("delivered", SID, [("callback", "delivered")]),
    )
    assert (other.state, other.provider_sid, history(other)) == ("unknown", "", [])


@pytest.mark.parametrize("word", ["STOP", "START"])
def test_an_inbound_text_is_obeyed_and_kept(settings, word):
    configure(settings)
    if word == "START":
        OptOut.objects.create(number=TO, source="inbound")
    fields = {"AccountSid": ACCOUNT_SID, "From": TO, "Body": word, "MessageSid": SID}
    assert post(INBOUND, fields).status_code == 200
    assert OptOut.objects.filter(number=TO).exists() is (word == "STOP")
    assert list(InboundMessage.objects.values_list("sid", flat=True)) == [SID]


@pytest.mark.postgres
@pytest.mark.parametrize("last", ["sent", "delivered"])
def test_two_first_reports_at_once_are_both_kept(settings, last):
    """Neither knows the id that the other brings."""
    configure(settings)
    message = make_text("unknown")
    words = {"sent", "delivered"} - {last}
    [first] = words
    answers = overtake(
        lambda: post(path_of(message), report(first)).status_code,
        after='FROM "sms_message"',
        by=lambda: post(path_of(message), report(last)).status_code,
    )
    message.refresh_from_db()
    assert (answers, message.state, message.provider_sid) == ((204, 204), "delivered", SID)
    assert set(history(message)) == {("callback", "sent"), ("callback", "delivered")}


@pytest.mark.postgres
@pytest.mark.parametrize("word", ["sent", "delivered"])
def test_a_report_and_the_answer_at_once_are_both_kept(numbered, sender, settings, word):
    """The answer brings the id while the report is being read."""
    configure(settings)
    message = make_text("sending", sender=sender, attempt_count=1, claimed_at=NOON)

    def answered() -> bool:
        return Message.objects.get(pk=message.pk).accept(SID)

    status, _moved = overtake(
        lambda: post(path_of(message), report(word)).status_code,
        after='FROM "sms_message"',
        by=answered,
    )
    message.refresh_from_db()
    assert (status, message.state, message.provider_sid) == (204, word, SID)
    assert history(message) == [("callback", word)]


@pytest.fixture
def due(numbered, sender) -> Message:
    """A text that is due and that no process has begun to deliver."""
    message = service.queue(actor=sender, to=TO, body="hey", send_at=NOON + MINUTE)
    Message.objects.update(next_attempt_at=NOON)
    return message


@pytest.mark.postgres
def test_of_two_deliveries_at_once_one_calls_the_provider(numbered, due):
    overtake(
        lambda: delivery.deliver(str(due.pk)),
        after='"sms_message"',
        by=lambda: delivery.deliver(str(due.pk)),
    )
    due.refresh_from_db()
    assert (due.state, due.attempt_count, len(numbered.sent)) == ("accepted", 1, 1)


@pytest.mark.postgres
@pytest.mark.parametrize("first", ["cancel", "deliver"])
def test_a_text_is_canceled_or_delivered(numbered, sender, due, first):
    steps = {
        "cancel": lambda: service.cancel(actor=sender, message=Message(pk=due.pk)),
        "deliver": lambda: delivery.deliver(str(due.pk)),
    }
    [second] = set(steps) - {first}
    overtake(steps[first], after='"sms_message"', by=steps[second])
    due.refresh_from_db()
    ends = {"cancel": ("canceled", 0, (0, 0)), "deliver": ("accepted", 1, (1, 1))}
    assert (due.state, len(numbered.sent), counted(sender)) == ends[first]
