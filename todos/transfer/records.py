"""The records of a file, before they are checked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """A part of an object that was not accepted as it is; `attr` is the member."""

    code: str
    detail: str
    attr: str | None = None


@dataclass
class Record:
    """An object in a file: `values` are its members as JSON.

    `id` and `parent` may be any text that is unique in the file. `list_name` replaces `list` if the
    format names lists.
    """

    line: int
    kind: str
    values: dict[str, Any]
    list_name: str = ""
    problems: list[Problem] = field(default_factory=list)
    is_refused: bool = False  # refused by the format, with a problem

    @property
    def title(self) -> str:
        return str(self.values.get("title") or self.values.get("name") or "")

    def add_problem(self, code: str, detail: str, attr: str | None = None) -> None:
        self.problems.append(Problem(code, detail, attr))


Records = Iterator[Record]


class FileError(Exception):
    """The whole file cannot be read."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail
