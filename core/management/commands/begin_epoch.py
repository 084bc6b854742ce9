"""After a database was restored: what devices know may be ahead of it."""

from typing import Any

from django.core.management.base import BaseCommand

from core.db_functions import RandomUUID
from core.feed import FeedCounter


class Command(BaseCommand):
    help = "Tell every device to push what it has and to read everything anew (after a restore)."

    def handle(self, *args: Any, **options: Any) -> None:
        count = FeedCounter.objects.update(epoch=RandomUUID())
        self.stdout.write(f"The devices of {count} accounts will read everything anew.")
