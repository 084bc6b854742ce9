"""Computes the days, times and rules of quick add's phrases from the values of their slots.

Each `do` in words.json has a function. It gets the values and the current time in the person's time
zone, and returns None if the day or time does not exist; then the phrase is plain text.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from todos.quickadd import rules
from todos.quickadd.days import LEAP, Rule, later, on
from todos.quickadd.meaning import Meaning, Part, Values, first, minutes, part_of

DAY, NOON, SIX, FIVE = 24 * 60, 12 * 60, 6 * 60, 5 * 60  # minutes


# --- Days ----------------------------------------------------------------------------------------


def _on_day(day: date | None, **more: Any) -> Meaning | None:
    return Meaning(day=day, **more) if day else None


def _week_begin(today: date, weeks: int) -> date:
    return today + timedelta(days=7 * weeks - today.weekday())


def _in_week(today: date, weekday: int, weeks: int) -> date:
    """The weekday in this week (0) or a later week; a past day of this week moves 7 days."""
    day = _week_begin(today, weeks) + timedelta(days=weekday - 1)
    return day + timedelta(days=7) if day < today else day


def _day(values: Values, now: datetime) -> Meaning | None:
    return _on_day(later(now.date(), values["day"], "day"))


def _day_part(values: Values, now: datetime) -> Meaning | None:
    days, at, half = values["day_part"]
    return _on_day(later(now.date(), days, "day"), part=(minutes(at), half))


def _after(values: Values, now: datetime) -> Meaning | None:
    """`in a week`, `a week from friday`."""
    amount, unit = values.get("unit") or values["span"]
    said = _weekday(values, now) if "weekday" in values else _day({"day": 0, **values}, now)
    begin = said.day if said and said.day else now.date()
    return _on_day(later(begin, amount * values.get("n", 1), unit))


def _workdays_after(values: Values, now: datetime) -> Meaning | None:
    day = now.date()
    weeks, left = divmod(values.get("n", 1), 5)
    day += timedelta(weeks=weeks)
    while left or day.isoweekday() > 5:
        day += timedelta(days=1)
        left -= left > 0 and day.isoweekday() <= 5
    return _on_day(day)


def _minutes_after(values: Values, now: datetime) -> Meaning | None:
    amount = values.get("short_span", values.get("n", 0) * values.get("short_unit", 0))
    amount += values.get("n2", 0) * values.get("minute_unit", 0)
    moment = datetime.fromtimestamp((now.timestamp() // 60 + amount) * 60, now.tzinfo)
    return _on_day(moment.date(), clock=moment.hour * 60 + moment.minute, is_moment=True)


def _weekday(values: Values, now: datetime) -> Meaning | None:
    today = now.date()
    weekday = first(values, "weekday", "weekday_word", "weekday_digit")
    for name in ("week", "next", "this"):
        if name in values:
            return _on_day(_in_week(today, weekday, values[name]), is_weekday=True)
    return _on_day(_in_week(today + timedelta(days=1), weekday, 0), is_weekday=True)


def _week(values: Values, now: datetime) -> Meaning | None:
    return _on_day(_week_begin(now.date(), values["next_week"]))


def _weekend(values: Values, now: datetime) -> Meaning | None:
    """Saturday; on a Sunday this weekend is today."""
    today = now.date()
    weeks = values.get("week", values.get("next", 0))
    saturday = _week_begin(today, weeks) + timedelta(days=5)
    return _on_day(max(saturday, today))


def _week_end(values: Values, now: datetime) -> Meaning | None:
    """Friday."""
    return _on_day(_in_week(now.date(), 5, values.get("week", 0)))


def _date(values: Values, now: datetime) -> Meaning | None:
    """A date; without a year the next one, today included."""
    today = now.date()
    month = values.get("month", values.get("m"))
    day = first(values, "d", "nth", "day_digits")
    if "y" in values:
        return _on_day(on(values["y"], month, day))
    for name in ("year_from_now", "next_year"):
        if name in values:
            return _on_day(on(today.year + values[name], month, day))
    days = (on(today.year + years, month, day) for years in range(LEAP + 1))
    return _on_day(next((each for each in days if each and each >= today), None))


def _slashed_date(values: Values, now: datetime) -> Meaning | None:
    """`25/12/2026` and `12/25/2026`; None for the ambiguous `1/12/2026`."""
    one, other = values["d"], values["m"]
    if one != other and max(one, other) <= 12:
        return None
    return _date({**values, "d": max(one, other), "m": min(one, other)}, now)


def _month_day(values: Values, now: datetime) -> Meaning | None:
    """The next such day of a month, today included."""
    day = values.get("d", values.get("nth"))
    if not (day == -1 or 1 <= day <= 31):
        return None
    return _on_day(Rule("month", days=(day,)).first(now.date()))


def _month(values: Values, now: datetime) -> Meaning | None:
    months = values.get("next_month", values.get("month_from_now", 0))
    begin = later(now.date().replace(day=1), months, "month")
    return _on_day(begin and on(begin.year, begin.month, values.get("d", values.get("nth", 1))))


def _nth_weekday(values: Values, now: datetime) -> Meaning | None:
    """`the first monday of december`: the next one, today included."""
    rule = rules.monthly_weekday(values, now)
    if rule is None or rule.rule is None:
        return None
    begin = now.date()
    if "month_from_now" in values:
        begin = begin.replace(day=1)
        begin = later(begin, values["month_from_now"], "month") or begin
    month = values.get("month", values.get("m", 0))
    return _on_day(replace(rule.rule, month=month).first(begin))


# --- Times of day --------------------------------------------------------------------------------


def _clock(values: Values, _now: datetime) -> Meaning | None:
    hour, minute = values.get("h", values.get("hour_word")), values.get("mm", 0)
    if "ampm" not in values:
        return _at(hour, minute, part_of(values), is_open=1 <= hour <= 12)
    return _at(hour % 12 + values["ampm"], minute) if 1 <= hour <= 12 else None


def _spoken(values: Values, _now: datetime) -> Meaning | None:
    hour = first(values, "h", "hour_word", "zh_h")
    minute = next(
        (values[name] for name in ("mm", "zh_mm", "two_mm", "minutes_to", "n") if name in values), 0
    )
    is_open = 1 <= hour <= 12
    return _at(hour, minute, part_of(values), is_open=is_open, spoken=is_open)


def _at(
    hour: int, minute: int, part: Part | None = None, *, is_open: bool = False, spoken: bool = False
) -> Meaning | None:
    clock = hour * 60 + minute
    if abs(minute) >= 60 or not 0 <= clock <= DAY:
        return None
    return Meaning(clock=clock, part=part, is_open=is_open, is_spoken=spoken)


def time_of(clock: int, part: Part | None, *, is_spoken: bool) -> int:
    """The minutes of an ambiguous time; values from 24:00 are on the next day."""
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
    return Meaning(part=part_of(values))


MEANINGS: dict[str, Callable[[Values, datetime], Meaning | None]] = {
    "after": _after,
    "clock": _clock,
    "date": _date,
    "day": _day,
    "day_part": _day_part,
    "every": rules.every,
    "every_other": rules.every_other,
    "every_part": rules.every_part,
    "every_weekday": rules.every_weekday,
    "fixed": _fixed,
    "minutes_after": _minutes_after,
    "month": _month,
    "month_day": _month_day,
    "monthly_day": rules.monthly_day,
    "monthly_weekday": rules.monthly_weekday,
    "nth_weekday": _nth_weekday,
    "part": _part,
    "slashed_date": _slashed_date,
    "spoken": _spoken,
    "week": _week,
    "week_end": _week_end,
    "weekday": _weekday,
    "weekend": _weekend,
    "weekends": rules.weekends,
    "workdays": rules.workdays,
    "workdays_after": _workdays_after,
    "yearly": rules.yearly,
}
