"""The phrases of quick add for recurrence rules; see todos.quickadd.meanings."""

from datetime import datetime
from typing import Any

from todos.quickadd.days import Rule, on
from todos.quickadd.meaning import Meaning, Values, first, part_of

MOST_INTERVAL = 1000


def _rule(values: Values, unit: str, interval: int = 1, **more: Any) -> Meaning | None:
    if not 1 <= interval <= MOST_INTERVAL:
        return None
    is_late = values.get("every") == "completion"
    rule = Rule(unit, interval, is_from_completion=is_late, **more)
    return Meaning(rule=rule, part=part_of(values))


def every(values: Values, _now: datetime) -> Meaning | None:
    amount, unit = first(values, "unit", "adverb", "zh_adverb")
    return _rule(values, unit, amount * values.get("n", values.get("nth", 1)))


def every_other(values: Values, _now: datetime) -> Meaning | None:
    """`每隔两天`: with two days in between."""
    amount, unit = values["unit"]
    return _rule(values, unit, amount * (values["n"] + 1))


def every_part(values: Values, _now: datetime) -> Meaning | None:
    return _rule(values, "day")


def every_weekday(values: Values, _now: datetime) -> Meaning | None:
    days = first(values, "weekdays", "plurals")
    amount, unit = values.get("unit", (1, "week"))
    if unit != "week":
        return None
    return _rule(values, "week", amount * values.get("n", 1), weekdays=tuple(sorted(set(days))))


def workdays(values: Values, _now: datetime) -> Meaning | None:
    return _rule(values, "week", weekdays=(1, 2, 3, 4, 5))


def weekends(values: Values, _now: datetime) -> Meaning | None:
    return _rule(values, "week", weekdays=(6, 7))


def monthly_day(values: Values, _now: datetime) -> Meaning | None:
    named = values.get("nths", values.get("days"))
    days = sorted(set(named or [values.get("d", values.get("nth"))]))
    amount, unit = values.get("unit", (1, "month"))
    if unit != "month" or not all(day == -1 or 1 <= day <= 31 for day in days):
        return None
    return _rule(values, "month", amount * values.get("n", 1), days=tuple(days))


def monthly_weekday(values: Values, _now: datetime) -> Meaning | None:
    nth = first(values, "nth", "n", "last")
    if nth not in (-1, 1, 2, 3, 4, 5):
        return None
    return _rule(values, "month", weekdays=(values["weekday"],), nth=nth)


def yearly(values: Values, _now: datetime) -> Meaning | None:
    month = values.get("month", values.get("m"))
    day = values.get("d", values.get("nth"))
    if on(2000, month, day) is None:  # a leap year
        return None
    return _rule(values, "year", values.get("other", 1), month=month, days=(day,))
