"""What runs after commit: where, when, and with what (core/background.py)."""

import ast
import subprocess
import sys
import threading
import uuid

import pytest
from django.db import connection, connections, transaction

from core import background, invocation
from core.background import run_after_commit, task_boundary
from sms.tasks import deliver
from tests.config.conftest import ROOT

ID = str(uuid.UUID(int=7))
ran: list[tuple[str, ...]] = []


def task(*ids: str) -> None:
    ran.append(ids)


def faulty(*ids: str) -> None:
    raise ZeroDivisionError(*ids)


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@pytest.fixture
def threads(settings):
    """Runs here, in a pool of its own; `threads()` waits until everything is done."""
    settings.BACKGROUND, settings.BACKGROUND_THREADS = "threads", 2
    background._pool.cache_clear()
    yield lambda: background._pool().shutdown(wait=True)
    background._pool().shutdown(wait=True)
    background._pool.cache_clear()


# --- When -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_it_runs_after_the_outermost_commit_and_not_before():
    with transaction.atomic():
        with transaction.atomic():
            run_after_commit(task, ID)
        assert ran == []
    assert ran == [(ID,)]


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_it_runs_now():
    run_after_commit(task, ID, "two")
    assert ran == [(ID, "two")]


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_it_never_runs():
    for rolled_back in (True, False):
        with transaction.atomic():
            run_after_commit(task, f"{rolled_back}")
            transaction.set_rollback(rolled_back)
    assert ran == [("False",)]


@pytest.mark.django_db(transaction=True)
def test_a_fault_is_logged_and_spoils_neither_the_caller_nor_the_next(caplog):
    with transaction.atomic():
        run_after_commit(faulty, ID)
        run_after_commit(task, ID)
    assert ran == [(ID,)]
    assert caplog.messages == [f"faulty was not run for {ID}"]


# --- Threads --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_thread_runs_it_and_keeps_no_connection(threads):
    seen = []

    def look(*ids: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        seen.append((threading.current_thread().name[:10], ids, connections.all()))

    run_after_commit(look, ID)
    threads()
    [(name, ids, used)] = seen
    assert (name, ids) == ("background", (ID,))
    assert [each.connection for each in used if each.vendor == "postgresql"] in ([], [None])


def test_the_connections_of_a_thread_are_closed_whatever_happens(monkeypatch):
    closed = []
    monkeypatch.setattr(background.connections, "close_all", lambda: closed.append(True))
    background._in_thread(task, (ID,))
    background._in_thread(faulty, (ID,))
    assert closed == [True, True]


@pytest.mark.django_db(transaction=True)
def test_a_fault_in_a_thread_is_logged(threads, caplog):
    run_after_commit(faulty, ID)
    threads()
    assert caplog.messages == [f"faulty failed for {ID}"]


@pytest.mark.django_db(transaction=True)
def test_settling_waits_for_what_was_begun_and_not_for_ever(threads):
    done, go = [], threading.Event()
    run_after_commit(lambda: go.wait(10) and done.append("slow"))
    background.settle(0.01)
    assert done == []
    go.set()
    background.settle(10)
    assert done == ["slow"]
    assert background._begun == set()
    background.settle(-1)


# --- Lambda ---------------------------------------------------------------------------------------


@pytest.fixture
def invoked(settings, monkeypatch) -> list[dict]:
    """As inside a Lambda function: the events that it sent to itself."""
    sent: list[dict] = []
    settings.BACKGROUND = "lambda"
    monkeypatch.setattr(invocation, "invoke", sent.append)
    return sent


@pytest.mark.django_db(transaction=True)
def test_on_lambda_it_is_invoked_with_ids_only(invoked):
    run_after_commit(task, ID)
    assert (ran, invoked) == (
        [],
        [
            {
                "command": "zappa.asynchronous.route_lambda_task",
                "task_path": "tests.core.test_background.task",
                "args": [ID],
                "kwargs": {},
            }
        ],
    )


@pytest.mark.django_db(transaction=True)
def test_a_task_inside_its_boundary_is_found_by_its_name(invoked):
    """Lambda gets the path of the function: the wrapper must carry that of what it wraps."""
    run_after_commit(deliver, ID)
    assert [event["task_path"] for event in invoked] == ["sms.tasks.deliver"]


@pytest.mark.django_db(transaction=True)
def test_an_invocation_that_fails_is_logged_and_not_raised(settings, monkeypatch, caplog):
    def throttled(event: object) -> None:
        raise ConnectionError

    settings.BACKGROUND = "lambda"
    monkeypatch.setattr(invocation, "invoke", throttled)
    run_after_commit(task, ID)
    assert (ran, caplog.messages) == ([], [f"task was not run for {ID}"])


def test_neither_zappa_nor_boto3_is_loaded_before_it_is_needed():
    code = (
        "import sys, django; django.setup();"
        "import config.wsgi, config.on_lambda, config.schedule, sms.tasks, sms.sweep, sms.schedule;"
        "import core.background, core.invocation, core.management.commands.dead_letters;"
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


def test_zappa_is_imported_in_one_place():
    places = []
    for package in ("accounts", "config", "core", "sms", "todos"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                places += [path.name for name in names if name.split(".")[0] == "zappa"]
    assert places == ["on_lambda.py"]


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
    monkeypatch.setattr(background.connections, "all", lambda **_options: used)

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
