"""Estimates the cost of messages from SMS_PRICES; only the provider's bill is exact."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.conf import settings
from django.db.models import Sum

from core.limits import Calendar, Limit
from sms.models import Message
from sms.states import NOT_ATTEMPTED

OTHERS: Final = "*"
_CENT: Final = Decimal("0.01")
_AHEAD: Final = timedelta(days=36)  # no message is scheduled further ahead


@dataclass(frozen=True)
class Price:
    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount.quantize(_CENT, ROUND_HALF_UP)} {self.currency}"


@dataclass(frozen=True)
class Forecast:
    """The cost in the calendar month so far, and its extrapolation to the whole month."""

    spent: list[Price]
    expected: list[Price]
    unknown: int  # segments to countries without a price


def price_of(region: str, segments: int) -> Price | None:
    """The price; None if SMS_PRICES does not cover the country."""
    known = settings.SMS_PRICES.get(region) or settings.SMS_PRICES.get(OTHERS)
    return Price(known[0] * segments, known[1]) if known else None


def forecast(at: datetime) -> Forecast:
    """Days are in UTC; the first day of a month counts as a whole one."""
    month = Limit(scope="", amount=0, window=Calendar.MONTH)
    start, end = month.window_start(at), month.window_end(at)
    attempted = Message.objects.filter(created_at__gt=start - _AHEAD, claimed_at__gte=start)
    rows = attempted.exclude(state__in=NOT_ATTEMPTED).order_by().values_list("region")
    found = [
        (price_of(region, segments), segments)
        for region, segments in rows.annotate(Sum("segments"))
    ]
    spent = _added(price for price, _segments in found if price)
    passed = max(at.astimezone(UTC) - start, timedelta(days=1))
    share = Decimal((end - start).total_seconds()) / Decimal(passed.total_seconds())
    return Forecast(
        spent=spent,
        expected=[Price(each.amount * share, each.currency) for each in spent],
        unknown=sum(segments for price, segments in found if price is None),
    )


def _added(prices: Iterable[Price]) -> list[Price]:
    """The sums, one per currency."""
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for each in prices:
        amounts[each.currency] += each.amount
    return [Price(amount, currency) for currency, amount in sorted(amounts.items())]
