"""What the phrases of quick add mean: days, times of day and rules, from the values of their slots.

A function for each `do` of words.json. It gets the values and the person's own now, and gives None
if there is no such day or time; then the phrase was not meant.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from todos.quickadd.days import LEAP, Rule, later, on

DAY, NOON, SIX, FIVE = 24 * 60, 12 * 60, 6 * 60, 5 * 60  # minutes
MOST_INTERVAL = 1000
Values = Mapping[str, Any]
Part = tuple[int, str]  # minutes, and the half of the day that it is in


@dataclass(frozen=True)
class Meaning:
    """What one phrase says; minutes count from midnight."""

    day: date | None = None
    clock: int | None = None
    is_open: bool = False  # the clock may be of either half of the day: `8:30`, not `8:30 am`
    is_spoken: bool = False  # as people say it: `at 3`, `3点`
    part: Part | None = None
    rule: Rule | None = None
    is_moment: bool = False  # counted from now: the same everywhere
    is_weekday: bool = False  # a weekday without a date

    @property
    def kind(self) -> str:
        if self.rule:
            return "recurrence"
        return "date" if self.day else "time"


def _first(values: Values, *names: str) -> Any:
    return next(values[name] for name in names if name in values)


# --- Days ----------------------------------------------------------------------------------------


def _said(day: date | None, **more: Any) -> Meaning | None:
    return Meaning(day=day, **more) if day else None


def _week_begin(today: date, weeks: int) -> date:
    return today + timedelta(days=7 * weeks - today.weekday())


def _in_week(today: date, weekday: int, weeks: int) -> date:
    """The day of this week (0) or of a later one; one of this week that has passed is 7 later."""
    day = _week_begin(today, weeks) + timedelta(days=weekday - 1)
    return day + timedelta(days=7) if day < today else day


def _day(values: Values, now: datetime) -> Meaning | None:
    return _said(later(now.date(), values["day"], "day"))


def _day_part(values: Values, now: datetime) -> Meaning | None:
    days, at, half = values["day_part"]
    return _said(later(now.date(), days, "day"), part=(minutes(at), half))


def _after(values: Values, now: datetime) -> Meaning | None:
    amount, unit = values.get("unit") or values["span"]
    return _said(later(now.date(), amount * values.get("n", 1), unit))


def _workdays_after(values: Values, now: datetime) -> Meaning | None:
    day = now.date()
    weeks, left = divmod(values.get("n", 1), 5)
    day += timedelta(weeks=weeks)
    while left or day.isoweekday() > 5:
        day += timedelta(days=1)
        left -= left > 0 and day.isoweekday() <= 5
    return _said(day)


def _minutes_after(values: Values, now: datetime) -> Meaning | None:
    amount = values.get("short_span", values.get("n", 0) * values.get("short_unit", 0))
    amount += values.get("n2", 0) * values.get("minute_unit", 0)
    moment = datetime.fromtimestamp((now.timestamp() // 60 + amount) * 60, now.tzinfo)
    return _said(moment.date(), clock=moment.hour * 60 + moment.minute, is_moment=True)


def _weekday(values: Values, now: datetime) -> Meaning | None:
    today = now.date()
    weekday = _first(values, "weekday", "weekday_word", "weekday_digit")
    for name in ("week", "next", "this"):
        if name in values:
            return _said(_in_week(today, weekday, values[name]), is_weekday=True)
    return _said(_in_week(today + timedelta(days=1), weekday, 0), is_weekday=True)


def _week(values: Values, now: datetime) -> Meaning | None:
    return _said(_week_begin(now.date(), values["next_week"]))


def _weekend(values: Values, now: datetime) -> Meaning | None:
    """Saturday; on a Sunday this weekend is today."""
    today = now.date()
    weeks = values.get("week", values.get("next", 0))
    saturday = _week_begin(today, weeks) + timedelta(days=5)
    return _said(max(saturday, today))


def _week_end(values: Values, now: datetime) -> Meaning | None:
    """Friday."""
    return _said(_in_week(now.date(), 5, values.get("week", 0)))


def _date(values: Values, now: datetime) -> Meaning | None:
    """Without a year the next day of this date, today included."""
    today = now.date()
    month = values.get("month", values.get("m"))
    day = values.get("d", values.get("nth"))
    if "y" in values:
        return _said(on(values["y"], month, day))
    for name in ("year_from_now", "next_year"):
        if name in values:
            return _said(on(today.year + values[name], month, day))
    days = (on(today.year + years, month, day) for years in range(LEAP + 1))
    return _said(next((each for each in days if each and each >= today), None))


def _month_day(values: Values, now: datetime) -> Meaning | None:
    """The next day of this number, today included."""
    day = values.get("d", values.get("nth"))
    if not (day == -1 or 1 <= day <= 31):
        return None
    return _said(Rule("month", days=(day,)).first(now.date()))


def _month(values: Values, now: datetime) -> Meaning | None:
    months = values.get("next_month", values.get("month_from_now", 0))
    first = later(now.date().replace(day=1), months, "month")
    return _said(first and on(first.year, first.month, values.get("d", values.get("nth", 1))))


def _nth_weekday(values: Values, now: datetime) -> Meaning | None:
    """`the first monday of december`: the next one, today included."""
    rule = _monthly_weekday(values, now)
    if rule is None or rule.rule is None:
        return None
    first = now.date()
    if "month_from_now" in values:
        first = first.replace(day=1)
        first = later(first, values["month_from_now"], "month") or first
    month = values.get("month", values.get("m", 0))
    return _said(replace(rule.rule, month=month).first(first), is_weekday=False)


# --- Times of day --------------------------------------------------------------------------------


def minutes(at: str) -> int:
    hour, minute = at.split(":")
    return int(hour) * 60 + int(minute)


def _clock(values: Values, _now: datetime) -> Meaning | None:
    hour, minute = values.get("h", values.get("hour_word")), values.get("mm", 0)
    if "ampm" not in values:
        return _at(hour, minute, _part_of(values), is_open=1 <= hour <= 12)
    return _at(hour % 12 + values["ampm"], minute) if 1 <= hour <= 12 else None


def _spoken(values: Values, _now: datetime) -> Meaning | None:
    hour = _first(values, "h", "hour_word", "zh_h")
    minute = next((values[name] for name in ("mm", "zh_mm", "two_mm") if name in values), 0)
    is_open = 1 <= hour <= 12
    return _at(hour, minute, _part_of(values), is_open=is_open, spoken=is_open)


def _at(
    hour: int, minute: int, part: Part | None = None, *, is_open: bool = False, spoken: bool = False
) -> Meaning | None:
    clock = hour * 60 + minute
    if abs(minute) >= 60 or not 0 <= clock <= DAY:
        return None
    return Meaning(clock=clock, part=part, is_open=is_open, is_spoken=spoken)


def time_of(clock: int, part: Part | None, *, is_spoken: bool) -> int:
    """The minutes that an open clock means; from 24:00 on, those of the next day."""
    if part is None:
        return clock + NOON if is_spoken and clock < SIX else clock
    begin, half = part
    if half == "am":
        return clock % NOON
    if half == "noon":
        return clock + NOON if clock < SIX else clock
    if half == "night" and clock < SIX:
        return clock
    is_late = half == "night" or begin > SIX + NOON
    if is_late and clock < FIVE:
        return clock + DAY
    return clock + NOON if is_late or clock < NOON else clock


def _fixed(values: Values, _now: datetime) -> Meaning | None:
    return Meaning(clock=minutes(values["fixed"]))


def _part(values: Values, _now: datetime) -> Meaning | None:
    return Meaning(part=_part_of(values))


def _part_of(values: Values) -> Part | None:
    for name in ("part", "zh_part", "zh_short_part"):
        if name in values:
            at, half = values[name]
            return minutes(at), half
    return None


# --- Rules ---------------------------------------------------------------------------------------


def _rule(values: Values, unit: str, interval: int = 1, **more: Any) -> Meaning | None:
    if not 1 <= interval <= MOST_INTERVAL:
        return None
    is_late = values.get("every") == "completion"
    rule = Rule(unit, interval, is_from_completion=is_late, **more)
    return Meaning(rule=rule, part=_part_of(values))


def _every(values: Values, _now: datetime) -> Meaning | None:
    amount, unit = _first(values, "unit", "adverb", "zh_adverb")
    return _rule(values, unit, amount * values.get("n", values.get("nth", 1)))


def _every_other(values: Values, _now: datetime) -> Meaning | None:
    """`每隔两天`: two days lie between."""
    amount, unit = values["unit"]
    return _rule(values, unit, amount * (values["n"] + 1))


def _every_part(values: Values, _now: datetime) -> Meaning | None:
    return _rule(values, "day")


def _every_weekday(values: Values, _now: datetime) -> Meaning | None:
    days = _first(values, "weekdays", "plurals")
    amount, unit = values.get("unit", (1, "week"))
    if unit != "week":
        return None
    return _rule(values, "week", amount * values.get("n", 1), weekdays=tuple(sorted(set(days))))


def _workdays(values: Values, _now: datetime) -> Meaning | None:
    return _rule(values, "week", weekdays=(1, 2, 3, 4, 5))


def _weekends(values: Values, _now: datetime) -> Meaning | None:
    return _rule(values, "week", weekdays=(6, 7))


def _monthly_day(values: Values, _now: datetime) -> Meaning | None:
    named = values.get("nths", values.get("days"))
    days = sorted(set(named or [values.get("d", values.get("nth"))]))
    amount, unit = values.get("unit", (1, "month"))
    if unit != "month" or not all(day == -1 or 1 <= day <= 31 for day in days):
        return None
    return _rule(values, "month", amount * values.get("n", 1), days=tuple(days))


def _monthly_weekday(values: Values, _now: datetime) -> Meaning | None:
    nth = _first(values, "nth", "n", "last")
    if nth not in (-1, 1, 2, 3, 4, 5):
        return None
    return _rule(values, "month", weekdays=(values["weekday"],), nth=nth)


def _yearly(values: Values, _now: datetime) -> Meaning | None:
    month = values.get("month", values.get("m"))
    day = values.get("d", values.get("nth"))
    if on(2000, month, day) is None:  # a leap year
        return None
    return _rule(values, "year", values.get("other", 1), month=month, days=(day,))


MEANINGS: dict[str, Callable[[Values, datetime], Meaning | None]] = {
    "after": _after,
    "clock": _clock,
    "date": _date,
    "day": _day,
    "day_part": _day_part,
    "every": _every,
    "every_other": _every_other,
    "every_part": _every_part,
    "every_weekday": _every_weekday,
    "fixed": _fixed,
    "minutes_after": _minutes_after,
    "month": _month,
    "month_day": _month_day,
    "monthly_day": _monthly_day,
    "monthly_weekday": _monthly_weekday,
    "nth_weekday": _nth_weekday,
    "part": _part,
    "spoken": _spoken,
    "week": _week,
    "week_end": _week_end,
    "weekday": _weekday,
    "weekend": _weekend,
    "weekends": _weekends,
    "workdays": _workdays,
    "workdays_after": _workdays_after,
    "yearly": _yearly,
}
