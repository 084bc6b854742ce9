"""The range of dates: far enough from the ends of the calendar that every zone can show them."""

from datetime import UTC, date, datetime
from typing import Final, TypeVar

from django.core.exceptions import ValidationError

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
OUT_OF_RANGE: Final = f"Choose a date from {FIRST_YEAR} to {LAST_YEAR}."
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
FIRST_MOMENT = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(LAST_YEAR, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

Day = TypeVar("Day", date, datetime)


def clamped(value: Day) -> Day:
    """The day or the moment (with its offset), or the nearer end of the range."""
    if isinstance(value, datetime):
        return min(max(value, FIRST_MOMENT), LAST_MOMENT)
    return min(max(value, FIRST_DAY), LAST_DAY)


def in_range(value: date) -> bool:
    return clamped(value) == value


def check_range(value: date) -> None:
    if not in_range(value):
        raise ValidationError(OUT_OF_RANGE, code="out_of_range")
