"""Processes that kill themselves in the middle of their work, for tests of what they leave behind.

`python -m tests.deaths MODULE` starts a process for each line of its standard input. It calls
`MODULE.live(n)`, n being the number on the line, and must die at its n-th event: before or after a
statement, or whatever else the module counts. So a slow machine dies in the same places as a fast
one. Its exit code is printed. It is forked, and is at work within milliseconds.
"""

import importlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import django

ROOT = Path(__file__).parents[1]
Step = Callable[..., Any]


# --- In the test ----------------------------------------------------------------------------------


@contextmanager
def process(*module: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Runs a module and its arguments on the PostgreSQL database of this test."""
    started = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": _database_url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **environment,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        yield started
        started.kill()


def _database_url() -> str:
    from django.db import connection  # noqa: PLC0415 - needs the settings

    database = connection.settings_dict
    host, name = quote(database["HOST"], safe=""), database["NAME"]
    return f"postgresql://{database['USER']}@{host}:{database['PORT']}/{name}"


def ask(worker: "subprocess.Popen[str]", line: object) -> int:
    """The number that the process answers a line with."""
    orders, answers = _pipes(worker)
    orders.write(f"{line}\n")
    orders.flush()
    return int(answers.readline())


def _pipes(worker: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    return worker.stdin, worker.stdout


def live_and_die(worker: "subprocess.Popen[str]", last_event: int) -> None:
    assert ask(worker, last_event) == -signal.SIGKILL


# --- In the process -------------------------------------------------------------------------------


def answer(number: object) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def dies_at(last: int) -> Step:
    """Makes each statement of this process two events, and kills it at event number `last`.

    The step that is returned makes two events of any other call. The event after a call matters:
    its result may be known to nobody.
    """
    from django.db.backends.signals import connection_created  # noqa: PLC0415

    progress = itertools.count(1)

    def die_if_due() -> None:
        if next(progress) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def step(execute: Step, *what: Any, **more: Any) -> Any:
        die_if_due()
        result = execute(*what, **more)
        die_if_due()
        return result

    def watch(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(step)

    connection_created.connect(watch, weak=False)
    return step


def _main(module: str) -> None:
    django.setup()
    life = importlib.import_module(module)  # needs the applications
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            life.live(int(line))
            os._exit(1)  # it did all that it had to do and lives on
        _pid, status = os.waitpid(pid, 0)
        answer(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    _main(sys.argv[1])
