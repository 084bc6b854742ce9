"""`manage.py remind` and the event of the minute."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from localcloud.lambda_events import CONTEXT
from tests import task_backends
from tests.builders import make_todo
from tests.todos.reminders.conftest import NOON, soon
from todos.models import Firing
from todos.reminders import schedule
from todos.reminders.dispatch import _hand_out_persons, tick

pytestmark = pytest.mark.django_db(transaction=True)


def told(settings) -> str:
    out = StringIO()
    call_command("remind", stdout=out)
    return out.getvalue().strip()


def test_the_command_says_what_it_has_done(alice, noon, settings):
    make_todo(alice, reminders=[soon(1)])
    assert told(settings) == "nothing to do"
    noon.shift(60)
    assert told(settings) == "1 persons"
    settings.REMINDERS = False
    assert told(settings) == "switched off"


def test_without_the_database_the_command_says_one_line(monkeypatch):
    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(CursorWrapper, "execute", away)
    with pytest.raises(CommandError, match="OperationalError\\); the next run continues"):
        call_command("remind")


def test_a_fault_of_ours_is_not_called_the_databases(monkeypatch):
    def fault(*args: object, **kwargs: object) -> None:
        raise ProgrammingError("no such column")

    monkeypatch.setattr(CursorWrapper, "execute", fault)
    with pytest.raises(ProgrammingError):
        call_command("remind")


def test_the_minute_writes_a_line(alice, noon, caplog):
    make_todo(alice, reminders=[soon(1)])
    for _ in range(2):
        schedule.minute({}, CONTEXT)
        noon.shift(60)
    said = [it.getMessage() for it in caplog.records if it.name == "todos.reminders.schedule"]
    assert said == [
        "Reminders 2026-11-20T12:00:00+00:00: nothing to do",
        "Reminders 2026-11-20T12:01:00+00:00: 1 persons",
    ]


def test_what_no_process_takes_is_handed_out_again(alice, noon, settings, monkeypatch):
    make_todo(alice, reminders=[soon(1)])
    noon.shift(60)
    monkeypatch.setattr(task_backends.RecordingBackend, "enqueue_each", lambda *_a, **_k: [])
    task_backends.recorded(settings)
    assert _hand_out_persons(timezone.now()) == 0
    assert Firing.objects.get().handed_at is None


MANY_FIRINGS = """
INSERT INTO todos_firing (owner_id, todo_id, reminder_id, channel, fire_at, next_at)
SELECT owner_id, id, gen_random_uuid(), '', at,
CASE WHEN n %% 2 = 0 THEN at + n * '1 hour'::interval END
FROM todos_todo, generate_series(1, 10000) AS n, (VALUES (%s::timestamptz)) AS noon(at)
"""
MANY_NOTICES = """
INSERT INTO todos_notice (id, owner_id, channel, state, reason, tried, created_at)
SELECT gen_random_uuid(), id, 'email', 'sent', '', '', %s FROM accounts_user,
generate_series(1, 10000)
"""
MANY_TEXTS = """
INSERT INTO sms_message (id, sender_id, "to", from_number, body, provider, provider_sid, state,
error_code, error_message, region, created_at, finished_at, unreached, unreached_told_at)
SELECT gen_random_uuid(), id, '', '', 'b', 'twilio', '', 'failed', '', '', '', now(), now(),
CASE WHEN n % 2 = 0 THEN 'opted_out' ELSE '' END, CASE WHEN n % 2 = 0 THEN now() END
FROM accounts_user, generate_series(1, 10000) AS n
"""


@pytest.mark.postgres
def test_a_minute_reads_indexes_however_much_is_waiting_or_done(alice, settings):
    """As the planner of PostgreSQL chooses for itself, with all statements of the tick."""
    make_todo(alice, reminders=[soon(1)])
    task_backends.recorded(settings)
    with connection.cursor() as cursor:
        cursor.execute(MANY_FIRINGS, [NOON])
        cursor.execute(MANY_NOTICES, [NOON])
        cursor.execute(MANY_TEXTS)
        cursor.execute("ANALYZE todos_firing, todos_notice, sms_message")
        with CaptureQueriesContext(connection) as asked:
            tick(NOON + timedelta(minutes=1))
        plans = ""
        for it in asked.captured_queries:
            cursor.execute(f"EXPLAIN {it['sql']}")
            plans += "\n".join(line for (line,) in cursor.fetchall()) + "\n"
    assert "Seq Scan" not in plans, plans
    used = set(re.findall(r"(?:todos|sms)_\w+_(?:due|unfinished|unreached)\b", plans))
    assert used == {"todos_firing_due", "todos_notice_unfinished", "sms_message_unreached"}, plans
