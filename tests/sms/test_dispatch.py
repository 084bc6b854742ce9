"""A backlog: so many in a minute, none twice, codes first."""

from datetime import timedelta

import pytest

from core.tasks import TaskBackend
from sms import delivery, dispatch, service, sweep
from sms.models import Lane, Message
from sms.results import NotSent
from tests.sms.conftest import FROM, NOON, TO, allow, somebody
from tests.task_backends import RecordingBackend, recorded, use

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def make_due(number: int, **fields: object) -> list[str]:
    defaults = {
        "sender": somebody(),
        "to": TO,
        "from_number": FROM,
        "provider": "scripted",
        "created_at": NOON - 10 * MINUTE,
        "next_attempt_at": NOON - MINUTE,
    }
    rows = [Message(body=f"{each}", **{**defaults, **fields}) for each in range(number)]
    return [str(row.pk) for row in Message.objects.bulk_create(rows)]


def handed(settings, at) -> list[str]:
    asked = recorded(settings)
    assert sweep.sweep(at=at)["dispatched"] == len(asked)
    return [pk for (pk,) in asked]


def test_a_backlog_leaves_at_a_set_rate_and_nothing_is_handed_out_twice(numbered, settings):
    """The processes keep up: they take in a minute what they get in it."""
    settings.SMS_PER_MINUTE = 20
    waiting, minutes = make_due(50), []
    for minute in range(4):
        now = handed(settings, NOON + minute * MINUTE)
        minutes.append(len(now))
        for pk in now:
            delivery.deliver(pk)
    assert minutes == [20, 20, 10, 0]
    assert len(numbered.sent) == len(waiting)
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}


def test_what_nobody_has_taken_is_handed_out_again_after_three_minutes(provider, settings):
    """Until then nothing behind it either: more would only wait in the queue."""
    settings.SMS_PER_MINUTE = 20
    make_due(30)
    first = handed(settings, NOON)
    assert [len(handed(settings, NOON + minute * MINUTE)) for minute in (1, 2)] == [0, 0]
    assert sorted(handed(settings, NOON + 3 * MINUTE)) == sorted(first)


def test_what_was_taken_makes_room_but_not_within_the_minute(numbered, settings):
    settings.SMS_PER_MINUTE = 20
    make_due(50)
    for pk in handed(settings, NOON)[:15]:
        delivery.deliver(pk)
    assert len(handed(settings, NOON + timedelta(seconds=30))) == 0
    assert len(handed(settings, NOON + MINUTE)) == 15


def test_a_second_attempt_is_handed_out_when_its_time_has_come(provider, settings, noon):
    provider.outcome = NotSent("No connection.")
    [pk] = make_due(1)
    assert handed(settings, NOON) == [pk]
    delivery.deliver(pk)
    assert handed(settings, NOON) == []
    assert handed(settings, NOON + MINUTE) == [pk]


def test_codes_leave_before_reminders_before_the_rest(settings):
    """And a backlog keeps no code waiting: they leave beyond the bound."""
    settings.SMS_PER_MINUTE = 3
    ordinary = make_due(4, lane=Lane.ORDINARY, next_attempt_at=NOON - 9 * MINUTE)
    reminders = make_due(2, lane=Lane.REMINDER, next_attempt_at=NOON - 2 * MINUTE)
    [code] = make_due(1, lane=Lane.CODE)
    first = handed(settings, NOON)
    assert (first[0], set(first[1:])) == (code, set(reminders))
    [late] = make_due(1, lane=Lane.CODE)
    assert handed(settings, NOON + timedelta(seconds=10)) == [late]
    assert set(handed(settings, NOON + MINUTE * 4)[2:]) <= {*ordinary, *reminders}


class Asked(RecordingBackend):
    """Notes what may wait in a queue."""

    batches: list[tuple[bool, list[str]]] = []

    def enqueue_each(self, task, ids, *, urgent):
        self.batches.append((urgent, list(ids)))
        return list(ids)


def test_what_another_sweep_has_marked_keeps_nothing_waiting(settings, monkeypatch):
    rows, choose = make_due(20), dispatch.chosen

    def overtaken(at):
        chosen = choose(at)
        assert chosen[0].dispatch(at)
        return chosen

    monkeypatch.setattr(dispatch, "chosen", overtaken)
    assert len(handed(settings, NOON)) == len(rows) - 1


def test_codes_wait_in_no_queue(settings, monkeypatch):
    monkeypatch.setattr(Asked, "batches", [])
    use(settings, f"{__name__}.Asked")
    ordinary, codes = make_due(2), make_due(2, lane=Lane.CODE)
    sweep.sweep(at=NOON)
    assert [(urgent, sorted(ids)) for urgent, ids in Asked.batches if ids] == [
        (True, sorted(codes)),
        (False, sorted(ordinary)),
    ]


def test_a_code_is_sent_as_one(provider, settings, alice):
    message = service.queue(actor=allow(alice), to=TO, body="123456", lane=Lane.CODE)
    message.refresh_from_db()
    assert message.lane == Lane.CODE


def test_two_sweeps_at_once_hand_out_each_message_once(settings, monkeypatch):
    """Both have chosen before either of them marks one."""
    make_due(5)
    chosen = sweep.dispatch.chosen(NOON)
    asked = recorded(settings)
    assert [sweep.dispatch.hand_out(chosen, NOON) for _ in range(2)] == [(5, 0), (0, 0)]
    assert len(asked) == 5


class Full(TaskBackend):
    """Takes two, then nothing."""

    taken: list[str] = []

    def enqueue(self, task, ids):
        if len(self.taken) == 2:
            raise ConnectionError
        self.taken.extend(ids)


def test_what_was_refused_does_not_count_and_is_handed_out_by_the_next_sweep(settings, caplog):
    Full.taken.clear()
    ids = make_due(25)
    use(settings, "tests.sms.test_dispatch.Full")
    assert sweep.sweep(at=NOON)["dispatched"] == 2  # and the second batch is not tried
    assert [r.message for r in caplog.records if r.levelname == "ERROR"] == [
        "deliver was enqueued for 2 of 10"
    ]
    left = handed(settings, NOON + timedelta(seconds=1))
    assert sorted([*Full.taken, *left]) == sorted(ids)
