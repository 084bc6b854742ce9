from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFault
from django.utils import timezone

from core.errors import is_database_away
from core.tasks import settle, task_boundary
from todos.reminders.dispatch import tick
from todos.transfer.jobs import sweep

SECONDS = 50.0  # the next minute starts a new process


class Command(BaseCommand):
    help = "Send due reminders, and start lost exports and imports; run it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            done = task_boundary(tick)(at) | task_boundary(sweep)(at)
        except DatabaseFault as error:
            if not is_database_away(error):
                raise
            # Only the type, because the error's text has several lines and may quote a row.
            kind = type(error).__name__
            raise CommandError(
                f"The database cannot be reached ({kind}); the next run continues."
            ) from error
        settle(SECONDS)
        summary = ", ".join(f"{number} {name}" for name, number in done.items() if number)
        self.stdout.write(summary or self._nothing())

    def _nothing(self) -> str:
        return "nothing to do" if settings.REMINDERS else "switched off"
