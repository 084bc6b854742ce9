"""The rules of `manage.py prune`: each AppConfig registers how long its rows are kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from core import idempotency, write_limit
from core.limits import LONGEST_WINDOW
from core.models import Counter, IdempotencyKey

WRITES_KEPT: Final = timedelta(days=1)  # four counters an hour for each active account
COUNTERS_KEPT: Final = timedelta(days=62)  # after the end of their window, for statistics

Rule = Callable[[datetime], QuerySet[Any]]


def answered_keys(at: datetime) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(claimed_at__lte=at - idempotency.KEPT)


def ended_counters(at: datetime) -> QuerySet[Counter]:
    of_writes = Q(scope__startswith=write_limit.SCOPE, window_start__lt=at - WRITES_KEPT)
    return Counter.objects.filter(
        of_writes | Q(window_start__lt=at - COUNTERS_KEPT - LONGEST_WINDOW)
    )


RULES: Final[list[Rule]] = [answered_keys, ended_counters]


def register(rule: Rule) -> None:
    """Add a rule that selects the rows of one model that have expired at a given moment."""
    RULES.append(rule)
