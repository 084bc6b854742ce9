"""For a restored database, because devices may be ahead of it."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from core.feed_repair import begin_epoch


class Command(BaseCommand):
    help = "Tell every device to push its changes and sync from the start (after a restore)."

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = list(get_user_model().objects.values_list("pk", flat=True))
        for account_id in accounts:
            begin_epoch(account_id)
        self.stdout.write(f"The devices of {len(accounts)} accounts will sync from the start.")
