"""`manage.py remind` and the event of the minute."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from localcloud.lambda_events import CONTEXT
from tests import task_backends
from tests.builders import make_todo
from tests.todos.reminders.conftest import NOON, soon
from todos.models import Firing
from todos.reminders import schedule
from todos.reminders.dispatch import _hand_out_persons

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
    with pytest.raises(CommandError, match="OperationalError\\); the next minute goes on"):
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


@pytest.mark.postgres
def test_due_reminders_are_found_by_their_index(alice):
    waiting = [make_todo(alice, reminders=[soon(n)]) for n in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        found = Firing.objects.to_hand_out(NOON).values("owner").distinct()
        plan = found.explain()
        cursor.execute("SET enable_seqscan = on")
    assert "todos_firing_" in plan, plan
    assert len(waiting) == 3
