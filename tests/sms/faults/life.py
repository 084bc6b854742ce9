"""Sends, queues, delivers and sweeps at the same time, as under load, until it kills itself.

It dies at the n-th statement to the database or at the n-th call of the provider, whichever thread
is there, so that a slow machine dies in the same places as a fast one.
"""

import functools
import itertools
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import requests  # noqa: F401 - loaded before the fork, not in every short life
from django.conf import settings
from django.db.backends.signals import connection_created
from django.utils import timezone

from accounts.models import User
from sms import numbers, service
from sms.providers import OutgoingMessage
from sms.providers.twilio.provider import TwilioProvider
from sms.sweep import sweep

numbers.recipient(settings.SMS_TO_NUMBER)  # likewise
SENDS, QUEUES = 3, 8  # in one life


def live(last: int) -> None:
    """As long as it takes to come to its event number `last`."""
    progress = itertools.count(1)

    def step(execute: Callable[..., Any], *what: Any, **more: Any) -> Any:
        """One event before and one after: what was done may be known to nobody."""
        die_at(last, progress)
        result = execute(*what, **more)
        die_at(last, progress)
        return result

    watched = functools.partialmethod(_watched, TwilioProvider.send, step)
    mock.patch.object(TwilioProvider, "send", watched).start()
    connection_created.connect(lambda connection, **_: connection.execute_wrappers.append(step))
    workers = [threading.Thread(target=work, daemon=True) for work in (send, queue, sweep_on)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    os._exit(1)  # it did all that it had to do and lives on


def _watched(
    provider: Any, send: Callable[..., Any], step: Callable[..., Any], message: OutgoingMessage
) -> Any:
    return step(send, provider, message)


def die_at(last: int, progress: Iterator[int]) -> None:
    if next(progress) == last:
        os.kill(os.getpid(), signal.SIGKILL)


def send() -> None:
    """As POST /service/sms/send does."""
    actor = User.objects.get()
    for _ in range(SENDS):
        service.send(actor=actor, body=f"sent {uuid.uuid4()}")


def queue() -> None:
    """As POST /api/v1/sms/messages/ does; the threads of core.tasks deliver."""
    actor = User.objects.get()
    for _ in range(QUEUES):
        number = f"+1415555{uuid.uuid4().int % 10_000:04}"
        service.queue(actor=actor, to=number, body=f"queued {uuid.uuid4()}")


def sweep_on() -> None:
    """Finds what those before have left behind."""
    for _ in itertools.count():
        sweep(at=timezone.now(), limit=10)
