"""Sends, queues, delivers and sweeps at the same time, as under load, until it kills itself.

Each statement and each call of the provider counts, in whichever thread it is made.
"""

import functools
import itertools
import threading
import uuid
from typing import Any
from unittest import mock

import requests  # noqa: F401 - loaded before the fork, not in every short life
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from sms import service, telephony
from sms.providers import OutgoingMessage
from sms.providers.twilio.provider import TwilioProvider
from sms.sweep import sweep
from tests.deaths import Step, dies_at

telephony.recipient(settings.SMS_TO_NUMBER)  # likewise
SENDS, QUEUES = 3, 8  # in one life


def live(last: int) -> None:
    """As long as it takes to come to its event number `last`."""
    watched = functools.partialmethod(_watched, TwilioProvider.send, dies_at(last))
    mock.patch.object(TwilioProvider, "send", watched).start()
    workers = [threading.Thread(target=work, daemon=True) for work in (send, queue, sweep_on)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _watched(provider: Any, send: Step, step: Step, message: OutgoingMessage) -> Any:
    return step(send, provider, message)


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
