"""CSV (RFC 4180): a table of to-dos, for spreadsheets and other programs.

A spreadsheet runs cells that begin like a formula, so such a cell gets a leading apostrophe, which
an import removes (OWASP, "CSV Injection").
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import models

from accounts.models import User
from core import values
from todos.models import Due, Priority, Status, Todo
from todos.transfer.members import members
from todos.transfer.records import FileError, Record, Records
from todos.transfer.rows import todos_of
from todos.transfer.source import Source

MARK: Final = "'"
RUN: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", MARK)
# Members without a column in the table, and why.
WITHOUT_COLUMN: Final = {
    "created_by": "the account itself",
    "deleted_at": "the trash is left out",
    "trashed_with": "the same",
    "finished_with": "useful only to this server",
    "status_at": "the same",
}
COLUMNS: Final = tuple(name for name in members(Todo) if name not in WITHOUT_COLUMN)
# Column names of other programs.
OTHER_NAMES: Final = {
    **dict.fromkeys(("task", "name", "summary", "subject", "content", "todo"), "title"),
    **dict.fromkeys(("note", "description", "body", "details"), "notes"),
    **dict.fromkeys(("due date", "due_date", "deadline", "date"), "due"),
    **dict.fromkeys(("project", "list name", "folder", "category"), "list"),
    **dict.fromkeys(("labels", "label", "tag", "categories", "contexts"), "tags"),
    **dict.fromkeys(("state", "done", "completed", "is completed"), "status"),
    **dict.fromkeys(("start date", "start_date", "start"), "start_on"),
    **dict.fromkeys(("uid", "uuid"), "id"),
}
FINISHED: Final = frozenset({"finished", "done", "completed", "complete", "true", "yes", "x", "1"})
PRIORITIES: Final = {values.fold(it.name): it.value for it in Priority}
END: Final = "\udfff"  # a line that no file contains; an unclosed cell swallows it
INVALID: Final = "This could not be read, and is left out."


def write(person: User) -> Iterator[str]:
    yield _line(COLUMNS)
    for todo in todos_of(person):
        yield _line([_cell(todo, name) for name in COLUMNS])


def _line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _cell(todo: Todo, name: str) -> str:
    if name == "list":
        return "" if todo.list.is_inbox else todo.list.name
    if name == "due":
        return str(todo.due or "")
    value = members(Todo)[name].write(todo)
    if name == "tags":
        return joined(value)
    if name == "reminders":
        return json.dumps(value) if value else ""
    return "" if value is None else str(value)


def joined(names: list[str]) -> str:
    """Join names with commas, and quote names with a comma."""
    return _plain_line(names) if names else ""


def _plain_line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def split(text: str) -> list[str]:
    """Reverse of `joined`."""
    row = next(csv.reader([text], skipinitialspace=True), [])
    return [name for name in (each.strip() for each in row) if name]


def _harmless(cell: str) -> str:
    return MARK + cell if cell.startswith(RUN) else cell


def plain(cell: str) -> str:
    return cell[1:] if cell[:1] == MARK and cell[1:].startswith(RUN) else cell


def rows(source: Source) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as a dict by the header, with its line number."""
    reader = csv.reader(chain(source.lines(), [END]))
    names: list[str] | None = None
    try:
        for cells in reader:
            if cells == [END]:
                return
            if names is None:
                names = [_known(cell) for cell in cells]
            elif any(cells):
                row = dict(zip(names, map(plain, cells), strict=False))
                yield reader.line_num, {name: cell for name, cell in row.items() if cell}
    except csv.Error as error:
        raise FileError("csv", f"Line {reader.line_num} is not valid CSV.") from error
    raise FileError("csv", "The file ends inside a quoted cell.")


def _known(name: str) -> str:
    found = values.fold(name)
    return OTHER_NAMES.get(found, found)


def read(source: Source, person: User) -> Records:
    for line, row in rows(source):
        if "title" not in row and not row.keys() & {*COLUMNS}:
            raise FileError("csv", "The first line has no known column name.")
        record = Record(line, "todo", {}, list_name=row.pop("list", ""))
        for name in COLUMNS:
            if name in row:
                take(record, name, row[name], person.zone)
        yield record


def take(record: Record, name: str, cell: str, zone: ZoneInfo) -> None:
    """Store the member of a cell, or report a problem if it is invalid."""
    try:
        in_zone = _IN_ZONE.get(name)
        record.values[name] = in_zone(cell, zone) if in_zone else _reader(name)(cell)
    except (ValueError, RecursionError):
        record.add_problem("invalid", INVALID, name)


def read_due(text: str, zone: ZoneInfo) -> dict[str, Any]:
    """Read a due in the form of `Due` or of RFC 3339.

    With an offset it is that moment in the zone; without one it is floating. Accepts a blank for
    the T, as other programs write it. Raises ValueError.
    """
    due = Due.read(text) or _due_at(values.read_moment(text.replace(" ", "T", 1)), zone)
    if due is None:
        raise ValueError(text)
    at = f"{due.at:%H:%M}" if due.at else None
    return {"on": due.on.isoformat(), "at": at, "time_zone": due.time_zone}


def _due_at(moment: datetime | None, zone: ZoneInfo) -> Due | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        return Due(moment.date(), moment.time().replace(second=0, microsecond=0))
    return Due.at_moment(moment, zone) if values.in_range(moment) else None


def _status(text: str) -> str:
    return (Status.FINISHED if values.fold(text) in FINISHED else Status.OPEN).value


def _priority(text: str) -> int:
    return int(PRIORITIES.get(values.fold(text), text))


def _start(text: str, zone: ZoneInfo) -> str:
    return str(read_due(text, zone)["on"])


def _flag(text: str) -> bool:
    """As `_cell` writes it. Raises ValueError."""
    return bool(("false", "true").index(values.fold(text)))


def _reader(name: str) -> Any:
    """The reader of a member; of any other one, by the kind of its column."""
    column = members(Todo)[name].column
    kinds = ((models.BooleanField, _flag), (models.IntegerField, int))
    usual = (read for kind, read in kinds if isinstance(column, kind))
    return _READERS.get(name) or next(usual, str)


_IN_ZONE: Final[dict[str, Any]] = {"due": read_due, "start_on": _start}
_READERS: Final[dict[str, Any]] = {
    "priority": _priority,
    "reminders": json.loads,
    "status": _status,
    "tags": split,
}
