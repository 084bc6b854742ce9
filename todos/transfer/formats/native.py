"""JSON: all synced objects of an account, without loss in an export and import."""

import json
from collections.abc import Iterator
from typing import Any, Final

from django.utils import timezone

from accounts.models import User
from core import values
from todos.transfer.members import MODELS, shown
from todos.transfer.records import FileError, Record, Records
from todos.transfer.rows import all_todos_of, walk
from todos.transfer.source import LONGEST_LINE, Source

FORMAT: Final = "nudge"
VERSION: Final = 1
ARRAYS: Final = {f"{kind}s": kind for kind in MODELS}  # "lists": "list"
NOTHING: Final = object()


def write(person: User) -> Iterator[str]:
    """Write one object per line."""
    head = {"format": FORMAT, "version": VERSION, "account": str(person.pk)}
    head["exported_at"] = values.written(timezone.now())
    yield json.dumps(head)[:-1]
    for name, kind in ARRAYS.items():
        yield f', "{name}": ['
        own = MODELS[kind].objects.of(person.pk)
        rows = all_todos_of(person) if kind == "todo" else walk(own)
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}\n{json.dumps(shown(row), ensure_ascii=False)}"
        yield "\n]"
    yield "}\n"


def read(source: Source, person: User) -> Records:
    reader = _Reader(source)
    for name in reader.members():
        if name in ARRAYS:
            yield from _records(reader, ARRAYS[name])
        elif name == "version" and reader.value() != VERSION:
            raise FileError("version", "This file was made by another version of Nudge.")
        elif name != "version":
            reader.value()


def _records(reader: "_Reader", kind: str) -> Records:
    for line, value in reader.elements():
        yield Record(line, kind, value if isinstance(value, dict) else {})


def _no_number(_text: str) -> Any:
    raise ValueError("This is not a JSON number.")


class _Reader:
    """Reads a JSON object value by value, with only one value in memory."""

    def __init__(self, source: Source) -> None:
        self._source, self._text, self._place, self._line = source, "", 0, 1
        self._decoder = json.JSONDecoder(parse_constant=_no_number)

    def members(self) -> Iterator[str]:
        """The names of the members; the caller reads each value."""
        self._take("{")
        while self._next() != "}":
            name = self.value()
            self._take(":")
            yield str(name)
            if self._next() == ",":
                self._take(",")
        self._take("}")
        if self._next():
            raise self._broken()

    def elements(self) -> Iterator[tuple[int, Any]]:
        """The elements of an array, each with its line number."""
        self._take("[")
        while self._next() != "]":
            line = self._line + self._text.count("\n", 0, self._place)
            yield line, self.value()
            if self._next() == ",":
                self._take(",")
        self._take("]")

    def value(self) -> Any:
        """Read the next value."""
        self._next()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                found, end = NOTHING, len(self._text)
                if isinstance(error, RecursionError):
                    raise self._broken() from error
            if end < len(self._text) or not self._more():  # it may continue after the buffer
                break
        if found is NOTHING:
            raise self._broken()
        self._place = end
        return found

    def _next(self) -> str:
        """The next character except blanks; empty at the end."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in " \t\r\n":
                self._place += 1
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise self._broken()
        self._place += 1

    def _more(self) -> bool:
        """Read more of the file; False at its end."""
        if len(self._text) - self._place > LONGEST_LINE:
            raise FileError("json", "A value is longer than a mebibyte, or is no JSON.")
        self._line += self._text.count("\n", 0, self._place)
        found = self._source.read()
        self._text, self._place = self._text[self._place :] + found, 0
        return bool(found)

    def _broken(self) -> FileError:
        line = self._line + self._text.count("\n", 0, self._place)
        return FileError("json", f"Line {line} is no JSON of Nudge.")
