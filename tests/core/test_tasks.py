"""When a task runs, where, and with which arguments."""

import subprocess
import sys
import threading
import uuid

import pytest
from django.db import connection, connections, transaction

from core import tasks
from core.tasks import settle, task, task_boundary
from serverless import tasks as lambda_tasks
from sms.delivery import deliver
from tests import task_backends
from tests.config.conftest import ROOT

ID = str(uuid.UUID(int=7))
ran: list[tuple[str, ...]] = []


@task
def note(*ids: str) -> None:
    ran.append(ids)


@task
def faulty(*ids: str) -> None:
    raise ZeroDivisionError(*ids)


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@pytest.fixture
def threads(settings):
    """Tasks run in threads of this process; `threads()` waits until all have ended."""
    task_backends.use(settings, task_backends.THREADS)
    yield lambda: settle(10)
    settle(10)


# --- When -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_runs_after_the_outermost_commit_and_not_before():
    with transaction.atomic():
        with transaction.atomic():
            note.enqueue(ID)
        assert ran == []
    assert ran == [(ID,)]


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_it_runs_now():
    note.enqueue(ID, "two")
    assert ran == [(ID, "two")]


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_it_never_runs():
    for rolled_back in (True, False):
        with transaction.atomic():
            note.enqueue(f"{rolled_back}")
            transaction.set_rollback(rolled_back)
    assert ran == [("False",)]


@pytest.mark.django_db(transaction=True)
def test_a_fault_is_logged_and_spoils_neither_the_caller_nor_the_next(caplog):
    with transaction.atomic():
        faulty.enqueue(ID)
        note.enqueue(ID)
    assert ran == [(ID,)]
    assert caplog.messages == [f"faulty was not enqueued for {ID}"]


# --- Threads --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_thread_runs_it_and_keeps_no_connection(threads):
    seen = []

    def look(*ids: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        seen.append((threading.current_thread().name.partition("_")[0], ids, connections.all()))

    task(look).enqueue(ID)
    threads()
    [(name, ids, used)] = seen
    assert (name, ids) == ("task", (ID,))
    assert [each.connection for each in used if each.vendor == "postgresql"] in ([], [None])


@pytest.mark.django_db(transaction=True)
def test_the_connections_of_a_thread_are_closed_whatever_happens(threads, monkeypatch):
    closed = []
    monkeypatch.setattr(tasks.connections, "close_all", lambda: closed.append(True))
    note.enqueue(ID)
    faulty.enqueue(ID)
    threads()
    assert closed == [True, True]


@pytest.mark.django_db(transaction=True)
def test_a_fault_in_a_thread_is_logged(threads, caplog):
    faulty.enqueue(ID)
    threads()
    assert caplog.messages == [f"faulty failed for {ID}"]


@pytest.mark.django_db(transaction=True)
def test_settling_waits_for_what_was_begun_and_not_for_ever(threads):
    done, go = [], threading.Event()
    task(lambda: go.wait(10) and done.append("slow")).enqueue()
    settle(0.01)
    assert done == []
    go.set()
    settle(10)
    assert done == ["slow"]
    settle(-1)


# --- Lambda ---------------------------------------------------------------------------------------


@pytest.fixture
def invoked(settings, monkeypatch) -> list[dict]:
    """As inside a Lambda function: the events that it sent to itself."""
    sent: list[dict] = []
    task_backends.use(settings, task_backends.LAMBDA)
    monkeypatch.setattr(lambda_tasks, "invoke", sent.append)
    return sent


@pytest.mark.django_db(transaction=True)
def test_on_lambda_it_is_invoked_with_ids_only(invoked):
    note.enqueue(ID)
    assert (ran, invoked) == (
        [],
        [
            {
                "command": "zappa.asynchronous.route_lambda_task",
                "task_path": "tests.core.test_tasks.note",
                "args": [ID],
                "kwargs": {},
            }
        ],
    )


@pytest.mark.django_db(transaction=True)
def test_a_task_inside_its_boundary_is_found_by_its_name(invoked):
    """Lambda gets the path of the function: the wrapper must carry that of what it wraps."""
    deliver.enqueue(ID)
    assert [event["task_path"] for event in invoked] == ["sms.delivery.deliver"]


@pytest.mark.django_db(transaction=True)
def test_an_invocation_that_fails_is_logged_and_not_raised(settings, monkeypatch, caplog):
    def throttled(event: object) -> None:
        raise ConnectionError

    task_backends.use(settings, task_backends.LAMBDA)
    monkeypatch.setattr(lambda_tasks, "invoke", throttled)
    note.enqueue(ID)
    assert (ran, caplog.messages) == ([], [f"note was not enqueued for {ID}"])


def test_neither_zappa_nor_boto3_is_loaded_before_it_is_needed():
    code = (
        "import sys, django; django.setup();"
        "import serverless.handler, serverless.schedule;"
        "import sms.delivery, sms.sweep, sms.schedule;"
        "import core.tasks, serverless.tasks, serverless.management.commands.dead_letters;"
        "print([name for name in ('zappa', 'boto3', 'botocore') if name in sys.modules])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "PATH": "/usr/bin"}
    told = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout == "[]\n"


# --- The boundary ---------------------------------------------------------------------------------


class Connection:
    """What the boundary asks of a connection."""

    def __init__(self, steps: list[str], *, in_atomic_block: bool) -> None:
        self.steps, self.in_atomic_block = steps, in_atomic_block

    def close_if_unusable_or_obsolete(self) -> None:
        self.steps.append("close")


def test_a_boundary_closes_what_is_stale_before_and_after(monkeypatch):
    steps: list[str] = []
    used = [Connection(steps, in_atomic_block=inside) for inside in (False, True)]
    monkeypatch.setattr(tasks.connections, "all", lambda **_options: used)

    def plus(one: int, *, two: int) -> int:
        steps.append("run")
        return one + two

    add = task_boundary(plus)
    assert add(1, two=2) == 3
    assert steps == ["close", "run", "close"]
    assert add.__name__ == "plus"
    with pytest.raises(ZeroDivisionError):
        task_boundary(faulty)("a")
    assert steps[3:] == ["close", "close"]
