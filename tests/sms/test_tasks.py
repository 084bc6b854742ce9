"""One attempt: once for every claim, and what is written down of it."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from core.models import Counter
from sms import delivery, policy
from sms.models import Attempt, Message, OptOut
from sms.policy import SendError
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    RefusalReason,
    Refused,
    Throttled,
    Unknown,
)
from tests.sms.conftest import FROM, NOON, SID, TO, allow, somebody

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def make_message(**fields: object) -> Message:
    defaults = {"body": "hey", "to": TO, "from_number": FROM, "provider": "twilio"}
    return Message.objects.create(**{"sender": somebody(), **defaults, **fields})


def deliver(message: Message) -> Message:
    delivery.deliver(str(message.pk))
    message.refresh_from_db()
    return message


def attempts(message: Message) -> list[tuple[int, str, int | None, str, str]]:
    columns = ("number", "outcome", "http_status", "code", "detail")
    return list(message.attempts.values_list(*columns))


def history(message: Message) -> list[tuple[str, str]]:
    return list(message.events.values_list("status", "error_code"))


def make_due(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(next_attempt_at=timezone.now())


OUTCOMES = [
    (Accepted(SID), ("accepted", ""), ("accepted", None, "", "")),
    (AcceptedWithoutId(), ("unknown", ""), ("withoutsid", None, "", "")),
    (Unknown("HTTP 500."), ("unknown", ""), ("unknown", None, "", "HTTP 500.")),
    (
        Refused(f"{TO} is not valid.", "21211", 400),
        *(("failed", "21211"), ("refused", 400, "21211", "+…99 is not valid.")),
    ),
    (
        Refused("Geo", "21408", 403, RefusalReason.REGION_NOT_ALLOWED),
        *(("blocked", "21408"), ("refused", 403, "21408", "Geo")),
    ),
    (
        Throttled("Too many", "20429", 7),
        *(("queued", "20429"), ("throttled", None, "20429", "Too many")),
    ),
    (
        NotSent("No connection."),
        *(("queued", "not_sent"), ("notsent", None, "not_sent", "No connection.")),
    ),
]


@pytest.mark.parametrize(("outcome", "end", "attempt"), OUTCOMES, ids=str)
def test_every_outcome_is_written_down(provider, outcome, end, attempt):
    provider.outcome = outcome
    message = deliver(make_message())
    assert (message.state, message.error_code) == end
    assert attempts(message) == [(1, *attempt)]
    assert history(message) == [end]
    assert (message.finished_at is not None) is (message.state in ("failed", "blocked"))


def test_the_provider_in_use_now_is_asked_and_told_everything(provider, settings):
    settings.PUBLIC_BASE_URL = "https://nudge.example.com/live/"
    message = deliver(make_message(expires_at=timezone.now() + timedelta(minutes=10)))
    [sent] = provider.sent
    assert sent == {
        "valid_seconds": 600,
        "to": TO,
        "from_number": FROM,
        "body": "hey",
        "callback_url": f"https://nudge.example.com/live/service/sms/status/{message.pk}/",
        "reference": str(message.pk),
    }
    assert message.provider == "scripted"


def test_without_a_public_address_nobody_is_asked_to_call_back(provider, settings):
    settings.PUBLIC_BASE_URL = ""
    deliver(make_message())
    assert (provider.sent[0]["callback_url"], provider.sent[0]["valid_seconds"]) == ("", None)


def test_asked_for_many_times_it_is_sent_once(provider):
    message = make_message()
    for _ in range(3):
        deliver(message)
    assert (len(provider.sent), message.attempt_count, Attempt.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "scheduled", "next_attempt_at": NOON + timedelta(days=1)},
        {"expires_at": NOON},
        {"state": "sending", "claimed_at": NOON},
        {"state": "unknown"},
        {"state": "canceled", "finished_at": NOON},
    ],
    ids=["scheduled", "overdue", "sending", "unknown", "canceled"],
)
def test_what_is_not_due_is_left_alone(provider, fields):
    message = make_message(**fields)
    before = Message.objects.values().get()
    deliver(message)
    assert (provider.sent, Message.objects.values().get()) == ([], before)


def test_a_text_that_is_gone_is_no_error(provider):
    message = make_message()
    pk = str(message.pk)
    message.delete()
    delivery.deliver(pk)
    assert provider.sent == []


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_nothing_is_delivered(provider):
    """The claim must be committed before the provider hears of the text."""
    message = make_message()
    with pytest.raises(RuntimeError), transaction.atomic():
        delivery.deliver(str(message.pk))
    assert provider.sent == []


# --- Certainly not sent ---------------------------------------------------------------------------


BUSY = Throttled("", "20429", 100)


def test_it_is_tried_five_times_at_growing_distances(provider):
    """A provider that was too busy meanwhile uses none of them up."""
    message, seen, waits = make_message(), [], [5, 10, 20, 40]
    for _ in waits:
        provider.outcome = BUSY
        deliver(message)
        make_due(message)
        provider.outcome = NotSent("No connection.")
        deliver(message)
        assert message.state == "queued"
        seen.append(message.next_attempt_at - NOON)
        make_due(message)
    assert all(w * SECOND <= s <= w * 1.3 * SECOND for w, s in zip(waits, seen, strict=True))
    assert deliver(message).state == "failed"
    assert [number for number, *_ in attempts(message)] == [*range(1, 10)]
    assert len(provider.sent) == 9


@pytest.mark.parametrize(
    ("expires_after", "states"),
    [(None, ["queued", "failed"]), (timedelta(hours=30), ["queued", "queued"])],
    ids=["a day without an end", "until it expires"],
)
def test_a_text_waits_for_a_busy_provider(provider, noon, expires_after, states):
    provider.outcome = BUSY
    ends = expires_after and NOON + expires_after
    message = make_message(created_at=NOON - 60 * SECOND, send_at=NOON, expires_at=ends)
    for _ in range(20):
        assert deliver(message).state == "queued"
        make_due(message)
    seen = []
    for moment in (NOON + timedelta(days=1, microseconds=-1), NOON + timedelta(days=1)):
        noon.move_to(moment)
        make_due(message)
        seen.append(deliver(message).state)
    assert seen == states


def test_of_a_long_reason_the_beginning_is_kept_without_numbers(provider):
    provider.outcome = Unknown(f"{TO} {'é' * 600}")
    message = deliver(make_message())
    told = f"+…99 {'é' * 495}"
    assert (message.error_message, attempts(message)) == (told, [(1, "unknown", None, "", told)])


def test_texts_that_failed_together_are_not_tried_again_together(provider):
    """Up to 30 % later than told, each by chance; never earlier."""
    provider.outcome = Throttled("", "20429", 100)
    waits = [deliver(make_message()).next_attempt_at - NOON for _ in range(60)]
    assert 100 * SECOND <= min(waits) < 110 * SECOND
    assert 120 * SECOND < max(waits) <= 130 * SECOND
    assert len(set(waits)) > 50


def test_a_wait_is_counted_from_the_answer(provider, noon):
    """Neither from the claim nor from the moment at which the text was due."""

    def slow() -> NotSent:
        noon.shift(8)
        return NotSent("No connection.")

    provider.outcome = slow
    message = make_message(created_at=NOON - 60 * SECOND, next_attempt_at=NOON - 50 * SECOND)
    wait = deliver(message).next_attempt_at - NOON
    assert (message.claimed_at, message.attempts.get().started_at) == (NOON, NOON)
    assert 13 * SECOND <= wait <= 14.5 * SECOND


def test_the_validity_is_what_is_left_when_the_provider_is_called(provider, noon):
    provider.outcome = NotSent("No connection.")
    message = make_message(created_at=NOON - 60 * SECOND, expires_at=NOON + 10.9 * SECOND)
    deliver(message)
    make_due(message)
    noon.shift(10.5)  # less than a second is left, and Twilio takes no validity of 0
    deliver(message)
    assert [sent["valid_seconds"] for sent in provider.sent] == [10, 1]


def test_a_second_attempt_may_succeed(provider):
    provider.outcome = NotSent("No connection.")
    message = deliver(make_message())
    provider.outcome = Accepted(SID)
    assert deliver(message).state == "queued"  # its moment has not come again
    make_due(message)
    assert deliver(message).state == "accepted"
    assert history(message) == [("queued", "not_sent"), ("accepted", "")]


def test_what_failed_without_being_sent_does_not_count_and_frees_its_key(provider, alice):
    provider.outcome = NotSent("No connection.")
    message = make_message(sender=allow(alice), attempt_count=4, idempotency_key="a")
    scope = f"sms:account:{alice.pk}:day"
    today = message.created_at.replace(hour=0, minute=0, second=0, microsecond=0)
    Counter.objects.create(scope=scope, window_start=today, used=2)
    deliver(message)
    assert (message.state, message.idempotency_key) == ("failed", None)
    assert Counter.objects.get(scope=scope).used == 1


def test_what_the_sweep_took_for_unknown_and_was_not_sent_has_failed(provider):
    """The claim was lost meanwhile, so it cannot be given back."""

    def stall() -> NotSent:
        Message.objects.get().abandon(timezone.now(), "No answer was stored.")
        return NotSent("No connection.")

    provider.outcome = stall
    assert deliver(make_message()).state == "failed"


# --- At the last moment ---------------------------------------------------------------------------


def test_the_switch_stops_what_was_queued(provider, settings):
    message = make_message()
    settings.SMS_ENABLED = False
    deliver(message)
    assert (message.state, message.error_code) == ("blocked", "switched_off")
    assert (provider.sent, history(message)) == ([], [("blocked", "switched_off")])


def test_an_opt_out_stops_what_was_queued(provider):
    message, other = make_message(), make_message(to="+15005550011")
    OptOut.objects.create(number=TO, source="inbound")
    assert (deliver(message).state, message.error_code) == ("blocked", "opted_out")
    assert (
        message.error_message
        == "This number has opted out of text messages. It can opt in again by texting START."
    )
    assert deliver(other).state == "accepted"
    assert len(provider.sent) == 1


def test_a_refusal_for_an_opt_out_is_remembered(provider):
    provider.outcome = Refused("Unsubscribed", "21610", 400, RefusalReason.OPTED_OUT)
    assert deliver(make_message()).state == "blocked"
    assert deliver(make_message()).error_code == "opted_out"
    assert (OptOut.objects.get().number, len(provider.sent)) == (TO, 1)


def test_a_text_that_ended_while_it_was_claimed_is_not_blocked(provider, monkeypatch):
    def ends_first(message: Message) -> None:
        Message.objects.filter(pk=message.pk).update(state="failed", finished_at=timezone.now())
        raise SendError("opted_out", "Too late to say so.")

    monkeypatch.setattr(policy, "check_claimed", ends_first)
    message = deliver(make_message())
    assert (message.state, message.error_code, history(message)) == ("failed", "", [])


# --- Faults ---------------------------------------------------------------------------------------


def test_a_fault_of_ours_is_unknown_and_logged(provider, caplog):
    provider.outcome = ZeroDivisionError("oops")
    message = deliver(make_message())
    assert message.state == "unknown"
    assert message.error_message == "The provider failed (ZeroDivisionError)."
    assert f"The provider failed while sending message {message.pk}" in caplog.text


@pytest.mark.parametrize(
    ("outcome", "told"), [(Accepted(SID), SID), (Unknown("HTTP 500."), "Unknown")], ids=str
)
def test_an_outcome_that_cannot_be_written_down_is_logged_and_not_raised(
    provider, caplog, monkeypatch, outcome, told
):
    def away(*args: object, **kwargs: object) -> None:
        raise DatabaseError(f"Failing row contains ({TO}, hey)")

    monkeypatch.setattr(Attempt.objects, "create", away)
    provider.outcome = outcome
    message = deliver(make_message())
    assert (message.state, message.provider_sid, history(message)) == ("sending", "", [])
    assert caplog.messages == [
        f"Message {message.pk} ended as {told}, which could not be saved: DatabaseError"
    ]
    assert TO not in caplog.text


def test_a_sid_that_came_twice_stays_sending(provider):
    """A provider that repeats an id may have dropped the text: an open question, not an error."""
    assert deliver(make_message()).state == "accepted"
    assert deliver(make_message()).state == "sending"


@pytest.mark.parametrize("outcome", [Unknown("HTTP 500."), NotSent("No connection.")], ids=str)
def test_a_callback_that_was_quicker_is_left_alone(provider, outcome):
    def quicker() -> Unknown | NotSent:
        Message.objects.get().advance("delivered")
        return outcome

    provider.outcome = quicker
    message = deliver(make_message())
    assert (message.state, message.error_code, message.error_message) == ("delivered", "", "")
    assert (history(message), len(attempts(message))) == ([], 1)
