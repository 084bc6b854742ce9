"""Ticks at the same time as others do, until it kills itself at its n-th statement or mail."""

import functools
import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db.backends.signals import connection_created
from django.utils import timezone

from core.tasks import settle
from todos.reminders.dispatch import tick

MAILBOX = "NUDGE_TEST_MAILBOX"  # a file with a line for each mail that the server was given


class Mailbox(BaseEmailBackend):
    """What it has written is with the server, whatever becomes of this process."""

    step: Callable[..., Any] = staticmethod(lambda act, *what: act(*what))

    def send_messages(self, email_messages: Any) -> int:
        for mail in email_messages:
            type(self).step(self._write, f"{mail.subject}\n")
        return len(email_messages)

    def _write(self, line: str) -> None:
        handle = os.open(Path(os.environ[MAILBOX]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)


def live(last: int) -> None:
    """As long as it takes to come to its event number `last`."""
    progress = itertools.count(1)

    def step(execute: Callable[..., Any], *what: Any, **more: Any) -> Any:
        """One event before and one after: what was done may be known to nobody."""
        die_at(last, progress)
        result = execute(*what, **more)
        die_at(last, progress)
        return result

    Mailbox.step = staticmethod(step)
    settings.EMAIL_BACKEND = f"{__name__}.Mailbox"
    watch = functools.partial(_watch, step)
    connection_created.connect(watch)
    while True:
        tick(timezone.now())
        settle(1.0)


def _watch(step: Any, connection: Any, **_: Any) -> None:
    connection.execute_wrappers.append(step)


def die_at(last: int, progress: Iterator[int]) -> None:
    if next(progress) == last:
        os.kill(os.getpid(), signal.SIGKILL)
