"""The minutely job; Zappa calls it with an event and a context."""

import logging

from django.utils import timezone

from core.tasks import task_boundary
from sms import sweep as sweeping

# The function's 29 seconds (zappa_settings.json) minus ten for the last call of a provider.
SECONDS = 18.0
logger = logging.getLogger(__name__)


def sweep(event: object, context: object) -> None:
    """Ignores both arguments: the rows say what is due, however late or often it runs."""
    at = timezone.now()
    done = task_boundary(sweeping.sweep)(at=at, seconds=SECONDS)
    summary = ", ".join(f"{number} {name}" for name, number in done.items() if number)
    logger.info("Sweep %s: %s", at.isoformat(timespec="seconds"), summary or "nothing to do")
