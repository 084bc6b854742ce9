"""The formats of exports and imports, by their names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from accounts.models import User
from todos.transfer.formats import calendar, native, table, todoist, todotxt
from todos.transfer.records import Records
from todos.transfer.source import Source

Writer = Callable[[User], Iterator[str]]
Reader = Callable[[Source, User], Records]


@dataclass(frozen=True)
class Format:
    """`write` yields a file in parts, `read` yields records; None if not supported."""

    name: str
    suffix: str
    write: Writer | None
    read: Reader | None


_ALL: Final = (
    Format("json", "json", native.write, native.read),
    Format("csv", "csv", table.write, table.read),
    Format("ics", "ics", calendar.write, calendar.read),
    Format("todotxt", "txt", todotxt.write, todotxt.read),
    Format("todoist", "csv", None, todoist.read),
)
FORMATS: Final[Any] = MappingProxyType({it.name: it for it in _ALL})
EXPORTED: Final = tuple(it.name for it in _ALL if it.write)
IMPORTED: Final = tuple(it.name for it in _ALL if it.read)
