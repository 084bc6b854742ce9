"""Recurrence rules of RFC 5545 for days.

A to-do is due on a day, at a constant time, so a rule gives days, and clock changes do not matter.
The results equal those of python-dateutil, as tests check. The code does not use that library,
because its searches are unbounded: `FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30` runs up to the year 9999,
because UNTIL stops it only at a match.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from core.values import LAST_YEAR

MOST_DAYS: Final = 15_000  # per search: 41 years, longer than any gap between leap days
FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST_DAY: Final = date(LAST_YEAR, 12, 31)

Weekday = tuple[int, int]  # (n, weekday): n is 0 for every week, weekday 0 is Monday


@dataclass(frozen=True)
class Rule:
    """The parts of an RRULE; lists are sorted."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: str = ""
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        """The normalized text."""
        parts = {
            "FREQ": self.freq,
            "INTERVAL": self.interval if self.interval > 1 else "",
            "BYMONTH": _joined(self.months),
            "BYMONTHDAY": _joined(self.month_days),
            "BYDAY": ",".join(f"{n or ''}{WEEKDAYS[day]}" for n, day in self.weekdays),
            "BYSETPOS": _joined(self.positions),
            "WKST": WEEKDAYS[self.week_start] if self.week_start else "",
            "COUNT": self.count or "",
            "UNTIL": self.until,
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value)

    def days(self, start: date) -> Iterator[date]:
        """The days from the start on, ignoring COUNT and UNTIL; ends after a too long search."""
        rule = self._anchored(start)
        looked_at = 0
        for period in rule._periods(start):  # noqa: SLF001 - of its own
            looked_at += len(period)
            if looked_at > MOST_DAYS:
                return
            yield from (day for day in rule._chosen(period) if day >= start)  # noqa: SLF001

    def after(self, start: date, day: date) -> date | None:
        """The first day of the rule after `day`; the rule starts at `start`."""
        return next((each for each in self.days(start) if each > day), None)

    def ends_before(self, day: date, at: time | None, zone: ZoneInfo) -> bool:
        """Whether UNTIL is before this time of that day."""
        if not self.until:
            return False
        if "T" not in self.until:
            return f"{day:%Y%m%d}" > self.until
        until = datetime.strptime(self.until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return datetime.combine(day, at or time.min, zone) > until

    def occurrences(
        self, start: date, at: time | None, zone: ZoneInfo, limit: int
    ) -> Iterator[date]:
        """At most `limit` days, with respect to COUNT and UNTIL."""
        for day in islice(self.days(start), min(limit, self.count or limit)):
            if self.ends_before(day, at, zone):
                return
            yield day

    def counted_down(self) -> "Rule | None":
        """The rule after one occurrence; None after the last."""
        if self.count is None:
            return self
        return replace(self, count=self.count - 1) if self.count > 1 else None

    # --- Days ------------------------------------------------------------------------------------

    def _anchored(self, start: date) -> "Rule":
        """Take missing parts of the rule from its start (RFC 5545, 3.3.10)."""
        if self.month_days or self.weekdays or self.freq == "DAILY":
            return self
        if self.freq == "WEEKLY":
            return replace(self, weekdays=((0, start.weekday()),))
        months = self.months or ((start.month,) if self.freq == "YEARLY" else ())
        return replace(self, months=months, month_days=(start.day,))

    def _periods(self, start: date) -> Iterator[list[date]]:
        """The days of each period that INTERVAL selects."""
        if self.freq in ("DAILY", "WEEKLY"):
            yield from self._short_periods(start)
            return
        step = self.interval * (12 if self.freq == "YEARLY" else 1)
        length = 12 if self.freq == "YEARLY" else 1
        begin = start.year * 12 + (0 if self.freq == "YEARLY" else start.month - 1)
        for months in range(begin, LAST_YEAR * 12 + 1, step):
            yield [day for each in range(months, months + length) for day in _month(each)]

    def _short_periods(self, start: date) -> Iterator[list[date]]:
        is_weekly = self.freq == "WEEKLY"
        length = 7 if is_weekly else 1
        begin = start.toordinal() - is_weekly * ((start.weekday() - self.week_start) % 7)
        for first in range(begin, LAST_DAY.toordinal() - length + 2, length * self.interval):
            yield [date.fromordinal(each) for each in range(first, first + length)]

    def _chosen(self, period: list[date]) -> list[date]:
        days = [day for day in period if self._fits(day)]
        if not self.positions:
            return days
        places = {place - 1 if place > 0 else len(days) + place for place in self.positions}
        return [day for place, day in enumerate(days) if place in places]

    def _fits(self, day: date) -> bool:
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or self._is_month_day(day))
            and (not self.weekdays or self._is_weekday(day))
        )

    def _is_month_day(self, day: date) -> bool:
        if day.day in self.month_days:
            return True
        return self.month_days[0] < 0 and day.day - _length(day) - 1 in self.month_days

    def _is_weekday(self, day: date) -> bool:
        weekday = day.weekday()
        nths = [nth for nth, each in self.weekdays if each == weekday]
        return bool(nths) and (0 in nths or self._is_nth(day, nths))

    def _is_nth(self, day: date, nths: list[int]) -> bool:
        """Whether its weekday has one of these numbers in the month or year."""
        place, length = day.day, _length(day)
        if self.freq == "YEARLY" and not self.months:
            place, length = day.timetuple().tm_yday, 365 + calendar.isleap(day.year)
        return (place - 1) // 7 + 1 in nths or -((length - place) // 7 + 1) in nths


def _joined(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _month(months: int) -> list[date]:
    """The days of a month; months count from the year 0."""
    first = date(months // 12, months % 12 + 1, 1)
    return [first + timedelta(days=each) for each in range(_length(first))]
