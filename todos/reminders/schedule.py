"""The minutely job; Zappa calls it with an event and a context."""

import logging

from django.utils import timezone

from core.tasks import task_boundary
from todos.reminders.dispatch import tick
from todos.transfer.jobs import sweep

logger = logging.getLogger(__name__)


def minute(event: object, context: object) -> None:
    """Ignores both arguments: the rows say what is due, however late or often it runs."""
    at = timezone.now()
    done = task_boundary(tick)(at) | task_boundary(sweep)(at)
    summary = ", ".join(f"{number} {name}" for name, number in done.items() if number)
    logger.info("Reminders %s: %s", at.isoformat(timespec="seconds"), summary or "nothing to do")
