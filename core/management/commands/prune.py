"""Removes what nothing asks for any more; for a nightly schedule, harmless at any time."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import QuerySet
from django.utils import timezone

from core import idempotency
from core.limits import LONGEST_WINDOW
from core.models import Counter, IdempotencyKey

COUNTERS_KEPT = timedelta(days=62)  # after the end of their window: two months, to look back
BATCH = 5_000


class Command(BaseCommand):
    help = "Remove answered Idempotency-Keys after a day and used-up counters after two months."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        keys = IdempotencyKey.objects.filter(claimed_at__lte=now - idempotency.KEPT)
        ended = now - COUNTERS_KEPT - LONGEST_WINDOW
        counters = Counter.objects.filter(window_start__lt=ended)
        self.stdout.write(
            f"{remove(keys)} idempotency keys and {remove(counters)} counters removed."
        )


def remove(rows: QuerySet[Any]) -> int:
    """Delete in batches: none lasts long, and two runs at once skip each other's rows."""
    total = 0
    while count := _remove_some(rows):
        total += count
    return total


def _remove_some(rows: QuerySet[Any]) -> int:
    some = rows.select_for_update(skip_locked=True).values("pk")[:BATCH]
    count, _by_model = rows.filter(pk__in=some).delete()
    return count
