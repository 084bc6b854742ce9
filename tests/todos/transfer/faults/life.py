"""Runs the jobs that wait, until it kills itself before or after a statement."""

import os
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from tests.deaths import dies_at
from todos.models import Transfer, TransferState
from todos.transfer import jobs

MEDIA = "NUDGE_TEST_MEDIA"  # the folder of the private files


def live(last: int) -> None:
    """As long as it takes to come to its event number `last`."""
    dies_at(last)
    settings.MEDIA_ROOT = os.environ[MEDIA]
    while True:
        run_all()


def run_all() -> None:
    """Whoever ran what is running is dead: the processes live one after the other."""
    jobs.sweep(timezone.now() + timedelta(days=1))
    for key in Transfer.objects.filter(state=TransferState.QUEUED).values_list("pk", flat=True):
        jobs.run(str(key))
