"""The texts of reminders, in the person's language and time zone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from core.values import line, undirected
from sms.telephony import count
from todos.models import Due, Todo

NAME: Final = "Nudge"
MOST_SEGMENTS: Final = 2  # of a digest; a single reminder has one


def title_of(todo: Todo) -> str:
    """The title as one line, without characters that change the direction of other words."""
    return line(undirected(todo.title))


def due_words(due: Due | None, at: datetime, person: User) -> str:
    """`today 17:00`, `tomorrow`, `1 December 09:00`; empty without a due."""
    if due is None:
        return ""
    moment = due.due_at and due.due_at.astimezone(person.zone)
    on, clock = (moment.date(), moment.time()) if moment else (due.on, due.at)
    day = _day_words(on, at.astimezone(person.zone).date())
    return f"{day} {clock:%H:%M}" if clock else day


def _day_words(on: date, today: date) -> str:
    match (on - today).days:
        case 0:
            return _("today")
        case 1:
            return _("tomorrow")
        case -1:
            return _("yesterday")
    return date_format(on, "MONTH_DAY_FORMAT")


def sentence(todo: Todo, at: datetime, person: User) -> str:
    """The title, and when it is due."""
    when = due_words(todo.due, at, person)
    if not when:
        return title_of(todo)
    return _("%(title)s (due %(when)s)") % {"title": title_of(todo), "when": when}


def subject(todos: Sequence[Todo]) -> str:
    if len(todos) == 1:
        return title_of(todos[0])
    text = ngettext("%(count)d reminder", "%(count)d reminders", len(todos))
    return text % {"count": len(todos)}


def text_message(todos: Sequence[Todo], at: datetime, person: User) -> str:
    """The text, shortened to one segment for one to-do, or two for several."""
    if len(todos) == 1:
        return _shortened(f"{NAME}: ", title_of(todos[0]), _ending(todos[0], at, person))
    said = f"{NAME}: {subject(todos)}"
    for number, todo in enumerate(todos, 1):
        longer = f"{said}\n{number}. {title_of(todo)}"
        if count(f"{longer}\n...")[1] > MOST_SEGMENTS:
            return f"{said}\n..."
        said = longer
    return said


def _ending(todo: Todo, at: datetime, person: User) -> str:
    when = due_words(todo.due, at, person)
    return _(" (due %(when)s)") % {"when": when} if when else ""


def _shortened(before: str, title: str, after: str) -> str:
    """Shorten the title so that the text fits into one segment."""
    if count(before + title + after)[1] == 1:
        return before + title + after
    low, high = 0, len(title)
    while low < high:
        middle = (low + high + 1) // 2
        fits = count(f"{before}{title[:middle]}...{after}")[1] == 1
        low, high = (middle, high) if fits else (low, middle - 1)
    return f"{before}{title[:low].rstrip()}...{after}"
