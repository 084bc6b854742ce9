"""Deletes the accounts whose seven days are over; for a nightly schedule, safe at any time."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import deletion
from accounts.deletion_mails import erase_and_tell

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Delete the accounts whose owners asked for it seven days ago and did not cancel."

    def handle(self, *args: Any, **options: Any) -> None:
        deleted = failed = 0
        for user in deletion.due(timezone.now()):
            try:
                deleted += erase_and_tell(user)
            except Exception:
                logger.exception("Account %s was not deleted; the next run continues", user.pk)
                failed += 1
        if failed:
            raise CommandError(f"{deleted} accounts deleted, {failed} not.")
        self.stdout.write(f"{deleted} accounts deleted.")
