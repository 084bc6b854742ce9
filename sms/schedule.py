"""What runs every minute; Zappa calls it with an event and a context, and with nothing else."""

import logging

from django.utils import timezone

from core.tasks import task_boundary
from sms import sweep as sweeping

# Of the 29 that a function has (zappa_settings.json), less the ten of a provider's last answer.
SECONDS = 18.0
logger = logging.getLogger(__name__)


def sweep(event: object, context: object) -> None:
    """Both are ignored: however late or often it is called, the rows tell what there is to do."""
    at = timezone.now()
    done = task_boundary(sweeping.sweep)(at=at, seconds=SECONDS)
    told = ", ".join(f"{number} {name}" for name, number in done.items() if number)
    logger.info("Minute %s: %s", at.isoformat(timespec="seconds"), told or "nothing to do")
