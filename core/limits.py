"""Limits that are exact under concurrency, because one statement decides.

Limiters that read and then write let three times the limit through, as measured. Code that takes
several limits in one transaction must always take them in the same order to avoid deadlocks.
"""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from core.models import Counter

# A counter stores only the start of its window; `manage.py prune` needs to know its end.
LONGEST_WINDOW = timedelta(days=31)

# The first caller of a window inserts the row, all others update it; both in one statement.
_TAKE = """
INSERT INTO core_counter AS held (scope, window_start, used) VALUES (%s, %s, %s)
ON CONFLICT (scope, window_start) DO UPDATE SET used = held.used + excluded.used
WHERE held.used + excluded.used <= %s
RETURNING used
"""


class Calendar(enum.Enum):
    """Windows of different lengths; in UTC."""

    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `amount` per `window`, counted for `scope` (for example "sms:account:<id>:day")."""

    scope: str
    amount: int
    window: timedelta | Calendar

    def __post_init__(self) -> None:
        if isinstance(self.window, timedelta) and self.window > LONGEST_WINDOW:
            raise ValueError("A longer window needs a longer LONGEST_WINDOW")

    def window_start(self, at: datetime) -> datetime:
        """Align windows to the epoch or the calendar, so that all processes agree on them."""
        if isinstance(self.window, Calendar):
            return _first_of_month(at)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return epoch + (at - epoch) // self.window * self.window

    def window_end(self, at: datetime) -> datetime:
        start = self.window_start(at)
        if isinstance(self.window, Calendar):
            return _first_of_month(start + timedelta(days=31))  # the longest month
        return start + self.window

    def seconds_left(self, at: datetime, *, due: datetime | None = None) -> int:
        """Seconds until the window of now, or of a later `due`, ends; rounded up."""
        return int((self.window_end(due or at) - at).total_seconds()) + 1


def _first_of_month(at: datetime) -> datetime:
    day = at.astimezone(UTC)
    return day.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def take(limit: Limit, *, amount: int = 1, at: datetime | None = None) -> bool:
    """Use this much of the limit; False, and no change, if less is left."""
    return spend(limit, amount=amount, at=at) > 0


def spend(limit: Limit, *, amount: int = 1, at: datetime | None = None) -> int:
    """As take(), but returns how much of the window is used; 0 if refused."""
    if amount < 1:
        raise ValueError("Less than one cannot be taken")
    if amount > limit.amount:  # the statement does not compare the first of a window
        return 0
    start = connection.ops.adapt_datetimefield_value(limit.window_start(at or timezone.now()))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [limit.scope, start, amount, limit.amount])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def give_back(limit: Limit, *, amount: int = 1, at: datetime | None = None) -> bool:
    """Return an unused amount to the limit; False, and no change, if less was taken."""
    taken = _counter(limit, at).filter(used__gte=amount)
    return taken.update(used=F("used") - amount) == 1


def used(limit: Limit, *, at: datetime | None = None) -> int:
    """How much of the window is used."""
    return _counter(limit, at).values_list("used", flat=True).first() or 0


def _counter(limit: Limit, at: datetime | None) -> QuerySet[Counter]:
    start = limit.window_start(at or timezone.now())
    return Counter.objects.filter(scope=limit.scope, window_start=start)
