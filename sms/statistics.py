"""The statistics in the admin: used limits and delivered messages. Days are in UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncDate

from core.limits import Limit, used
from sms.models import Message
from sms.policy import WARNING_PERCENT, common_limits
from sms.states import State

DAYS = 30
CHART_HEIGHT = 60
_FAILURES = (State.UNDELIVERED, State.FAILED, State.UNKNOWN)


@dataclass(frozen=True)
class Spend:
    """How much of a limit is used in the current window."""

    used: int
    amount: int

    @property
    def warning(self) -> float:
        return self.amount * WARNING_PERCENT / 100

    @property
    def exhausted(self) -> bool:
        return self.used >= self.amount


@dataclass(frozen=True)
class Day:
    """The messages that were created on a day, counted by their current state."""

    day: date
    delivered: int = 0
    bad: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        return self.delivered + self.bad + self.other


@dataclass(frozen=True)
class Bar:
    """A rectangle of the chart, with its top left corner; `kind` is its CSS class."""

    kind: str
    x: int
    y: float
    height: float


def spend(at: datetime) -> tuple[Spend, Spend]:
    daily, monthly = common_limits()
    return _spend(daily, at), _spend(monthly, at)


def _spend(limit: Limit, at: datetime) -> Spend:
    return Spend(used(limit, at=at), limit.amount)


def deliveries(at: datetime) -> list[Day]:
    """The last 30 days, today last, including days without messages."""
    today = at.astimezone(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    counts: dict[date, dict[str, int]] = {}
    rows = (
        Message.objects.filter(created_at__gte=since)
        .order_by()
        .annotate(day=TruncDate("created_at", tzinfo=UTC))
        .values_list("day", "state")
        .annotate(Count("pk"))
    )
    for day, state, count in rows:
        kinds = counts.setdefault(day, {})
        kinds[_kind(state)] = kinds.get(_kind(state), 0) + count
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [Day(day, **counts.get(day, {})) for day in days]


def _kind(state: str) -> str:
    if state == State.DELIVERED:
        return "delivered"
    return "bad" if state in _FAILURES else "other"


def bars(days: list[Day]) -> list[Bar]:
    scale = CHART_HEIGHT / max([1, *(day.total for day in days)])
    result = []
    for x, day in enumerate(days):
        y = float(CHART_HEIGHT)
        for kind in ("delivered", "other", "bad"):
            height = round(getattr(day, kind) * scale, 2)
            y = round(y - height, 2)
            if height:
                result.append(Bar(kind, x, y, height))
    return result
