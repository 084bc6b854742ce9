"""The feed of an account: the objects that its devices sync, in the order of their changes.

Every write goes through `Synced` and its queryset, whichever method of Django the caller uses. They
increment the version, mark the changed members, and move the row's entry to the end of the feed.
docs/sync.md says what clients may rely on. docs/decisions/0017-one-feed-per-account.md gives the
reasons.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import DateTimeField, F, QuerySet, Value, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.columns import FoldedField, Folding
from core.db_functions import MarkedIn, RandomUUID

BATCH = 500  # keys in one statement
OWN_COLUMNS = {"version", "changed_in", "updated_at"}  # written with every change


class FeedCounter(models.Model):
    """The number of changes of an account. Every transaction that changes a row locks it first.

    A restored database begins a new epoch, because devices may be ahead of it.
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("account"),
    )
    seq = models.PositiveBigIntegerField(_("changes"), default=0)
    epoch = models.UUIDField(_("epoch"), default=uuid.uuid4, db_default=RandomUUID())

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")

    def __str__(self) -> str:
        return f"{self.account_id}: {self.seq}"


class FeedEntry(models.Model):
    """The last change of one object. A permanently deleted object keeps its entry.

    So no id is reused as long as the account exists.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # both constraints start with it
        verbose_name=_("account"),
    )
    kind = models.CharField(_("kind"), max_length=16)
    object_id = models.UUIDField(_("object"))
    seq = models.PositiveBigIntegerField(_("place"))
    version = models.PositiveBigIntegerField(_("version"))
    deleted = models.BooleanField(_("deleted"), default=False)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("feed entry")
        verbose_name_plural = _("feed entries")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "kind", "object_id"), name="core_feedentry_one_of_an_object"
            ),
            models.UniqueConstraint(fields=("account", "seq"), name="core_feedentry_place"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}, version {self.version}"


# One statement creates the counter, locks it until the transaction ends, and draws numbers.
_DRAW = """
INSERT INTO core_feedcounter AS held (account_id, seq) VALUES (%s, %s)
ON CONFLICT (account_id) DO UPDATE SET seq = held.seq + excluded.seq
RETURNING seq
"""
_ENTER = """
INSERT INTO core_feedentry (account_id, kind, object_id, seq, version, deleted, changed_at)
{rows}
ON CONFLICT (account_id, kind, object_id) DO UPDATE
SET seq = excluded.seq, version = excluded.version, deleted = excluded.deleted,
    changed_at = excluded.changed_at
"""


_SET = "UPDATE core_feedcounter SET seq = %s WHERE account_id = %s"


class _Numbers:
    """The numbers of a locked account. No other transaction draws any, so one write suffices."""

    def __init__(self, account_id: uuid.UUID) -> None:
        self.account_id = account_id
        self.stored = self.last = _draw(account_id, 0)

    def write(self) -> None:
        if self.last != self.stored:
            with connection.cursor() as cursor:
                cursor.execute(_SET, [self.last, _key(self.account_id)])


# The accounts that an enclosing `writing()` block has locked.
_held: ContextVar[Mapping[uuid.UUID, _Numbers]] = ContextVar("held", default=MappingProxyType({}))


@contextmanager
def writing(*account_ids: uuid.UUID, savepoint: bool = False) -> Iterator[None]:
    """A transaction that changes rows of these accounts; other writers wait until it ends.

    Enter it before you read any row that the change depends on. Within another transaction it
    becomes a part of that one, which survives an error only with a savepoint.
    """
    held = _held.get()
    with transaction.atomic(savepoint=savepoint):
        # In ascending order, so that no two transactions can wait for each other.
        new = {each: _Numbers(each) for each in sorted({*account_ids} - held.keys())}
        token = _held.set({**held, **new})
        try:
            yield
        finally:
            _held.reset(token)
        for numbers in new.values():
            numbers.write()


def draw(account_id: uuid.UUID, amount: int) -> int:
    """Lock the account's counter, draw this many new numbers and return the last."""
    numbers = _held.get().get(account_id)
    if numbers is None:
        return _draw(account_id, amount)
    numbers.last += amount
    return numbers.last


