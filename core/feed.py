"""The feed of an account: the objects that its devices sync, in the order of their changes.

Every write goes through `Synced` and its queryset, whichever method of Django the caller uses. They
increment the version, mark the changed members, and move the row's entry to the end of the feed.
docs/sync.md says what clients may rely on. docs/decisions/0017-one-feed-per-account.md gives the
reasons. The tables are in core.feed_entries.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.db_functions import MarkedIn
from core.feed_entries import (
    BATCH,
    FeedCounter,
    FeedEntry,
    dead_entries,
    dead_entry,
    draw,
    enter,
    enter_written,
    entered,
    gathering,
    writing,
)
from core.values import FoldedField, Folding

__all__ = [
    "BATCH",
    "FeedCounter",
    "FeedEntry",
    "Synced",
    "SyncedQuerySet",
    "dead_entries",
    "dead_entry",
    "draw",
    "entered",
    "gathering",
    "stamp",
    "writing",
]

OWN_COLUMNS = {"version", "changed_in", "updated_at"}  # written with every change


def stamp(account_id: uuid.UUID, rows: "QuerySet[Any]", *members: str, **columns: Any) -> int:
    """Change any number of rows of one account in two statements.

    Writes the columns and the next version, marks the columns and the other `members` as changed,
    and moves the rows to the end of the feed. Call it in `writing()`.
    """
    names = [*members, *rows.model.seen(columns)]
    with rows.model.rippling(account_id, rows, names):
        changed = enter(account_id, rows, raised=1)
        marked = MarkedIn("changed_in", F("version") + 1, names)
        now = {"updated_at": timezone.now()} if _is_dated(rows.model) else {}
        if changed:
            QuerySet.update(rows, **columns, **now, version=F("version") + 1, changed_in=marked)
    return changed


def _is_dated(model: type[models.Model]) -> bool:
    return any(column.name == "updated_at" for column in model._meta.concrete_fields)


class SyncedQuerySet(QuerySet[Any]):
    """Django's bulk methods, which also update the feed."""

    def of(self, account_id: uuid.UUID) -> Self:
        return self.filter(**{self.model.account_column: account_id})

    def owned_by(self, user: Any) -> Self:
        """The person's objects, without those in a trash."""
        return self.of(user.pk).filter(self.model.outside_trash)

    def accounts(self) -> "set[uuid.UUID]":
        return set(self.order_by().values_list(self.model.account_column, flat=True).distinct())

    def update(self, **columns: Any) -> int:
        if not self.model.seen(columns):
            return super().update(**columns)
        accounts = self.accounts()
        with writing(*accounts):
            return sum(stamp(each, self.of(each), **columns) for each in sorted(accounts))

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        accounts = self.accounts()
        with writing(*accounts), ExitStack() as stack:
            for each in sorted(accounts):
                stack.enter_context(self.model.dying(each, self.of(each)))
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(  # type: ignore[override]  # no ignore_conflicts
        self, objs: Iterable[Any], batch_size: int | None = None
    ) -> list[Any]:
        rows = list(objs)
        accounts = {row.account_id for row in rows}
        with writing(*accounts):
            made: list[Any] = super().bulk_create(rows, batch_size)
            for each in sorted(accounts):
                enter_written(each, [row for row in made if row.account_id == each])
        return made

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise NotImplementedError("Save rows with different values one by one.")

    bulk_update.alters_data = True  # type: ignore[attr-defined]


