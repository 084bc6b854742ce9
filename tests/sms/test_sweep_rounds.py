"""One sweep: all that is due, what ends first before the rest, and no longer than it may take."""

from datetime import timedelta

import pytest

from sms import delivery, sweep
from sms.models import Message
from sms.providers.twilio.callbacks import status_update
from sms.results import Accepted
from tests.sms.conftest import FROM, NOON, SID, TO, somebody
from tests.task_backends import recorded

# Deliveries run when they are begun: nothing here is in a transaction of its test.
pytestmark = pytest.mark.django_db(transaction=True)
NOW = NOON
MINUTE = timedelta(minutes=1)


def make_message(state: str = "queued", **fields: object) -> Message:
    defaults = {
        "sender": somebody(),
        "to": TO,
        "from_number": FROM,
        "provider": "scripted",
        "body": "hey",
        "created_at": NOW - 10 * MINUTE,
        "next_attempt_at": NOW - 10 * MINUTE,
        "claimed_at": None if state == "queued" else NOW - 10 * MINUTE,
    }
    return Message.objects.create(state=state, **{**defaults, **fields})


def run(limit: int) -> dict[str, int]:
    return {name: n for name, n in sweep.sweep(at=NOW, limit=limit).items() if n}


def states() -> list[str]:
    return sorted(Message.objects.values_list("state", flat=True))


def test_one_sweep_takes_all_that_is_due_in_rounds(numbered):
    for age in range(5):
        make_message(next_attempt_at=NOW - age * MINUTE, body=str(age))
        make_message("sending", body="lost with its sender", next_attempt_at=NOW + MINUTE)
    assert run(limit=2) == {"dispatched": 5, "unknown": 5}
    assert [sent["body"] for sent in numbered.sent] == ["4", "3", "2", "1", "0"]
    assert run(limit=2) == {}


def test_what_ends_first_is_delivered_first(numbered):
    for hours in (None, 9, 2, None, 5):
        make_message(
            expires_at=hours and NOW + hours * timedelta(hours=1),
            next_attempt_at=NOW - (hours or 1) * MINUTE,
            body=f"{hours}",
        )
    assert run(limit=2) == {"dispatched": 5}
    assert [sent["body"] for sent in numbered.sent] == ["2", "5", "9", "None", "None"]


def test_what_somebody_else_will_claim_is_dispatched_once(provider, settings):
    """On Lambda it is due until the other function has begun."""
    ids = [str(make_message(body=f"{number}").pk) for number in range(5)]
    asked = recorded(settings)
    assert sweep.sweep(at=NOW, limit=2)["dispatched"] == 5
    assert sorted(asked) == sorted((pk,) for pk in ids)


def test_where_threads_deliver_no_more_is_begun_than_they_can_do(monkeypatch, numbered, settings):
    """Each round waits for the one before, so that nothing is left behind when the time is up."""
    begun, together = recorded(settings), []

    def settle(seconds: float) -> None:
        assert 0 < seconds <= 50
        together.append(len(begun))
        for (pk,) in begun:
            delivery.deliver(pk)
        begun.clear()

    for number in range(5):
        make_message(body=f"{number}")
    monkeypatch.setattr(sweep, "settle", settle)
    assert sweep.sweep(at=NOW, limit=2)["dispatched"] == 5
    assert (max(together), begun, len(numbered.sent)) == (2, [], 5)


@pytest.fixture
def clock(monkeypatch):
    """`clock(10)`: so many seconds pass; nobody waits."""
    now = [1000.0]
    monkeypatch.setattr(sweep, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, now[0] + seconds)


def slow(provider, clock, seconds: float = 1) -> None:
    """Every answer takes so long."""
    numbers = iter(range(1000))

    def answer() -> Accepted:
        clock(seconds)
        return Accepted(f"SM{next(numbers):032x}")

    provider.outcome = answer


def test_nothing_is_begun_when_the_time_is_up(provider, clock):
    slow(provider, clock)
    for number in range(65):
        make_message(body=f"{number}")
    assert sweep.sweep(at=NOW)["dispatched"] == 40  # at 0, 10, 20, 30: four fifths of 50 seconds
    assert sweep.sweep(at=NOW, seconds=20)["dispatched"] == 20
    assert sweep.sweep(at=NOW, seconds=0)["dispatched"] == 0
    assert len(provider.sent) == 60
    assert states() == ["accepted"] * 60 + ["queued"] * 5


def test_a_backlog_does_not_keep_questions_away(provider, clock):
    provider.report = status_update(SID, "sent")
    slow(provider, clock)
    for number in range(45):
        make_message(body=f"{number}")
    make_message("unknown", created_at=NOW)
    done = sweep.sweep(at=NOW)
    assert (done["dispatched"], done["found"]) == (40, 1)


def test_questions_that_take_long_do_not_keep_texts_from_leaving(numbered, clock, monkeypatch):
    monkeypatch.setattr(numbered, "find", lambda self, message, **wanted: clock(10))
    for number in range(9):
        make_message("unknown", body=f"{number}", created_at=NOW - 20 * MINUTE, claimed_at=NOW)
        make_message(body=f"{number}")
    done = sweep.sweep(at=NOW, limit=2)
    assert (done["dispatched"], len(numbered.sent)) == (9, 9)
    assert Message.objects.unknown().filter(next_attempt_at__gt=NOW).count() == 5


def test_a_message_that_cannot_be_expired_is_tried_once_and_keeps_no_other(monkeypatch, clock):
    first, *others = (
        make_message(expires_at=NOW - minutes * MINUTE, body=f"{minutes}") for minutes in (3, 2, 1)
    )
    tried = []

    def return_unused(message: Message) -> None:
        clock(1)
        tried.append(message.pk)
        if message == first:
            raise ZeroDivisionError

    monkeypatch.setattr(sweep.policy, "return_unused", return_unused)
    assert run(limit=1) == {"expired": 2}
    assert tried == [first.pk, *(other.pk for other in others)]
    assert states() == ["expired", "expired", "queued"]