def _draw(account_id: uuid.UUID, amount: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, [_key(account_id), amount])
        last: int = cursor.fetchone()[0]
    return last


def _key(account_id: uuid.UUID) -> Any:
    return models.UUIDField().get_db_prep_value(account_id, connection)


def stamp(account_id: uuid.UUID, rows: "QuerySet[Any]", *members: str, **columns: Any) -> int:
    """Change any number of rows of one account in two statements.

    Writes the columns and the next version, marks the columns and the other `members` as changed,
    and moves the rows to the end of the feed. Call it in `writing()`.
    """
    names = [*members, *rows.model.seen(columns)]
    with rows.model.rippling(account_id, rows, names):
        changed = _enter(rows, after=draw(account_id, 0), raised=1)
        draw(account_id, changed)
        marked = MarkedIn("changed_in", F("version") + 1, names)
        now = {"updated_at": timezone.now()} if _is_dated(rows.model) else {}
        QuerySet.update(rows, **columns, **now, version=F("version") + 1, changed_in=marked)
    return changed


def dead_entry(account_id: uuid.UUID, kind: str, object_id: uuid.UUID) -> FeedEntry | None:
    """The feed entry of a permanently deleted object."""
    return dead_entries(account_id, kind, [object_id]).get(object_id)


def dead_entries(
    account_id: uuid.UUID, kind: str, object_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, FeedEntry]:
    """The feed entries of permanently deleted objects, by id."""
    entries = FeedEntry.objects.filter(account_id=account_id, kind=kind, object_id__in=object_ids)
    return {entry.object_id: entry for entry in entries.filter(deleted=True)}


def _enter(rows: "QuerySet[Any]", *, after: int, raised: int = 0, deleted: bool = False) -> int:
    """Move the rows to the places after `after`, and return how many they are.

    The caller is about to increment their versions by `raised`.
    """
    model: type[Synced] = rows.model
    numbered = rows.order_by().values_list(
        F(model.account_column),
        Value(model.feed_kind),
        F(model.feed_key),
        Value(after) + Window(RowNumber(), order_by="pk"),
        F("version") + raised,
        Value(deleted),
        Value(timezone.now(), DateTimeField()),
    )
    try:
        sql, parameters = numbered.query.sql_with_params()
    except EmptyResultSet:  # Django knows that no row matches
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ENTER.format(rows=sql), parameters)
        return int(cursor.rowcount)


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
                keys = [row.pk for row in made if row.account_id == each]
                for start in range(0, len(keys), BATCH):
                    some = self.filter(pk__in=keys[start : start + BATCH])
                    draw(each, _enter(some, after=draw(each, 0)))
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
                super().save(force_insert=True, using=using)
                _enter(self._own_row(), after=draw(self.account_id, 1) - 1)
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
        draw(account_id, _enter(rows, after=draw(account_id, 0), raised=1, deleted=True))
        with cls.rippling(account_id, rows, cls.seen(), dying=True):
            yield

    def _save_what_differs(self, names: Iterable[str] | None) -> None:
        """Compare with the stored row, which may have changed since this object was read."""
        stored: Synced = QuerySet(type(self)).get(pk=self.pk)
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
        differing = [name for name, value in values.items() if getattr(self, name) != value]
        for name in differing:
            setattr(self, name, values[name])
        return differing

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
            place = draw(self.account_id, 1)
            super().save(update_fields=self._columns(members))
            _enter(self._own_row(), after=place - 1)

    def rippling_from(self, members: Collection[str]) -> AbstractContextManager[None]:
        """`rippling` for this row only. Call it in `writing()`, with the row read there."""
        return self.rippling(self.account_id, self._own_row(), members)

    def _columns(self, members: Sequence[str]) -> Sequence[str]:
        columns = {column.name for column in self._meta.concrete_fields}
        if "updated_at" in columns:
            self.updated_at = timezone.now()
        return sorted(columns & {*members, *OWN_COLUMNS, *self.derived})

    def _own_row(self) -> "QuerySet[Any]":
        return QuerySet(type(self)).filter(pk=self.pk)


def _value(row: models.Model, name: str) -> Any:
    return row._meta.get_field(name).value_from_object(row)  # type: ignore[union-attr]
