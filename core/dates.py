"""Dates and moments as the API reads and writes them, from 1900 to 9998.

The range is far enough from the limits of `datetime` that every time zone can show it.
"""

import re
from datetime import UTC, date, datetime
from typing import Final, TypeVar

from django.core.exceptions import ValidationError

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9998
OUT_OF_RANGE: Final = f"Choose a date from {FIRST_YEAR} to {LAST_YEAR}."
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
FIRST_MOMENT = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(LAST_YEAR, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

# RFC 3339, whose "T" and "Z" may be in lower case; seconds and the offset are optional. Python and
# Django accept many more forms of ISO 8601, which parsers of other languages refuse.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = r"(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_MOMENT = re.compile(rf"{_DAY.pattern}[Tt]{_TIME}(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?")

Day = TypeVar("Day", date, datetime)


def read_day(text: str) -> date | None:
    """`2026-12-01`; None for any other form and for a date that does not exist."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """`2026-12-01T08:00:00.123Z`, to the millisecond; without tzinfo if it has no offset."""
    try:
        moment = datetime.fromisoformat(text.upper()) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def written(moment: datetime) -> str:
    """In UTC, always with milliseconds, so that JavaScript and Swift need only one format."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clamped(value: Day) -> Day:
    """The date or the aware moment, or the nearer end of the range."""
    if isinstance(value, datetime):
        return min(max(value, FIRST_MOMENT), LAST_MOMENT)
    return min(max(value, FIRST_DAY), LAST_DAY)


def in_range(value: date) -> bool:
    return clamped(value) == value


def check_range(value: date) -> None:
    if not in_range(value):
        raise ValidationError(OUT_OF_RANGE, code="out_of_range")
