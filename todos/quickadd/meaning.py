"""The meaning of a phrase of quick add, and the values of its slots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from todos.quickadd.days import Rule

Values = Mapping[str, Any]
Part = tuple[int, str]  # minutes, and the half of the day


@dataclass(frozen=True)
class Meaning:
    """The meaning of one phrase; minutes count from midnight."""

    day: date | None = None
    clock: int | None = None
    is_open: bool = False  # the time may be in either half of the day: `8:30`, not `8:30 am`
    is_spoken: bool = False  # colloquial: `at 3`, `3点`
    part: Part | None = None
    rule: Rule | None = None
    is_moment: bool = False  # a duration from now: the same moment everywhere
    is_weekday: bool = False  # a weekday without a date

    @property
    def kind(self) -> str:
        if self.rule:
            return "recurrence"
        return "date" if self.day else "time"


def first(values: Values, *names: str) -> Any:
    return next(values[name] for name in names if name in values)


def part_of(values: Values) -> Part | None:
    for name in ("part", "zh_part", "zh_short_part"):
        if name in values:
            at, half = values[name]
            return minutes(at), half
    return None


def minutes(at: str) -> int:
    hour, minute = at.split(":")
    return int(hour) * 60 + int(minute)
