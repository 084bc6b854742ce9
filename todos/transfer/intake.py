"""Imports the records of a file.

An import only adds objects; it changes and deletes nothing. First `look` checks the whole file:
ids, parents of to-dos, and quotas. After the confirmation, `make` reads the same file again and
creates the rows, in `writing()`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from core.order_keys import between
from core.values import fold
from todos import ordering, quotas
from todos.models import List, Status, Tag, Todo
from todos.transfer.cleaning import cleaned
from todos.transfer.members import MODELS, members
from todos.transfer.naming import Names
from todos.transfer.placing import Places, Stand
from todos.transfer.records import FileError, Problem, Record, Records
from todos.transfer.report import Report

BATCH: Final = 500
MOST_RECORDS: Final = 200_000


class Intake:
    def __init__(self, account: User, home: List | None = None) -> None:
        self.account = account
        self.inbox = List.objects.inbox_of(account)
        self.home = home or self.inbox
        self.report = Report()
        self.names = {kind: Names(account.pk, model) for kind, model in MODELS.items()}
        self.waiting: dict[str, dict[UUID, UUID]] = {kind: {} for kind in MODELS}  # to create
        self.given: dict[str, set[UUID]] = {kind: set() for kind in MODELS}  # the ids of these
        self.places = Places(account)
        own = List.objects.owned_by(account).order_by("-position", "-id")
        self.lists = {each.pk: each.pk for each in own}  # by their key in the file
        self.by_name = {fold(each.name): each.pk for each in own}
        self.named: list[List] = []  # new lists that the file only names
        self.known_tags = set(Tag.objects.owned_by(account).values_list("folded", flat=True))
        self.added = dict.fromkeys(("lists", "todos", "tags", "filters", "bytes"), 0)
        self.last: dict[str, str] = {}  # the position before the next object
        self.looked_at = 0
        self.said: Counter[UUID] = Counter()

    # --- Check -----------------------------------------------------------------------------------

    def look(self, records: Records) -> None:
        """Check all records. Raises FileError, and QuotaReached if the account lacks room."""
        for some in batches(records):
            self.looked_at += len(some)
            if self.looked_at > MOST_RECORDS:
                raise FileError("too_many", f"A file may hold at most {MOST_RECORDS:,} objects.")
            for kind in MODELS:
                self._look_at([it for it in some if it.kind == kind], kind)
        for record, problems in self.places.settle(self.lists, self.home.pk):
            self.report.warn(record, problems)
        quotas.check(self.account, **self.added)

    def _look_at(self, records: list[Record], kind: str) -> None:
        keys = [self._key(it) for it in records]
        found = self.names[kind].found(set(keys))
        there = [name for name, is_there in found.values() if is_there]
        trashed = Todo.objects.trash_of(self.account).filter(pk__in=there if kind == "todo" else [])
        in_trash = set(trashed.values_list("pk", flat=True))
        for record, key in zip(records, keys, strict=True):
            name, is_there = found[key]
            if kind == "list" and record.values.get("is_inbox") is True:
                name, is_there = self.inbox.pk, True
            elif kind == "tag":
                is_there = is_there or fold(str(record.values.get("name"))) in self.known_tags
            self._look_at_one(record, key, name, is_there=is_there, is_trashed=name in in_trash)

    def _look_at_one(
        self, record: Record, key: UUID, name: UUID, *, is_there: bool, is_trashed: bool
    ) -> None:
        if key in self.waiting[record.kind] or name in self.given[record.kind]:
            record.add_problem("repeated", "An earlier object in the file has this id.", "id")
            self.report.tell(record, "refused")
            return
        columns = cleaned(record)
        if columns is None:
            self.report.tell(record, "refused")
            return
        if record.kind == "list":
            self.lists[key] = name
        if is_there:
            self.places.there[key] = name
            record.problems = (
                [Problem("in_trash", "The object is in the trash.")] if is_trashed else []
            )
            self.report.tell(record, "kept")
            return
        self.waiting[record.kind][key] = name
        self.given[record.kind].add(name)
        self._count(record, columns)
        if record.kind == "todo":
            self._stand(record, key, name, columns)
        self.report.tell(record, "new")

    def _count(self, record: Record, columns: dict[str, Any]) -> None:
        self.added[f"{record.kind}s"] += 1
        if record.kind == "tag":
            self.known_tags.add(fold(columns["name"]))
        new = {fold(it) for it in columns.get("tags", ())} - self.known_tags
        self.known_tags |= new
        self.added["tags"] += len(new)
        self.added["bytes"] += len(columns.get("notes", "").encode())

    def _key(self, record: Record) -> UUID:
        given = record.values.get("id")
        return self.names[record.kind].key(given or self._words(record))

    def _words(self, record: Record) -> str:
        """A key for an object without an id: its words, with a number for repetitions."""
        words = self.names[record.kind].key(f"{record.kind} {record.list_name} {record.title}")
        self.said[words] += 1
        return f"{words} {self.said[words]}"

    def _stand(self, record: Record, key: UUID, name: UUID, columns: dict[str, Any]) -> None:
        parent = record.values.get("parent")
        above = self.names["todo"].key(parent) if parent else None
        finished, trashed = columns.get("status") == Status.FINISHED, "deleted_at" in columns
        stand = Stand(name, self._list(record), finished, trashed)
        self.places.add(key, stand, above, record)

    def _list(self, record: Record) -> UUID | None:
        """The key of its list. A list that the file only names is created if it does not exist."""
        if given := record.values.get("list"):
            return self.names["list"].key(given)
        name = fold(record.list_name)
        if name and name not in self.by_name:
            self.by_name[name] = self._named(name, record)
        return self.by_name.get(name)

    def _named(self, name: str, record: Record) -> UUID:
        made = Record(record.line, "list", {"id": f"list {name}", "name": record.list_name})
        columns = cleaned(made)
        if columns is None:
            record.add_problem("invalid", "This list name is invalid.", "list")
            return self.home.pk
        key = self._key(made)
        found, is_there = self.names["list"].found([key])[key]
        self.lists[found] = found
        if not is_there:
            self.added["lists"] += 1
            self.report.new["list"] += 1
            self.named.append(List(pk=found, owner=self.account, **columns))
        return found

    # --- Creation --------------------------------------------------------------------------------

    def make(self, records: Records) -> None:
        """Create all rows. Call it after `look`, in the same `writing()`. Raises QuotaReached."""
        self.said.clear()
        for row in self.named:
            row.position = self._position("list")
        List.objects.bulk_create(self.named)
        for some in batches(records):
            for kind in MODELS:
                self._make([it for it in some if it.kind == kind], kind)
        quotas.take(self.account, **self.added)

    def _make(self, records: list[Record], kind: str) -> None:
        rows, tags = [], []
        for record in records:
            key = self._key(record)
            columns = cleaned(record) if key in self.waiting[kind] else None
            if columns is not None:
                tags.append(columns.pop("tags", []))
                rows.append(self._row(record, self.waiting[kind].pop(key), key, columns))
        if kind == "todo":
            Todo.insert_all(self.account, rows, tags)
        else:
            MODELS[kind].objects.bulk_create(rows)

    def _row(self, record: Record, name: UUID, key: UUID, columns: dict[str, Any]) -> Any:
        model = MODELS[record.kind]
        row: Any = model(**{**columns, model.feed_key: name, "owner": self.account})
        if "position" in members(model) and "position" not in columns:
            row.position = self._position(record.kind)
        if record.kind == "todo":
            self._complete(row, record, key)
        return row

    def _complete(self, row: Todo, record: Record, key: UUID) -> None:
        """Set the columns that depend on other rows or on each other."""
        stand = self.places.stand(key)
        row.list_id, row.parent_id = stand.list, stand.parent_id  # type: ignore[assignment]
        row.created_by = self.account.pk
        if row.is_finished:
            row.finished_at = row.finished_at or timezone.now()
        else:
            row.finished_at = None
        row.finished_with = self._act(record, "finished_with") if row.is_finished else None
        row.trashed_with = self._act(record, "trashed_with") if row.deleted_at else None

    def _act(self, record: Record, name: str) -> UUID | None:
        """The to-do or list that took it along."""
        given = record.values.get(name)
        key = self.names["todo"].key(given) if given else None
        return self.places.name(key) or (self.lists.get(key) if key else None)

    def _position(self, kind: str) -> str:
        """The next position, in the order of the file, after all existing rows."""
        rows = MODELS[kind].objects.of(self.account.pk)
        before = self.last.get(kind)
        self.last[kind] = between(before, None) if before else ordering.after_last(rows)
        return self.last[kind]


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    every = iter(records)
    while some := list(islice(every, BATCH)):
        yield some
