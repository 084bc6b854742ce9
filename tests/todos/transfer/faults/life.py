"""Runs the jobs that wait, until it kills itself before or after a statement."""

import functools
import itertools
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created
from django.utils import timezone

from tests.todos.reminders.faults.life import die_at
from todos.models import Transfer, TransferState
from todos.transfer import jobs

MEDIA = "NUDGE_TEST_MEDIA"  # the folder of the private files


def live(last: int) -> None:
    """As long as it takes to come to its event number `last`."""
    progress = itertools.count(1)

    def step(execute: Callable[..., Any], *what: Any) -> Any:
        die_at(last, progress)
        result = execute(*what)
        die_at(last, progress)
        return result

    settings.MEDIA_ROOT = os.environ[MEDIA]
    watch = functools.partial(_watch, step)
    connection_created.connect(watch)
    while True:
        run_all()


def run_all() -> None:
    """Whoever ran what is running is dead: the processes live one after the other."""
    jobs.sweep(timezone.now() + timedelta(days=1))
    for key in Transfer.objects.filter(state=TransferState.QUEUED).values_list("pk", flat=True):
        jobs.run(str(key))


def _watch(step: Any, connection: Any, **_: Any) -> None:
    connection.execute_wrappers.append(step)
