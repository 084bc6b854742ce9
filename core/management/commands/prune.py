"""Deletes expired rows; for a nightly schedule, safe at any time."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.feed import SyncedQuerySet
from core.pruning import RULES

BATCH = 5_000


class Command(BaseCommand):
    help = "Delete expired idempotency keys, old counters and all other expired rows."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        removed = (_removed(rule(at)) for rule in RULES)
        self.stdout.write(f"{', '.join(removed)} removed.")


def _removed(rows: QuerySet[Any]) -> str:
    return f"{remove(rows)} {rows.model._meta.verbose_name_plural}"


def remove(rows: QuerySet[Any]) -> int:
    """Delete in short batches; concurrent runs skip each other's rows."""
    if isinstance(rows, SyncedQuerySet):
        return sum(_remove_of(account, rows) for account in sorted(rows.accounts()))
    total = 0
    while count := _remove_some(rows):
        total += count
    return total


@transaction.atomic  # Django reads the rows first if others refer to them, and then locks them
def _remove_some(rows: QuerySet[Any]) -> int:
    some = rows.select_for_update(skip_locked=True).values("pk")[:BATCH]
    count, _by_model = rows.filter(pk__in=some).delete()
    return count


def _remove_of(account: UUID, rows: SyncedQuerySet) -> int:
    """Delete synced rows in one transaction per account."""
    _count, by_model = rows.of(account).delete()
    return by_model.get(rows.model._meta.label, 0)