class Synced(Folding):
    """A row that the devices of an account sync.

    `changed_in` maps each member to the version of its last change. A missing member has not
    changed since the row was created.
    """

    version = models.PositiveBigIntegerField(_("version"), default=1, db_default=1, editable=False)
    changed_in = models.JSONField(default=dict, db_default={}, editable=False)

    feed_kind: ClassVar[str]
    feed_key: ClassVar[str] = "id"  # the column of the id that devices use
    account_column: ClassVar[str] = "owner_id"
    outside_trash: ClassVar[models.Q] = models.Q()  # of a kind that has a trash
    derived: ClassVar[frozenset[str]] = (
        frozenset()
    )  # columns computed from others, never in responses

    class Meta:
        abstract = True

    def save(
        self,
        *,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Insert the row, or write the changed columns, and update the feed."""
        if update_fields is not None and not self.seen(update_fields):
            super().save(update_fields=update_fields, using=using)
            return
        with writing(self.account_id):
            if self._state.adding:
                super().save(using=using)  # Django inserts it: its key has a default
                enter_written(self.account_id, [self])
            else:
                self._save_what_differs(update_fields)

    def delete(
        self,
        using: str | None = None,
        keep_parents: bool = False,  # noqa: FBT001, FBT002
    ) -> tuple[int, dict[str, int]]:
        """Delete permanently; the entry in the feed stays."""
        account_id = self.account_id
        with writing(account_id, savepoint=True), self.dying(account_id, self._own_row()):
            return super().delete(using=using, keep_parents=keep_parents)

    def purge(self) -> None:
        """As `delete`, with fewer statements. Call it in `writing()`, with the row read there.

        An error must undo that whole block.
        """
        self.version += 1
        enter_written(self.account_id, [self], deleted=True)
        with self.rippling_from(self.seen(), dying=True):
            super().delete()

    @property
    def account_id(self) -> uuid.UUID:
        account_id: uuid.UUID = getattr(self, self.account_column)
        return account_id

    @property
    def changed_last(self) -> int:
        """The version of the last change; after a restore `version` is higher without a change."""
        return max(self.changed_in.values(), default=1)

    @classmethod
    def seen(cls, columns: Iterable[str] | None = None) -> list[str]:
        """The columns that responses show, all or those among `columns`."""
        columns_of_own = (it for it in cls._meta.concrete_fields if not isinstance(it, FoldedField))
        own = {column.name for column in columns_of_own} - cls.derived - OWN_COLUMNS
        return sorted(own if columns is None else own & set(columns))

    @classmethod
    def rippling(
        cls,
        account_id: uuid.UUID,
        rows: "QuerySet[Any]",
        members: Collection[str],
        *,
        dying: bool = False,
    ) -> AbstractContextManager[None]:
        """Wraps a change of these members, and stamps objects of other kinds that show them."""
        return nullcontext()

    @classmethod
    @contextmanager
    def dying(cls, account_id: uuid.UUID, rows: "QuerySet[Any]") -> Iterator[None]:
        """Wraps a permanent deletion. Call it in `writing()`."""
        enter(account_id, rows, raised=1, deleted=True)
        with cls.rippling(account_id, rows, cls.seen(), dying=True):
            yield

    def _save_what_differs(self, names: Iterable[str] | None) -> None:
        """Compare with the stored row, which may have changed since this object was read."""
        stored: Synced = QuerySet(type(self)).get(pk=self.pk)
        self._fold_as(stored)
        columns = [
            column.name
            for column in self._meta.concrete_fields
            if (names is None or column.name in names)
            and column.name not in OWN_COLUMNS | self.derived
        ]
        differing = [name for name in columns if _value(self, name) != _value(stored, name)]
        self.version, self.changed_in = stored.version, stored.changed_in
        if self.seen(differing):
            self.save_changes(*differing)
        elif differing:
            super().save(update_fields=differing)

    def _fold_as(self, stored: "Synced") -> None:
        """Take over the folded columns that are about to be written with their changed sources."""
        for column in self._meta.concrete_fields:
            sources = column.of if isinstance(column, FoldedField) else ()
            if any(_value(self, name) != _value(stored, name) for name in sources):
                setattr(self, column.attname, _value(stored, column.name))

    def change(self, **columns: Any) -> bool:
        """Save the columns whose values differ, and return whether any does.

        Call it in `writing()`, with the row read there.
        """
        differing = self.set(**columns)
        if differing:
            self.save_changes(*differing)
        return bool(differing)

    def set(self, **columns: Any) -> list[str]:
        """Set these columns, and return the names of those that differ."""
        values = {name: self.in_form(name, value) for name, value in columns.items()}
        differing = [name for name, value in values.items() if self._is_other(name, value)]
        for name in differing:
            setattr(self, name, values[name])
        return differing

    def differs(self, name: str, value: Any) -> bool:
        """Whether the column has another value; does not read a related row."""
        return self._is_other(name, self.in_form(name, value))

    def _is_other(self, name: str, value: Any) -> bool:
        column: Any = self._meta.get_field(name)
        if column.is_relation:
            return bool(getattr(self, column.attname) != getattr(value, "pk", None))
        return bool(getattr(self, name) != value)

    def in_form(self, name: str, value: Any) -> Any:
        """The value as the column returns it."""
        column: Any = self._meta.get_field(name)
        return value if column.is_relation else column.to_python(value)

    def save_changes(self, *members: str) -> None:
        """Write these members and the next version.

        Call it in `writing()`, with the row read there. Members that are no columns are only
        marked.
        """
        self.version += 1
        marked = dict.fromkeys(members, self.version)
        self.changed_in = {**self.changed_in, **marked}
        with self.rippling_from(members):
            super().save(update_fields=self._columns(members))
            enter_written(self.account_id, [self])

    def rippling_from(
        self, members: Collection[str], *, dying: bool = False
    ) -> AbstractContextManager[None]:
        """`rippling` for this row only. Call it in `writing()`, with the row read there."""
        return self.rippling(self.account_id, self._own_row(), members, dying=dying)

    def _columns(self, members: Sequence[str]) -> Sequence[str]:
        columns = {column.name for column in self._meta.concrete_fields}
        if "updated_at" in columns:
            self.updated_at = timezone.now()
        return sorted(columns & {*members, *OWN_COLUMNS, *self.derived})

    def _own_row(self) -> "QuerySet[Any]":
        return QuerySet(type(self)).filter(pk=self.pk)


def _value(row: models.Model, name: str) -> Any:
    return row._meta.get_field(name).value_from_object(row)  # type: ignore[union-attr]
