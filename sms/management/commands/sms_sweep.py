from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFault
from django.utils import timezone

from core.errors import is_database_away
from core.tasks import task_boundary
from sms.sweep import sweep


class Command(BaseCommand):
    help = "Deliver due messages and resolve unfinished ones; run it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = task_boundary(sweep)(at=timezone.now())
        except DatabaseFault as error:
            if not is_database_away(error):
                raise
            # Only the type, because the error's text has several lines and may quote a row.
            kind = type(error).__name__
            raise CommandError(
                f"The database cannot be reached ({kind}); the next sweep continues."
            ) from error
        summary = ", ".join(f"{number} {name}" for name, number in done.items() if number)
        self.stdout.write(summary or "nothing to do")
