"""Describes a rule in the active language: `every second Friday`."""

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from django.utils.dateformat import format as in_form
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from core.values import read_day
from todos.recurrence.rules import Rule, Weekday

ONE = {
    "DAILY": gettext_lazy("every day"),
    "WEEKLY": gettext_lazy("every week"),
    "MONTHLY": gettext_lazy("every month"),
    "YEARLY": gettext_lazy("every year"),
}
SEVERAL = {
    "DAILY": gettext_lazy("every %(n)s days"),
    "WEEKLY": gettext_lazy("every %(n)s weeks"),
    "MONTHLY": gettext_lazy("every %(n)s months"),
    "YEARLY": gettext_lazy("every %(n)s years"),
}
NTH_WEEKDAY = {
    1: gettext_lazy("the first %(day)s"),
    2: gettext_lazy("the second %(day)s"),
    3: gettext_lazy("the third %(day)s"),
    4: gettext_lazy("the fourth %(day)s"),
    5: gettext_lazy("the fifth %(day)s"),
    -1: gettext_lazy("the last %(day)s"),
}
EVERY_DAY = tuple((0, day) for day in range(7))
WORKDAYS = EVERY_DAY[:5]
LEAP = 2000
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def in_words(rule: Rule) -> str:
    said = _days(_plain(rule))
    if rule.count == 1:
        return _("%(rule)s, once") % {"rule": said}
    if rule.count:
        return _("%(rule)s, %(n)s times") % {"rule": said, "n": rule.count}
    if rule.until:
        day = read_day(f"{rule.until[:4]}-{rule.until[4:6]}-{rule.until[6:8]}")
        return _("%(rule)s, until %(day)s") % {"rule": said, "day": day}
    return said


def _plain(rule: Rule) -> Rule:
    """The simplest rule with the same days."""
    is_plain = rule.weekdays and not (rule.months or rule.month_days or rule.positions)
    if is_plain and rule.interval == 1 and all(nth == 0 for nth, _day in rule.weekdays):
        if rule.weekdays == EVERY_DAY:
            return replace(rule, freq="DAILY", weekdays=())
        return replace(rule, freq="WEEKLY")
    return rule


def _days(rule: Rule) -> str:
    every = str(ONE[rule.freq])
    if rule.interval > 1:
        every = str(SEVERAL[rule.freq]) % {"n": rule.interval}
    if not (rule.weekdays or rule.month_days or rule.months or rule.positions):
        return every
    if rule.freq == "WEEKLY" and not rule.months:
        return _weekly(rule, every)
    days = _of_a_month(rule) if rule.freq == "MONTHLY" else _of_a_year(rule)
    if not days:
        return _("by the rule %(rule)s") % {"rule": rule}
    return _("%(every)s on %(days)s") % {"every": every, "days": _listed(days)}


def _weekly(rule: Rule, every: str) -> str:
    if rule.interval == 1 and rule.weekdays == WORKDAYS:
        return _("every weekday")
    days = _listed([str(WEEKDAYS[day]) for _nth, day in rule.weekdays])
    if rule.interval == 1:
        return _("every %(days)s") % {"days": days}
    if rule.interval == 2 and len(rule.weekdays) == 1:
        return _("every second %(day)s") % {"day": days}
    return _("%(every)s on %(days)s") % {"every": every, "days": days}


def _of_a_month(rule: Rule) -> list[str]:
    if rule.months or (rule.weekdays and rule.month_days):
        return []
    if rule.positions:
        return _nth_workday(rule)
    if rule.weekdays:
        return _nth_weekdays(rule.weekdays)
    return [_month_day(day) for day in _forward(rule.month_days)]


def _forward(days: Sequence[int]) -> list[int]:
    """Sorted; days that count from the end of the month come last."""
    return sorted(days, key=lambda day: (day < 0, day))


def _nth_workday(rule: Rule) -> list[str]:
    """`the last weekday`."""
    [nth, *more] = rule.positions
    if rule.weekdays != WORKDAYS or more or nth not in NTH_WEEKDAY:
        return []
    return [str(NTH_WEEKDAY[nth]) % {"day": _("weekday")}]


def _nth_weekdays(weekdays: Sequence[Weekday]) -> list[str]:
    """The words, or empty if there are none for one of them."""
    if any(nth not in NTH_WEEKDAY for nth, _day in weekdays):
        return []
    return [str(NTH_WEEKDAY[nth]) % {"day": WEEKDAYS[day]} for nth, day in weekdays]


def _month_day(day: int) -> str:
    if day == -1:
        return _("the last day")
    if day < 0:
        return _("the %(nth)s day from the end") % {"nth": _ordinal(-day)}
    return _("the %(nth)s") % {"nth": _ordinal(day)}


def _of_a_year(rule: Rule) -> list[str]:
    if rule.freq != "YEARLY" or rule.positions or (rule.weekdays and rule.month_days):
        return []
    said = [
        *(_date(month, day) for month in rule.months for day in _forward(rule.month_days)),
        *(
            _("%(day)s of %(month)s") % {"day": day, "month": MONTHS[month]}
            for month in rule.months
            for day in _nth_weekdays(rule.weekdays)
        ),
    ]
    return said if all(said) else []


def _date(month: int, day: int) -> str:
    """The date in words; empty if it does not exist in any year."""
    if day < 0:
        return _("%(day)s of %(month)s") % {"day": _month_day(day), "month": MONTHS[month]}
    if day > calendar.monthrange(LEAP, month)[1]:
        return ""
    return in_form(date(LEAP, month, day), pgettext("date format: day and month", "j F"))


def _listed(words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    first = pgettext("between days", ", ").join(words[:-1])
    return _("%(days)s and %(day)s") % {"days": first, "day": words[-1]}


def _ordinal(number: int) -> str:
    """The English ordinal; other languages use the number in their own texts."""
    if get_language() not in (None, "en"):
        return str(number)
    ending = "th" if number in (11, 12, 13) else ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"
