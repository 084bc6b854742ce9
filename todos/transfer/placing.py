"""The parents of imported to-dos, which also determine their lists.

The rules are those of todos.models.subtasks. A to-do that cannot have the parent in the file moves
to the top, or one level higher, and is reported.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from accounts.models import User
from todos.models import Status, Todo
from todos.models.subtasks import LEVELS
from todos.transfer.records import Problem, Record

BATCH: Final = 500
SENTENCES: Final = {
    "cycle": "It would be its own subtask, so it becomes a top-level to-do.",
    "parent_missing": "Its parent does not exist, so it becomes a top-level to-do.",
    "parent_finished": "Its parent is finished, so it becomes a top-level to-do.",
    "parent_trashed": "Its parent is in the trash, so it becomes a top-level to-do.",
    "too_deep": "To-dos have at most three levels, so it moves up one level.",
}


@dataclass(slots=True)
class Stand:
    """A to-do: first with the keys of its parent and list in the file, then with their ids."""

    name: UUID
    list: UUID | None
    is_finished: bool
    is_trashed: bool
    above: "Stand | None" = None
    level: int = 0  # 0: not placed yet

    @property
    def parent_id(self) -> UUID | None:
        return self.above.name if self.above else None


@dataclass(slots=True)
class _Wanted:
    stand: Stand
    parent: UUID | None
    line: int
    title: str


class Places:
    def __init__(self, account: User) -> None:
        self.account = account
        self.wanted: dict[UUID, _Wanted] = {}  # by their keys in the file
        self.there: dict[UUID, UUID] = {}  # ids of existing to-dos
        self.outside: dict[UUID, Stand] = {}

    def add(self, key: UUID, stand: Stand, parent: UUID | None, record: Record) -> None:
        self.wanted[key] = _Wanted(stand, parent, record.line, record.title[:80])

    def stand(self, key: UUID) -> Stand:
        return self.wanted[key].stand

    def name(self, key: UUID | None) -> UUID | None:
        """The id of a to-do in the file."""
        if key in self.wanted:
            return self.wanted[key].stand.name
        return self.there.get(key) if key else None

    def settle(
        self, lists: Mapping[UUID, UUID], home: UUID
    ) -> Iterator[tuple[Record, list[Problem]]]:
        """Place all to-dos; yields those in another place than in the file, and why."""
        self._read_outside()
        for key in self.wanted:
            for each, code in self._placed(key):
                stand = each.stand
                if stand.above is None:
                    stand.list = lists.get(stand.list, home) if stand.list else home
                else:
                    stand.list = stand.above.list
                if code:
                    record = Record(each.line, "todo", {"title": each.title})
                    yield record, [Problem(code, SENTENCES[code], "parent")]

    def _read_outside(self) -> None:
        """Read existing to-dos of the account that are parents in the file."""
        keys = {it.parent for it in self.wanted.values() if it.parent} - self.wanted.keys()
        names = {self.there.get(key, key): key for key in keys}
        for some in _parts(names):
            rows = Todo.objects.of(self.account.pk).filter(pk__in=some)
            for row in rows.select_related("parent__parent").only(
                *("list", "status", "deleted_at", "parent", "parent__parent", "parent__list"),
                *("parent__status", "parent__deleted_at", "parent__parent__id"),
            ):
                self.outside[names[row.pk]] = _stand_of(row)

    def _placed(self, key: UUID) -> Iterator[tuple[_Wanted, str]]:
        """Place its unplaced parents and itself, from the top down."""
        chain: list[UUID] = []
        while key in self.wanted and not self.wanted[key].stand.level and key not in chain:
            chain.append(key)
            key = self.wanted[key].parent or key
        ends_in_circle = key in chain and self.wanted[chain[-1]].parent is not None
        for number, each in enumerate(reversed(chain)):
            wanted = self.wanted[each]
            code = self._place(wanted, is_circle=ends_in_circle and number == 0)
            yield wanted, code

    def _place(self, wanted: _Wanted, *, is_circle: bool) -> str:
        """Set its parent; returns the reason if this differs from the file."""
        stand, above, code = wanted.stand, None, ""
        if is_circle:
            code = "cycle"
        elif wanted.parent is not None:
            above = self._found(wanted.parent)
            code = _refusal(stand, above)
            above = None if code else above
        if above is not None and above.level >= LEVELS:
            above, code = above.above, "too_deep"
        stand.above, stand.level = above, above.level + 1 if above else 1
        return code

    def _found(self, key: UUID) -> Stand | None:
        wanted = self.wanted.get(key)
        return wanted.stand if wanted else self.outside.get(key)


def _refusal(stand: Stand, above: Stand | None) -> str:
    if above is None:
        return "parent_missing"
    if above.is_trashed and not stand.is_trashed:
        return "parent_trashed"
    if above.is_finished and not (stand.is_finished or stand.is_trashed):
        return "parent_finished"
    return ""


def _stand_of(row: Any) -> Stand:
    """The stand of a row, with its parents."""
    above = _stand_of(row.parent) if row.parent_id and row.parent else None
    finished = row.status == Status.FINISHED
    level = above.level + 1 if above else 1
    return Stand(row.pk, row.list_id, finished, row.deleted_at is not None, above, level)


def _parts(keys: Iterable[UUID]) -> Iterator[list[UUID]]:
    every = list(keys)
    for start in range(0, len(every), BATCH):
        yield every[start : start + BATCH]
