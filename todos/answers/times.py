"""Reads the time that a message postpones a to-do to, and writes times in answers."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.values import in_range
from todos.answers.reading import fold, load
from todos.models import Due
from todos.quickadd import read

HALF: Final = 30  # minutes in half an hour
LATER: Final = timedelta(hours=1)  # the default


@dataclass(frozen=True)
class Later:
    """Either a duration, or a day with an optional time."""

    by: timedelta | None = None
    days: int = 0
    on: date | None = None
    at: time | None = None

    def due(self, before: Due | None, now: datetime, zone: ZoneInfo) -> Due | None:
        """The new due; a day keeps the former time. None if the day does not exist.

        As in quick add, a time follows the person's time zone, and a duration gives a fixed moment.
        """
        try:
            due = self._due(before, now, zone)
        except OverflowError:
            return None
        return due if in_range(due.on) else None

    def _due(self, before: Due | None, now: datetime, zone: ZoneInfo) -> Due:
        if self.by is not None:
            return Due.at_moment(now + self.by, zone)
        today = now.astimezone(zone).date()
        on = self.on or max(today, before.on if before else today) + timedelta(days=self.days)
        if self.at is not None or before is None:
            return Due(on, self.at)
        return Due(on, before.at, before.time_zone)


def later(text: str, now: datetime, zone: ZoneInfo) -> tuple[str, Later | None]:
    """Split a text into the name of a to-do and the time at its end."""
    if amount := load().duration.fullmatch(fold(text).strip()):
        return text.strip()[: amount.end(1)].strip(), _length(amount[2], amount[3])
    reading = read(text, now, zone)
    if reading.due is None:
        return text, None
    at = reading.due["at"]
    on = date.fromisoformat(str(reading.due["on"]))
    return reading.title, Later(on=on, at=time.fromisoformat(at) if at else None)


def _length(amount: str, unit: str) -> Later:
    unit = load().units[unit]
    if amount in load().halves:
        return Later(by=timedelta(minutes=HALF)) if unit == "hours" else Later(days=1)
    number = load().value(amount)
    if unit in ("days", "weeks"):
        return Later(days=number * (7 if unit == "weeks" else 1))
    return Later(by=timedelta(**{unit: number}))


def shown(due: Any, now: datetime, zone: ZoneInfo, language: str) -> str:
    """A due in the words of an answer, in the person's time zone."""
    words = load().dates[language]
    there = due.due_at.astimezone(zone) if due.due_at else None
    on, at = (there.date(), there.time()) if there else (due.on, due.at)
    named = {
        now.astimezone(zone).date(): words["today"],
        now.astimezone(zone).date() + timedelta(days=1): words["tomorrow"],
    }
    day = named.get(on) or words["day"].format(
        month=on.month, day=on.day, name=f"{on:%a}", month_name=f"{on:%b}"
    )
    return day if at is None else f"{day} {at:%H:%M}"
