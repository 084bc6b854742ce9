"""What a file says, line by line, before anybody knows what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """What could not be taken as it is; `attr` is the member that it is about."""

    code: str
    detail: str
    attr: str | None = None


@dataclass
class Record:
    """An object as a file has it: `values` are members as JSON has them.

    `id` and `parent` may be any text that tells the objects of the file apart; `list_name` stands
    for `list` where a format names lists.
    """

    line: int
    kind: str
    values: dict[str, Any]
    list_name: str = ""
    problems: list[Problem] = field(default_factory=list)
    is_refused: bool = False  # by its format, with a problem

    @property
    def title(self) -> str:
        return str(self.values.get("title") or self.values.get("name") or "")

    def told(self, code: str, detail: str, attr: str | None = None) -> None:
        self.problems.append(Problem(code, detail, attr))


Records = Iterator[Record]


class FileError(Exception):
    """The file as a whole cannot be read."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail
