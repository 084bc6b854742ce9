"""What runs every minute and every night."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import get_commands
from django.utils import timezone

from accounts.sessions import SessionStore, stored
from core import tasks
from core.http import current_request_id
from core.models import IdempotencyKey
from localcloud.lambda_events import CONTEXT, REQUEST_ID, load
from serverless import schedule
from sms.models import Message
from sms.schedule import sweep
from sms.states import State
from tests.config.conftest import ROOT
from tests.sms.conftest import allow

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 21, 3, 17, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _night():
    with time_machine.travel(NIGHT, tick=False):
        yield


def session(expires: timedelta) -> str:
    store = SessionStore()
    store.create()
    Session.objects.filter(pk=stored(str(store.session_key))).update(
        expire_date=timezone.now() + expires
    )
    return str(stored(str(store.session_key)))


def key(name: str, age: timedelta) -> None:
    IdempotencyKey.objects.create(
        scope="anonymous", endpoint="POST /", key=name, claimed_at=NIGHT - age, status=201
    )


def test_the_night_removes_what_is_over_and_keeps_the_rest(handler, caplog):
    session(timedelta(seconds=-1))
    kept = session(timedelta(days=1))
    key("old", timedelta(days=2))
    key("new", timedelta(hours=1))
    assert handler(load("scheduled_nightly"), CONTEXT) is None
    assert [each.pk for each in Session.objects.all()] == [kept]
    assert [each.key for each in IdempotencyKey.objects.all()] == ["new"]
    told = [
        record.getMessage() for record in caplog.records if record.name == "serverless.schedule"
    ]
    assert told == [
        (
            "prune: 1 idempotency keys, 0 counters, 0 API tokens, 0 security events,"
            " 0 invitations, 0 places of limits, 0 inbound texts, 0 codes of phone numbers,"
            " 0 received texts, 0 to-dos, 0 operations of devices, 0 former names of tags,"
            " 0 sent reminders, 0 exports and imports removed."
        ),
        "clearsessions: done",
        "delete_accounts: 0 accounts deleted.",
        "prune_files: 0 files removed.",
        "refold: 0 rows folded, 0 fed, 0 dues renewed.",
        "renew_positions: 0 positions renewed.",
    ]


def test_the_night_twice_is_as_good_as_once(handler):
    kept = session(timedelta(days=1))
    for _again in range(2):
        handler(load("scheduled_nightly"), CONTEXT)
    assert [each.pk for each in Session.objects.all()] == [kept]


def test_a_command_that_fails_keeps_no_other_from_its_work(handler, monkeypatch, caplog):
    """And the night has failed: Lambda repeats it."""
    session(timedelta(seconds=-1))
    monkeypatch.setattr(schedule, "NIGHTLY", ("no_such_command", "clearsessions"))
    with pytest.raises(Exception, match=r"^RuntimeError: Failed: no_such_command$"):
        handler(load("scheduled_nightly"), CONTEXT)
    assert not Session.objects.exists()
    assert "no_such_command failed" in caplog.messages


def test_each_command_of_the_night_passes_the_boundary(handler, monkeypatch):
    """So that a database that was away for one of them is connected to again by the next."""
    passed: list[bool] = []
    monkeypatch.setattr(tasks, "_close_stale", lambda: passed.append(True))
    monkeypatch.setattr(schedule, "NIGHTLY", ("clearsessions", "clearsessions"))
    handler(load("scheduled_nightly"), CONTEXT)
    assert passed == [True] * 6  # before and after the event and each of the two


def test_every_nightly_command_exists():
    assert set(schedule.NIGHTLY) <= set(get_commands())


def test_the_documents_name_every_nightly_command():
    """The table of events, and the line for cron of a server without Lambda."""
    events, sms = ((ROOT / "docs" / name).read_text() for name in ("events.md", "sms.md"))
    [row] = re.findall(r"^\| the nightly job \|(.*)$", events, re.MULTILINE)
    assert [*re.findall(r"`(\w+)`", row)] == [*schedule.NIGHTLY]
    assert f"for it in {' '.join(schedule.NIGHTLY)}; do" in sms


def test_the_minute_is_one_line_with_its_time_and_its_request_id(handler, caplog):
    told: list[tuple[str, str]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append((record.getMessage(), current_request_id.get()))

    logger = logging.getLogger("sms.schedule")
    logger.addHandler(listener := Listener())
    try:
        handler(load("scheduled"), CONTEXT)
    finally:
        logger.removeHandler(listener)
    assert told == [("Sweep 2026-11-21T03:17:05+00:00: nothing to do", REQUEST_ID)]


@pytest.mark.django_db(transaction=True)
def test_the_minute_delivers_what_was_forgotten(caplog, alice, settings):
    settings.SMS_ALLOWED_REGIONS = ["US"]
    message = Message.objects.create(
        sender=allow(alice),
        to="+14155552671",
        region="US",
        body="hello",
        segments=1,
        state=State.QUEUED,
        provider="console",
        next_attempt_at=NIGHT,
    )
    sweep(load("scheduled"), CONTEXT)
    assert "Sweep 2026-11-21T03:17:05+00:00: 1 dispatched" in caplog.messages
    message.refresh_from_db()
    assert (message.state, message.attempt_count) == (State.ACCEPTED, 1)
