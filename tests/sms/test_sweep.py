"""What was forgotten is found: by the command, by the schedule, by several at once."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from core.limits import Limit, take, used
from sms import delivery, schedule, sweep
from sms.models import Event, Message
from sms.policy import account_limit
from sms.providers import UnansweredError
from sms.providers.twilio.callbacks import status_update
from tests.config.conftest import ROOT
from tests.sms.conftest import FROM, NOON, SID, TO, somebody

pytestmark = pytest.mark.django_db
NOW = NOON
MINUTE = timedelta(minutes=1)
NOTHING = dict.fromkeys(sweep.DONE, 0)


@pytest.fixture
def run(django_capture_on_commit_callbacks):
    """`run(at)`: one sweep, and what it dispatched."""

    def once(at: datetime = NOW, **options: int) -> dict[str, int]:
        with django_capture_on_commit_callbacks(execute=True):
            done = sweep.sweep(at=at, **options)
        return {name: number for name, number in done.items() if number}

    return once


@pytest.fixture(autouse=True)
def provider_in_use(provider):
    return provider


def make_message(state: str = "queued", **fields: object) -> Message:
    defaults = {
        "sender": somebody(),
        "body": "hey",
        "to": TO,
        "from_number": FROM,
        "provider": "scripted",
        "created_at": NOW - 10 * MINUTE,
        "next_attempt_at": NOW - 10 * MINUTE,
        "claimed_at": None if state in ("queued", "scheduled") else NOW - 10 * MINUTE,
        "provider_sid": SID if state in ("accepted", "sent") else "",
    }
    return Message.objects.create(state=state, **{**defaults, **fields})


def counted(text: Any) -> Limit:
    """The limit of its sender, of which it took one."""
    limit = account_limit(text.sender.pk, 50)
    assert take(limit, at=text.created_at)
    return limit


def states() -> list[str]:
    return list(Message.objects.order_by("created_at", "id").values_list("state", flat=True))


def history() -> list[tuple[str, str, str]]:
    return list(Event.objects.values_list("source", "status", "error_code"))


def test_where_there_is_nothing_to_do_nothing_is_done(provider):
    make_message("scheduled", next_attempt_at=NOW + MINUTE, expires_at=NOW + MINUTE)
    make_message("sending", claimed_at=NOW - MINUTE + timedelta(seconds=1))
    make_message("accepted", claimed_at=NOW - 5 * MINUTE + timedelta(seconds=1))
    before = list(Message.objects.values())
    assert sweep.sweep(at=NOW) == NOTHING
    assert (list(Message.objects.values()), provider.sent, provider.asked) == (before, [], [])


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_what_is_due_is_delivered(run, provider, state):
    make_message(state)
    assert run() == {"dispatched": 1}
    assert (states(), len(provider.sent)) == (["accepted"], 1)


def test_what_is_overdue_expires_and_does_not_count(run, provider, alice):
    text = make_message("queued", sender=alice, expires_at=NOW)
    own = counted(text)
    assert run() == {"expired": 1}
    text.refresh_from_db()
    assert (text.state, provider.sent, used(own, at=text.created_at)) == ("expired", [], 0)
    assert history() == [("service", "expired", "")]


def test_a_claim_whose_holder_died_is_unknown_and_never_sent_again(run, provider):
    make_message("sending", claimed_at=NOW - MINUTE, next_attempt_at=NOW + MINUTE)
    assert run() == {"unknown": 1}
    assert run(NOW + MINUTE / 2) == {}
    assert (states(), provider.sent) == (["unknown"], [])
    assert history() == [("service", "unknown", "")]
    assert Message.objects.get().error_message == "No answer was stored."


# --- Unknown --------------------------------------------------------------------------------------


def test_what_the_provider_lists_is_found(run, provider):
    provider.report = status_update(SID, "delivered")
    text = make_message("unknown")
    make_message("sent", provider_sid=SID[::-1], next_attempt_at=NOW + MINUTE)
    make_message("sent", provider_sid="far", to="+15005550011", next_attempt_at=NOW + MINUTE)
    assert run() == {"found": 1}
    text.refresh_from_db()
    assert (text.state, text.provider_sid) == ("delivered", SID)
    assert history() == [("poll", "delivered", "")]
    assert provider.asked == [
        {
            **delivery.outgoing(text)._asdict(),
            "since": text.claimed_at,
            "until": text.claimed_at + MINUTE,
            "known": [SID[::-1]],
        }
    ]


def test_it_is_found_in_the_round_that_finds_it_abandoned(run, provider):
    provider.report = status_update(SID, "queued")
    make_message("sending")
    assert run() == {"unknown": 1, "found": 1}
    assert states() == ["accepted"]


def test_the_text_of_another_message_is_not_taken(run, provider):
    provider.report = status_update(SID, "sent")
    make_message("accepted", created_at=NOW - 20 * MINUTE, next_attempt_at=NOW + MINUTE)
    make_message("unknown")
    assert run() == {}
    assert states() == ["accepted", "unknown"]


def test_what_nobody_knows_of_is_asked_for_every_minute_and_lost_after_fifteen(
    run, provider, alice
):
    text = make_message("unknown", sender=alice, claimed_at=NOW)
    own = counted(text)
    rounds = [run(NOW + half * MINUTE / 2) for half in range(32)]
    assert rounds == [*([{}] * 30), {"lost": 1}, {}]
    assert len(provider.asked) == 16
    text.refresh_from_db()
    assert (text.state, text.error_code) == ("failed", "lost")
    assert text.error_message == "The provider has no such message."
    assert history() == [("service", "failed", "lost")]
    assert used(own, at=text.created_at) == 1  # it may have been sent
    assert provider.sent == []


def test_while_the_provider_cannot_be_asked_nothing_is_lost_for_a_day(run, provider, caplog):
    provider.report = UnansweredError("HTTP 500.")
    text = make_message("unknown", claimed_at=NOW)
    for hours in range(24):
        assert run(NOW + timedelta(hours=hours)) == {}
    assert caplog.messages[-1] == f"The provider did not answer about message {text.pk}: HTTP 500."
    assert run(NOW + timedelta(hours=24)) == {"lost": 1}


def test_a_fault_of_our_own_while_asking_ends_too_and_is_traced_once_an_hour(
    run, provider, caplog, noon
):
    provider.report = TypeError("can't compare offset-naive and offset-aware datetimes")
    text = make_message("unknown", claimed_at=NOW)
    for minutes in range(0, 24 * 60, 20):
        noon.move_to(NOW + minutes * MINUTE)
        assert run(NOW + minutes * MINUTE) == {}
    lines = [row for row in caplog.records if row.name == "sms.sweep"]
    assert {row.getMessage() for row in lines} == {
        f"The sweep failed at message {text.pk}: TypeError"
    }
    assert len(lines) == 24 * 3
    assert len([row for row in lines if row.exc_info]) == 24
    assert run(NOW + timedelta(hours=24)) == {"lost": 1}
    assert states() == ["failed"]


def test_what_a_callback_told_meanwhile_is_not_lost(run, provider, monkeypatch):
    make_message("unknown", claimed_at=NOW - 15 * MINUTE)

    def callback(self, message: object, **wanted: object) -> None:
        Message.objects.get().advance("delivered")

    monkeypatch.setattr(provider, "find", callback)
    assert (run(), states(), history()) == ({}, ["delivered"], [])


# --- Accepted -------------------------------------------------------------------------------------


@pytest.mark.wide
@pytest.mark.parametrize("state", ["accepted", "sent"])
def test_what_is_quiet_is_asked_for_less_and_less_often(run, provider, state):
    provider.report = status_update(SID, "sent")
    make_message(state, claimed_at=NOW, next_attempt_at=NOW)
    asked = [minute for minute in range(0, 12 * 60, 5) if run(NOW + minute * MINUTE)]
    assert asked == [5, 10, 20, 40, 80, 160, 320, 640]
    assert provider.asked == [SID] * 8
    assert states() == ["sent"]
    assert history() == [("poll", "sent", "")]


def test_the_answer_moves_it_forward(run, provider):
    provider.report = status_update(SID, "undelivered", "30003")
    make_message("sent")
    assert run() == {"asked": 1}
    text = Message.objects.get()
    assert (text.state, text.error_code) == ("undelivered", "30003")


def test_an_answer_that_tells_nothing_moves_nothing(run, provider):
    make_message("sent")
    assert run() == {"asked": 1}
    assert (states(), history()) == (["sent"], [])


def test_while_there_is_news_nobody_asks(run, provider):
    text = make_message("sent")
    Event.objects.create(
        message=text, source="callback", status="sent", received_at=NOW - 4 * MINUTE
    )
    assert (run(), provider.asked) == ({}, [])
    assert run(NOW + MINUTE) == {"asked": 1}


def test_without_an_id_nobody_can_ask(run, provider):
    make_message("sent", provider_sid="")
    assert (run(), provider.asked) == ({}, [])


# --- Several, many, faulty ------------------------------------------------------------------------


def test_whoever_comes_second_leaves_it_alone(provider, monkeypatch):
    """Both have read the rows before either of them changes one."""
    provider.report = status_update(SID, "sent")
    make_message("queued", expires_at=NOW)
    make_message("sending")
    make_message("unknown", body="a")
    make_message("sent", provider="console", body="b")
    walks = [*sweep._deliveries(NOW), *sweep._polls(NOW)]
    steps = [(list(walk.rows), walk.step) for walk in walks if isinstance(walk, sweep._Walk)]
    first, second = ([step(text, NOW) for rows, step in steps for text in rows] for _ in range(2))
    assert first == ["expired", "unknown", "found", "asked"]
    assert second == [""] * 4


def test_a_row_that_fails_keeps_no_other(run, provider, caplog):
    provider.report = status_update(SID, "sent")
    broken = make_message("unknown", provider="forgotten", next_attempt_at=NOW - 11 * MINUTE)
    make_message("unknown")
    assert run() == {"found": 1}
    assert f"The sweep failed at message {broken.pk}" in caplog.text


# --- Who calls it ---------------------------------------------------------------------------------


def test_the_command_says_what_it_did():
    told = StringIO()
    call_command("sms_sweep", stdout=told)
    make_message(expires_at=NOW)
    make_message("sending", claimed_at=NOW - MINUTE, next_attempt_at=NOW + 60 * MINUTE)
    call_command("sms_sweep", stdout=told)
    assert told.getvalue().splitlines() == ["nothing to do", "1 expired, 1 unknown"]


def test_the_schedule_takes_an_event_and_a_context():
    """Zappa counts the parameters: two, or it calls it otherwise (zappa/handler.py)."""
    assert schedule.sweep.__code__.co_argcount == 2
    make_message(expires_at=NOW)
    schedule.sweep({"kwargs": {}}, None)
    assert states() == ["expired"]


def test_on_lambda_the_last_question_is_answered_in_time():
    """A provider is given ten seconds; who is cut off by Lambda is run again."""
    stages = json.loads((ROOT / "zappa_settings.json").read_text())
    assert stages["dev"]["timeout_seconds"] > schedule.SECONDS + 10
