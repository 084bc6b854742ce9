"""Calendar days, and the recurrence rules that quick add supports."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from core.values import FIRST_YEAR, LAST_YEAR

LEAP = 8  # the longest gap between two 29ths of February, in years, around 1900 and 2100
UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Rule:
    """The part of an RRULE that quick add supports."""

    unit: str
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    nth: int = 0  # of the only weekday, within the month
    days: tuple[int, ...] = ()  # of the month; -1 is the last
    month: int = 0
    is_from_completion: bool = False

    def text(self, until: date | None = None) -> str:
        days = ",".join(f"{self.nth or ''}{WEEKDAYS[each - 1]}" for each in self.weekdays)
        parts = {
            "FREQ": UNITS[self.unit],
            "INTERVAL": self.interval if self.interval > 1 else "",
            "BYMONTH": self.month or "",
            "BYMONTHDAY": ",".join(map(str, self.days)),
            "BYDAY": days,
            "UNTIL": f"{until:%Y%m%d}" if until else "",
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    def first(self, begin: date) -> date | None:
        """The first matching day, from this one on."""
        for offset in range(366 * (LEAP + 1)):
            day = begin + timedelta(days=offset)
            if self._fits(day):
                return day
        return None

    def _fits(self, day: date) -> bool:
        return (
            (not self.month or day.month == self.month)
            and (not self.days or bool({day.day, day.day - last_of(day) - 1} & {*self.days}))
            and (not self.weekdays or day.isoweekday() in self.weekdays)
            and (not self.nth or self.nth == (-1 if self.nth < 0 and _is_last(day) else _nth(day)))
        )

    def following(self, begin: date) -> date | None:
        """The first day after this one; a rule without days counts from it."""
        if self.weekdays or self.days:
            return self.first(begin + timedelta(days=1))
        return later(begin, self.interval, self.unit)


def on(year: int, month: int, day: int) -> date | None:
    """The date, or None if it does not exist; day -1 is the last of the month."""
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        return None
    length = calendar.monthrange(year, month)[1]
    day = length if day == -1 else day
    return date(year, month, day) if 1 <= day <= length else None


def last_of(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def later(day: date, amount: int, unit: str) -> date | None:
    """A date so much later; months keep the day, or use the last day of the month."""
    if unit in ("day", "week"):
        return day + timedelta(days=amount * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + amount * (12 if unit == "year" else 1)
    first = on(months // 12, months % 12 + 1, 1)
    return first and first.replace(day=min(day.day, last_of(first)))


def _nth(day: date) -> int:
    return (day.day - 1) // 7 + 1


def _is_last(day: date) -> bool:
    return day.day + 7 > last_of(day)
