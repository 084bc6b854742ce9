"""The CSV export of a Todoist project: tasks, sections and notes, in their order.

todoist.com, "How to format your CSV file": TYPE, CONTENT, DESCRIPTION, PRIORITY (1 is the highest),
INDENT (from 1), DATE in words. A section becomes a tag. A note is appended to the notes of its
task.
"""

import re
from typing import Any, Final

from django.utils import timezone

from accounts.models import User
from todos import quickadd
from todos.transfer.formats.table import INVALID, read_due, rows
from todos.transfer.records import FileError, Record, Records
from todos.transfer.source import Source

LABEL: Final = re.compile(r"(?:^|(?<= ))@(\S+)")
PRIORITIES: Final = {"1": 4, "2": 3, "3": 2, "4": 0}
# Maps the columns of Todoist to those of `rows`.
CONTENT, DESCRIPTION, DATE = "title", "notes", "due"


class _Reader:
    def __init__(self, person: User) -> None:
        self.person, self.now = person, timezone.now()
        self.section = ""
        self.above: list[str] = []  # the possible parents of the next task
        self.seen: dict[str, int] = {}

    def task(self, line: int, row: dict[str, str]) -> Record:
        content = row.get(CONTENT, "")
        tags = LABEL.findall(content) + ([self.section] if self.section else [])
        title = " ".join(LABEL.sub("", content).split())
        values: dict[str, Any] = {
            "title": title or content,
            "notes": row.get(DESCRIPTION, ""),
            "tags": tags,
        }
        values["priority"] = PRIORITIES.get(row.get("priority", ""), 0)
        record = Record(line, "todo", values)
        self._stand(record, row.get("indent", "1"))
        if DATE in row:
            self._date(record, row[DATE])
        return record

    def _stand(self, record: Record, indent: str) -> None:
        """Set the parent, the last task with a smaller indent, and an id from all titles."""
        depth = int(indent) if re.fullmatch("[1-9]", indent) else 1
        self.above = self.above[: depth - 1]
        parent = self.above[-1] if self.above else ""
        path = f"{parent or 'todoist'}\n{record.title}"
        self.seen[path] = self.seen.get(path, 0) + 1
        record.values["id"] = f"{path} {self.seen[path]}"
        if parent:
            record.values["parent"] = parent
        self.above.append(record.values["id"])

    def _date(self, record: Record, text: str) -> None:
        """Read the date, in words as quick add does."""
        try:
            record.values["due"] = read_due(text, self.person.zone)
        except ValueError:
            found = quickadd.read(text[: quickadd.LIMIT], self.now, self.person.zone)
            members = {"due": found.due, "recurrence": found.recurrence}
            members["recurrence_from"] = found.recurrence_from
            record.values |= {name: value for name, value in members.items() if value}
            if not found.due:
                record.add_problem("invalid", INVALID, "due")
                _append(record, text)


def _append(record: Record, text: str) -> None:
    record.values["notes"] = "\n\n".join(it for it in (record.values["notes"], text) if it)


def read(source: Source, person: User) -> Records:
    reader = _Reader(person)
    waiting: Record | None = None
    for line, row in rows(source):
        kind: Any = row.get("type", "")
        if kind == "note" and waiting is not None:
            _append(waiting, row.get(CONTENT, ""))
        elif kind == "section":
            reader.section = row.get(CONTENT, "").replace(",", " ")
        elif kind == "task":
            if waiting is not None:
                yield waiting
            waiting = reader.task(line, row)
        elif waiting is None and not kind:
            raise FileError("csv", "This is not a CSV file from Todoist: it has no column TYPE.")
    if waiting is not None:
        yield waiting
