"""Ticks at the same time as others do, until it kills itself at its n-th statement or mail."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from core.tasks import settle
from tests.deaths import Step, dies_at
from todos.reminders.dispatch import tick

MAILBOX = "NUDGE_TEST_MAILBOX"  # a file with a line for each mail that the server was given


class Mailbox(BaseEmailBackend):
    """What it has written is with the server, whatever becomes of this process."""

    step: Step = staticmethod(lambda act, *what: act(*what))

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
    Mailbox.step = staticmethod(dies_at(last))
    settings.EMAIL_BACKEND = f"{__name__}.Mailbox"
    while True:
        tick(timezone.now())
        settle(1.0)
