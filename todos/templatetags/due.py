"""The due of a to-do in words, in the current time zone, which is that of the user."""

from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from todos.models import Todo

register = template.Library()


@register.filter
def is_overdue(todo: Todo) -> bool:
    return todo.is_overdue(timezone.now())


@register.filter
def due_words(todo: Todo) -> str:
    """ "Today", "Tomorrow 9:30 a.m.", "Fri 4 Dec", or empty if nothing is due."""
    if todo.due is None:
        return ""
    if todo.due.at is None:
        return _day_words(todo.due.on)
    moment = todo.due.order(timezone.get_current_timezone())
    there = timezone.localtime(moment)
    return f"{_day_words(there)} {time_format(there, 'TIME_FORMAT')}"


def _day_words(day: date | datetime) -> str:
    today = timezone.localdate()
    near = {-1: _("Yesterday"), 0: _("Today"), 1: _("Tomorrow")}
    distance = (date(day.year, day.month, day.day) - today) // timedelta(days=1)
    if distance in near:
        return near[distance]
    return date_format(day, "D j M" if day.year == today.year else "j M Y")
