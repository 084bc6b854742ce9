"""Reads the text of a rule strictly, with an error text for every mistake."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.values import in_range
from todos.recurrence.rules import FREQUENCIES, WEEKDAYS, Rule, Weekday

LENGTH: Final = 300  # in characters
MOST_INTERVAL: Final = 1000
MOST_COUNT: Final = 9999
MOST_VALUES: Final = 62  # in one list

_WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z)?")
_MOST_NTH: Final = {"MONTHLY": 5, "YEARLY": 53}


def read(text: str) -> Rule:
    """`FREQ=WEEKLY;BYDAY=MO`, with or without `RRULE:`, in any case. Raises ValidationError."""
    parts = _parts(text.strip().upper().removeprefix("RRULE:").rstrip(";"))
    if parts.get("FREQ") not in FREQUENCIES:
        raise _refused(_("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY."))
    values = {NAMES[name]: READERS[name](name, value) for name, value in parts.items()}
    rule = Rule(**values)
    _check(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _sign, value = part.partition("=")
        if name not in READERS or name in found or not value:
            message = _(
                "Write a rule such as FREQ=WEEKLY;BYDAY=MO, with these parts once each: %s."
            )
            raise _refused(message % ", ".join(READERS))
        found[name] = value
    return found


def _refused(message: Any) -> ValidationError:
    return ValidationError(message, code="invalid_recurrence")


def _number(name: str, text: str, most: int, *, signed: bool = False) -> int:
    number = int(text) if _NUMBER.fullmatch(text) else 0
    if not (1 <= number <= most or (signed and -most <= number <= -1)):
        raise _refused(_("%(name)s is a number from 1 to %(most)s.") % {"name": name, "most": most})
    return number


def _whole(most: int) -> Callable[[str, str], int]:
    return lambda name, text: _number(name, text, most)


def _numbers(most: int, *, signed: bool = False) -> Callable[[str, str], tuple[int, ...]]:
    def read_list(name: str, text: str) -> tuple[int, ...]:
        each = {_number(name, value, most, signed=signed) for value in _list(name, text)}
        return tuple(sorted(each))

    return read_list


def _list(name: str, text: str) -> list[str]:
    values = text.split(",")
    if len(values) > MOST_VALUES:
        raise _refused(_("%(name)s has too many values.") % {"name": name})
    return values


def _weekdays(name: str, text: str) -> tuple[Weekday, ...]:
    found = set()
    for value in _list(name, text):
        match = _WEEKDAY.fullmatch(value)
        if match is None or (match[1] and int(match[1]) == 0):
            raise _refused(_("BYDAY is a list such as MO,WE or 2FR,-1FR."))
        found.add((WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple((nth, day) for day, nth in sorted(found))


def _until(_name: str, text: str) -> str:
    try:
        form = "%Y%m%dT%H%M%SZ" if "T" in text else "%Y%m%d"
        is_day = _UNTIL.fullmatch(text) and in_range(datetime.strptime(text, form).date())  # noqa: DTZ007
    except ValueError:
        is_day = False
    if not is_day:
        raise _refused(_("UNTIL is a day such as 20261231 or a moment such as 20261231T090000Z."))
    return text


def _week_start(_name: str, text: str) -> int:
    if text not in WEEKDAYS:
        raise _refused(_("WKST is a day such as MO."))
    return WEEKDAYS.index(text)


def _check(rule: Rule) -> None:
    """Refuse combinations of parts that RFC 5545, 3.3.10 forbids."""
    most = _MOST_NTH.get(rule.freq, 0)
    if rule.months and rule.freq == "YEARLY":
        most = _MOST_NTH["MONTHLY"]
    if any(abs(nth) > most for nth, _day in rule.weekdays):
        raise _refused(_("There is no such weekday: BYDAY counts within the month or the year."))
    if rule.freq == "WEEKLY" and rule.month_days:
        raise _refused(_("A rule by the week has no BYMONTHDAY."))
    if rule.freq == "MONTHLY" and any(abs(each) > 31 for each in rule.positions):
        raise _refused(_("A month has no more than 31 days for BYSETPOS."))
    if rule.positions and rule.freq not in _MOST_NTH:
        raise _refused(_("Only a rule by the month or the year has BYSETPOS."))
    if rule.count and rule.until:
        raise _refused(_("Give COUNT or UNTIL, not both."))


READERS: Final[dict[str, Callable[[str, str], Any]]] = {
    "FREQ": lambda _name, text: text,
    "INTERVAL": _whole(MOST_INTERVAL),
    "COUNT": _whole(MOST_COUNT),
    "UNTIL": _until,
    "BYMONTH": _numbers(12),
    "BYMONTHDAY": _numbers(31, signed=True),
    "BYDAY": _weekdays,
    "BYSETPOS": _numbers(366, signed=True),
    "WKST": _week_start,
}
NAMES: Final = {
    "FREQ": "freq",
    "INTERVAL": "interval",
    "COUNT": "count",
    "UNTIL": "until",
    "BYMONTH": "months",
    "BYMONTHDAY": "month_days",
    "BYDAY": "weekdays",
    "BYSETPOS": "positions",
    "WKST": "week_start",
}
