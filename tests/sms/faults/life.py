"""Sends, queues, delivers and sweeps at the same time, as under load, until it is killed."""

import itertools
import os
import threading
import uuid

import requests  # noqa: F401 - loaded before the fork, not in every short life
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from sms import numbers, service
from sms.sweep import sweep

numbers.recipient(settings.SMS_TO_NUMBER)  # likewise
SENDS, QUEUES = 3, 8  # in one life


def live() -> None:
    for work in (send, queue, sweep_on):
        threading.Thread(target=work, daemon=True).start()
    threading.Event().wait(60)
    os._exit(1)  # nobody has killed it


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
