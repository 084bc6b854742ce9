"""What the database itself guarantees of every text, and the ways a text may go."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import methodcaller

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms.models import Message
from sms.states import FINAL, LOST, RANK, WAITING, State

pytestmark = pytest.mark.django_db
SID = f"SM{'1' * 32}"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUT_OF_RANGE = [datetime(1899, 12, 31, 23, 59, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)]


def make_message(**fields: object) -> Message:
    defaults = {"body": "hey", "provider": "console", "next_attempt_at": NOON}
    return Message.objects.create(**{**defaults, **fields})


def claimed(**fields: object) -> Message:
    message = make_message(**fields)
    assert message.claim(NOON)
    return message


def test_a_new_message_waits():
    message = make_message()
    message.refresh_from_db()
    assert (message.state, message.finished_at, message.provider_sid) == ("queued", None, "")
    assert (message.attempt_count, message.claimed_at) == (0, None)
    assert list(Message.objects.waiting()) == [message]


def test_its_name_tells_neither_number_nor_text():
    message = make_message(to="+15005550006", body="secret")
    assert str(message) == f"{message.pk} (queued)"


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "nonsense"},
        {"state": State.ACCEPTED},
        {"state": State.FAILED},
        {"state": State.SENDING, "finished_at": NOON},
        {"body": ""},
        {"body": "a" * 1601},
        *({"send_at": moment} for moment in OUT_OF_RANGE),
    ],
)
def test_the_database_refuses(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_message(**wrong)


@pytest.mark.parametrize("moment", OUT_OF_RANGE)
def test_a_moment_out_of_range_is_refused_by_update_and_by_validation_too(moment):
    message = make_message(send_at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(send_at=moment)
    message.send_at = moment
    with pytest.raises(ValidationError) as caught:
        message.clean_fields()
    assert caught.value.error_dict["send_at"][0].code == "out_of_range"
    message.refresh_from_db()
    assert message.send_at == NOON


def test_a_sid_is_unique_within_its_provider():
    make_message(provider_sid=SID)
    make_message(provider_sid=SID, provider="twilio")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_message(provider_sid=SID)


def test_many_messages_have_no_sid():
    make_message()
    make_message()
    assert Message.objects.filter(provider_sid="").count() == 2


def test_a_key_is_unique_within_its_sender(alice, bob):
    make_message(sender=alice, idempotency_key="a")
    make_message(sender=bob, idempotency_key="a")
    make_message(sender=alice)
    make_message(sender=alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_message(sender=alice, idempotency_key="a")


# --- Before it leaves -----------------------------------------------------------------------------


def test_a_claim_is_given_once():
    message = make_message()
    twin = Message.objects.get()
    assert [message.claim(NOON), twin.claim(NOON), message.claim(NOON)] == [True, False, False]
    assert (twin.state, twin.attempt_count, twin.claimed_at) == ("sending", 1, NOON)
    assert list(Message.objects.sending()) == [message]


def test_nobody_gets_a_text_before_its_moment_or_after_it():
    early = make_message(state=State.SCHEDULED, next_attempt_at=NOON + HOUR)
    late = make_message(expires_at=NOON)
    assert [early.claim(NOON), late.claim(NOON)] == [False, False]
    assert [early.state, late.state] == ["scheduled", "queued"]
    assert early.claim(NOON + HOUR)


def test_what_is_released_may_be_claimed_at_its_moment():
    message = claimed()
    assert message.release(NOON + HOUR, "20429", "Too many for +15005550001")
    assert (message.state, message.error_code) == ("queued", "20429")
    assert message.error_message == "Too many for +…01"
    assert [message.claim(NOON), message.claim(NOON + HOUR)] == [False, True]
    assert message.attempt_count == 2


def test_a_claim_begins_without_the_error_of_the_one_before():
    message = claimed()
    message.release(NOON, "20429", "Too many")
    message.claim(NOON)
    assert (message.error_code, message.error_message) == ("", "")


def test_only_a_claim_can_be_released():
    message = make_message()
    assert not message.release(NOON, "a", "b")
    message.claim(NOON)
    message.mark_unknown("c")
    assert not message.release(NOON, "a", "b")
    assert (message.state, message.error_code) == ("unknown", "")


@pytest.mark.parametrize("state", WAITING)
def test_what_waits_may_be_canceled_and_may_expire(state):
    canceled, expired = (make_message(state=state, expires_at=NOON) for _ in range(2))
    assert canceled.cancel()
    assert [expired.expire(NOON - HOUR), expired.expire(NOON)] == [False, True]
    assert [canceled.state, expired.state] == ["canceled", "expired"]
    assert None not in [canceled.finished_at, expired.finished_at]


def test_what_is_being_sent_is_neither_canceled_nor_expired():
    message = claimed(expires_at=NOON + HOUR)
    assert [message.cancel(), message.expire(NOON + HOUR)] == [False, False]
    assert message.state == "sending"


# --- Afterwards -----------------------------------------------------------------------------------


def test_accepted_is_not_the_end():
    message = claimed()
    assert message.accept(SID)
    assert (message.state, message.provider_sid) == ("accepted", SID)
    assert message.finished_at is None
    assert message.accepted_at is not None


def test_a_sid_that_comes_after_the_callback_is_kept():
    message = claimed()
    message.advance(State.DELIVERED)
    assert not message.accept(SID)
    assert (message.state, message.provider_sid) == ("delivered", SID)
    assert not message.accept(SID[::-1])
    assert message.provider_sid == SID


def test_failed_is_the_end():
    message = claimed()
    assert message.advance(
        State.FAILED, code="21211", reason="The 'To' number +15005550001 is not valid."
    )
    assert (message.state, message.error_code) == ("failed", "21211")
    assert message.error_message == "The 'To' number +…01 is not valid."
    assert message.finished_at is not None


def test_what_became_of_it_may_stay_unknown():
    message = claimed()
    assert message.mark_unknown("x" * 600)
    assert (message.state, message.finished_at) == ("unknown", None)
    assert message.error_message == "x" * 500


def test_only_an_old_claim_is_abandoned():
    message = claimed()
    assert not message.abandon(NOON - HOUR, "a")
    assert message.abandon(NOON, "b")
    assert (message.state, message.error_message) == ("unknown", "b")
    assert not message.abandon(NOON, "c")


def test_only_what_is_unknown_is_given_up():
    message = claimed()
    assert not message.mark_lost("a")
    message.mark_unknown("b")
    assert message.mark_lost("c")
    assert (message.state, message.error_code, message.error_message) == ("failed", "lost", "c")
    assert message.finished_at is not None


def test_any_news_of_a_message_that_was_given_up_corrects_it():
    for step, news in STEPS.items():
        message = claimed()
        message.mark_unknown("a")
        message.mark_lost("b")
        is_news = step in ("accept", "fail") or step.startswith("advance")
        assert news(message) is is_news, step
        row = Message.objects.get(pk=message.pk)
        assert row.is_lost is not is_news
        assert (row.finished_at is not None) is (row.state in FINAL)
        assert row.error_message == {"fail": "failed"}.get(step, "" if is_news else "b")
        row.delete()


def test_of_two_who_look_one_may_ask():
    message = claimed()
    message.mark_unknown("a")
    twin = Message.objects.get()
    looks = [look.schedule_poll(NOON, NOON + HOUR) for look in (message, twin)]
    assert looks == [True, False]
    assert twin.next_attempt_at == NOON + HOUR


# --- In all orders --------------------------------------------------------------------------------

STEPS: dict[str, Callable[[Message], bool]] = {
    "claim": lambda message: message.claim(NOON),
    "release": lambda message: message.release(NOON, "1", "released"),
    "cancel": lambda message: message.cancel(),
    "expire": lambda message: message.expire(NOON),
    "accept": lambda message: message.accept(SID),
    "fail": lambda message: message.advance(State.FAILED, code="2", reason="failed"),
    "lose": lambda message: message.mark_unknown("lost"),
    "abandon": lambda message: message.abandon(NOON, "abandoned"),
    "give_up": lambda message: message.mark_lost("given up"),
    **{
        f"advance to {state}": methodcaller("advance", state)
        for state in (State.SENT, State.DELIVERED, State.UNDELIVERED, State.BLOCKED)
    },
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=10), st.booleans())
def test_in_every_order_a_state_moves_forward_and_an_error_stays(steps, expires):
    with transaction.atomic():
        message = make_message(expires_at=NOON + HOUR if expires else None)
        for step in steps:
            before = Message.objects.values().get(pk=message.pk)
            moved = STEPS[step](message)
            assert_possible(step, before, Message.objects.values().get(pk=message.pk), moved=moved)
        transaction.set_rollback(True)


def assert_possible(step: str, before: dict, after: dict, *, moved: bool) -> None:
    sid = {"provider_sid", "accepted_at"} if step == "accept" else set()
    if not moved:
        assert {**after, **{name: before[name] for name in sid}} == before
        return
    was_lost = (before["state"], before["error_code"]) == ("failed", LOST)
    if step == "release":
        assert (before["state"], after["state"]) == ("sending", "queued")
    elif was_lost:
        assert RANK[after["state"]] > RANK["unknown"]
        assert after["error_code"] != LOST
    else:
        assert RANK[after["state"]] > RANK[before["state"]]
    if step != "claim" and not was_lost:
        assert after["error_code"] or not before["error_code"]
        assert after["error_message"] or not before["error_message"]
    assert (after["finished_at"] is not None) is (after["state"] in FINAL)


def test_a_deleted_account_leaves_the_log(alice):
    message = make_message(sender=alice)
    alice.delete()
    message.refresh_from_db()
    assert message.sender is None


def test_what_was_heard_twice_is_kept_once():
    message = make_message()
    for code in ("", "30003", ""):
        message.add_event("callback", status="failed", error_code=code)
    assert list(message.events.values_list("status", "error_code")) == [
        ("failed", ""),
        ("failed", "30003"),
    ]
