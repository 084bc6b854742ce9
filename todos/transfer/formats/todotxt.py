"""todo.txt (github.com/todotxt/todo.txt): one to-do per line.

The keys `id`, `parent`, `at`, `tz`, `rrule` and `from` are our own; `due`, `t` and `pri` are
common. A backslash escapes a word of a title that would have a meaning.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from accounts.models import User
from core import values
from todos.models import Todo
from todos.models.due import moment_of
from todos.models.recurrence import RecurrenceFrom
from todos.transfer.formats.table import INVALID, read_due
from todos.transfer.records import Record, Records
from todos.transfer.rows import todos_of
from todos.transfer.source import Source

LETTERS: Final = {4: "A", 3: "B", 2: "C", 1: "D"}
PRIORITIES: Final = {letter: number for number, letter in LETTERS.items()}
PRIORITY: Final = re.compile(r"\(([A-Z])\)")
KEY: Final = re.compile(r"(id|parent|due|at|tz|t|rrule|from|pri):(\S+)")
MEANS: Final = re.compile(
    rf"\\|[+@].|x\Z|\([A-Z]\)\Z|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\Z|{KEY.pattern}"
)


def write(person: User) -> Iterator[str]:
    for todo in todos_of(person):
        yield f"{_line(todo, person.zone)}\n"


def _line(todo: Todo, zone: ZoneInfo) -> str:
    letter = LETTERS.get(todo.priority, "")
    words = ["x", _day(todo.finished_at, zone)] if todo.is_finished else []
    words += [f"({letter})"] if letter and not todo.is_finished else []
    words += [_day(todo.created_at, zone)]
    words += [rf"\{word}" if MEANS.match(word) else word for word in todo.title.split(" ")]
    words += [] if todo.list.is_inbox else [f"+{_packed(todo.list.name)}"]
    words += [f"@{_packed(name)}" for name in sorted(tag.name for tag in todo.tags.all())]
    return " ".join([*words, *(f"{key}:{value}" for key, value in _keys(todo, letter))])


def _keys(todo: Todo, letter: str) -> list[tuple[str, str]]:
    due = todo.due
    is_usual = todo.recurrence_from == RecurrenceFrom.DUE
    values = {
        "pri": letter if todo.is_finished else "",
        "due": due and due.on.isoformat(),
        "at": due and due.at and f"{due.at:%H:%M}",
        "tz": due and due.time_zone,
        "t": todo.start_on and todo.start_on.isoformat(),
        "rrule": todo.recurrence,
        "from": "" if is_usual else todo.recurrence_from,
        "parent": todo.parent_id and str(todo.parent_id),
        "id": str(todo.pk),
    }
    return [(key, value) for key, value in values.items() if value]


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat() if moment else ""


def _packed(name: str) -> str:
    """Percent-encode blanks, to write a name as one word."""
    return re.sub(r"[\s%]", lambda found: quote(found[0]), name)


def read(source: Source, person: User) -> Records:
    for number, text in enumerate(source.lines(), start=1):
        line = text.rstrip("\r\n")
        if line.strip():
            yield _record(number, line.strip(" "), person.zone)


def _record(number: int, line: str, zone: ZoneInfo) -> Record:
    words = line.split(" ")
    values: dict[str, Any] = {"status": "open", "tags": []}
    record = Record(number, "todo", values)
    days = _head(words, record)
    if len(days) > 1 or (days and values["status"] == "open"):
        values["created_at"] = _moment(days[-1], zone)
    if values["status"] == "finished" and days:
        values["finished_at"] = _moment(days[0], zone)
    keys: dict[str, str] = {}
    title = [word for word in words if not _means(word, record, keys)]
    values["title"] = " ".join(word[1:] if word[:1] == "\\" else word for word in title)
    _take_keys(record, keys, zone)
    return record


def _head(words: list[str], record: Record) -> list[str]:
    """Remove and read the completion mark, the priority and the dates; returns the dates."""
    if words[0] == "x" and len(words) > 1:
        words.pop(0)
        record.values["status"] = "finished"
    if words and (found := PRIORITY.fullmatch(words[0])):
        words.pop(0)
        record.values["priority"] = PRIORITIES.get(found[1], 1)
    days: list[str] = []
    while words and len(days) < 2 and values.read_day(words[0]):
        days.append(words.pop(0))
    return days


def _means(word: str, record: Record, keys: dict[str, str]) -> bool:
    """Read a word with a meaning; False if it belongs to the title."""
    if len(word) > 1 and word[0] == "@":
        record.values["tags"].append(unquote(word[1:]))
    elif len(word) > 1 and word[0] == "+":
        record.list_name = record.list_name or unquote(word[1:])
    elif found := KEY.fullmatch(word):
        keys[found[1]] = found[2]
    else:
        return False
    return True


def _take_keys(record: Record, keys: dict[str, str], zone: ZoneInfo) -> None:
    named = {"id": "id", "parent": "parent", "t": "start_on", "rrule": "recurrence"}
    named["from"] = "recurrence_from"
    record.values |= {name: keys[key] for key, name in named.items() if key in keys}
    if "pri" in keys:
        record.values["priority"] = PRIORITIES.get(keys["pri"], 1)
    if "due" in keys:
        at, name = keys.get("at", ""), keys.get("tz", "")
        text = keys["due"] + (f"T{at}" if at else "") + (f"[{name}]" if at and name else "")
        try:
            record.values["due"] = read_due(text, zone)
        except ValueError:
            record.add_problem("invalid", INVALID, "due")


def _moment(day: str, zone: ZoneInfo) -> str:
    return values.written(moment_of(values.clamped(date.fromisoformat(day)), time.min, zone))
