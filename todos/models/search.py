"""The search syntax: plain words, and words with a key, such as `tag:shop` or `due:today`.

    milk "two litres" tag:shop list:"My list" due:today priority:3,4 is:open

Each term narrows the results. A word with an unknown key is a plain word.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.values import fold, in_range, isolated, read_day
from todos.models.due import first_moment
from todos.models.queries import Priority, Status

if TYPE_CHECKING:
    from todos.models.queries import TodoQuerySet

QUERY_LENGTH: Final = 500
MOST_TERMS: Final = 100
MOST_KEYED: Final = 20  # each may add a join to the query
_TERM = re.compile(r'(?:(tag|list|due|priority|is):)?("[^"]*"|[^\s"]+|"|)', re.IGNORECASE)
_DUES: Final = ("overdue", "today", "upcoming", "none")


class Term(NamedTuple):
    """`key` is empty for plain words; `word` is the original text."""

    key: str
    value: str
    word: str


def parse(text: str) -> list[Term]:
    """Raises ValidationError with the invalid word."""
    terms = [_term(found) for found in _TERM.finditer(text) if found[0]]
    if len(terms) > MOST_TERMS or sum(bool(it.key) for it in terms) > MOST_KEYED:
        raise ValidationError(_("These are too many words."), code="bad_query")
    return terms


def check_query(text: str) -> None:
    """The validator of columns and parameters."""
    parse(text)


def matching(todos: "TodoQuerySet", text: str, at: datetime, zone: ZoneInfo) -> "TodoQuerySet":
    """The to-dos that match all terms, in this time zone. Raises as `parse`."""
    for term in parse(text):
        todos = _NARROW[term.key](todos, term.value, at, zone)
    return todos


def _term(found: "re.Match[str]") -> Term:
    key, value, word = (found[1] or "").lower(), found[2], found[0]
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    elif key and value.startswith('"'):  # without a key it is a normal character
        raise _bad(word, _("the quotation mark is not closed"))
    if why := _fault(key, value):
        raise _bad(word, why)
    return Term(key, value, word)


def _fault(key: str, value: str) -> Any:
    """The error of the value, or None."""
    if not key:
        return None
    if not fold(value):
        return _("something is missing after the colon")
    return _FAULTS[key](value) if key in _FAULTS else None


def _bad(word: str, why: Any) -> ValidationError:
    message = _("At %(word)s: %(why)s.") % {"word": isolated(word), "why": why}
    return ValidationError(message, code="bad_query")


def _fault_of_due(value: str) -> Any:
    day = read_day(value)
    if value.lower() in _DUES or (day and in_range(day)):
        return None
    return _("write overdue, today, upcoming, none or a day such as 2026-12-01")


def _fault_of_priority(value: str) -> Any:
    levels = {str(level.value) for level in Priority}
    return None if {*value.split(",")} <= levels else _("write numbers from 0 to 4, such as 3,4")


def _fault_of_status(value: str) -> Any:
    return None if value.lower() in Status.values else _("write open or finished")


_FAULTS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {"due": _fault_of_due, "priority": _fault_of_priority, "is": _fault_of_status}
)


def _mentioning(todos: Any, value: str, *_: Any) -> Any:
    return todos.containing(value)


def _tagged(todos: Any, value: str, *_: Any) -> Any:
    return todos.tagged(value)


def _listed(todos: Any, value: str, *_: Any) -> Any:
    return todos.filter(list__folded=fold(value))


def _due(todos: Any, value: str, at: datetime, zone: ZoneInfo) -> Any:
    match value.lower():
        case "overdue":
            return todos.overdue(at)
        case "today":
            return todos.due_today(at, zone)
        case "upcoming":
            return todos.upcoming(at, zone)
        case "none":
            return todos.without_due()
    day: Any = read_day(value)
    end = first_moment(day + timedelta(days=1), zone)
    return todos.due_after(first_moment(day, zone)).due_before(end)


def _prior(todos: Any, value: str, *_: Any) -> Any:
    return todos.filter(priority__in=value.split(","))


def _being(todos: Any, value: str, *_: Any) -> Any:
    return todos.filter(status=value.lower())


_NARROW: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "": _mentioning,
        "tag": _tagged,
        "list": _listed,
        "due": _due,
        "priority": _prior,
        "is": _being,
    }
)
