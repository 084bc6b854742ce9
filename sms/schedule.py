"""What runs every minute; Zappa calls it with an event and a context, and with nothing else."""

from django.utils import timezone

from core.background import task_boundary
from sms import sweep as sweeping

# Of the 29 that a function has (zappa_settings.json), less the ten of a provider's last answer.
SECONDS = 18.0


def sweep(event: object, context: object) -> None:
    """Both are ignored: however late or often it is called, the rows tell what there is to do."""
    task_boundary(sweeping.sweep)(at=timezone.now(), seconds=SECONDS)
