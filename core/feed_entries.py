"""The feed as its two tables hold it: the counter of an account, and the entry of each object.

`writing()` locks an account. core.feed says which rows enter the feed, and when.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import DateTimeField, F, QuerySet, Value, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.db_functions import RandomUUID

BATCH = 500  # keys in one statement
_TOGETHER = 100  # entries in one statement: SQLite may allow 999 parameters


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
_SET = "UPDATE core_feedcounter SET seq = %s WHERE account_id = %s"
# An entry that has waited is older than one that did not, and never replaces it.
_ENTER = """
INSERT INTO core_feedentry (account_id, kind, object_id, seq, version, deleted, changed_at)
{rows}
ON CONFLICT (account_id, kind, object_id) DO UPDATE
SET seq = excluded.seq, version = excluded.version, deleted = excluded.deleted,
    changed_at = excluded.changed_at
WHERE core_feedentry.seq < excluded.seq
"""
_Entry = Sequence[Any]  # the columns of _ENTER


class _Numbers:
    """The numbers of a locked account. No other transaction draws any, so one write suffices."""

    def __init__(self, account_id: uuid.UUID) -> None:
        self.account_id = account_id
        self.stored = self.last = _draw(account_id, 0)
        self.entered: Counter[str] = Counter()
        self.waiting: dict[Any, _Entry] | None = None  # by object, while they are gathered

    def write(self) -> None:
        if self.last != self.stored:
            with connection.cursor() as cursor:
                cursor.execute(_SET, [self.last, _key(self.account_id)])

    def enter_waiting(self) -> None:
        if self.waiting:
            _insert(list(self.waiting.values()))
            self.waiting.clear()


# The accounts that an enclosing `writing()` block has locked.
_held: ContextVar[Mapping[uuid.UUID, _Numbers]] = ContextVar("held", default=MappingProxyType({}))


# --- The lock -------------------------------------------------------------------------------------


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


@contextmanager
def gathering(account_id: uuid.UUID) -> Iterator[None]:
    """Enter the rows that are written one by one into the feed together, at the end.

    Call it in `writing()`. An error undoes the whole block; never undo only a part of it, because
    the entries of that part would still be written.
    """
    numbers = _held.get()[account_id]
    with transaction.atomic():
        numbers.waiting = {}
        try:
            yield
            numbers.enter_waiting()
        finally:
            numbers.waiting = None


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


# --- Entries --------------------------------------------------------------------------------------


def entered(account_id: uuid.UUID) -> Counter[str]:
    """How many changes of each kind this `writing()` block has entered so far."""
    return Counter(_held.get()[account_id].entered)


def dead_entry(account_id: uuid.UUID, kind: str, object_id: uuid.UUID) -> FeedEntry | None:
    """The feed entry of a permanently deleted object."""
    return dead_entries(account_id, kind, [object_id]).get(object_id)


def dead_entries(
    account_id: uuid.UUID, kind: str, object_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, FeedEntry]:
    """The feed entries of permanently deleted objects, by id."""
    if numbers := _held.get().get(account_id):
        numbers.enter_waiting()
    entries = FeedEntry.objects.filter(account_id=account_id, kind=kind, object_id__in=object_ids)
    return {entry.object_id: entry for entry in entries.filter(deleted=True)}


def enter(
    account_id: uuid.UUID, rows: "QuerySet[Any]", *, raised: int = 0, deleted: bool = False
) -> int:
    """Move rows of the account to the end of the feed, and return how many they are.

    The caller is about to increment their versions by `raised`.
    """
    model: Any = rows.model
    numbered = rows.order_by().values_list(
        F(model.account_column),
        Value(model.feed_kind),
        F(model.feed_key),
        Value(draw(account_id, 0)) + Window(RowNumber(), order_by="pk"),
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
        changed = int(cursor.rowcount)
    _drawn(account_id, model, changed)
    return changed


def enter_written(account_id: uuid.UUID, rows: Sequence[Any], *, deleted: bool = False) -> None:
    """As `enter`, for rows of one kind as the caller has just written them, or will delete them."""
    place = _drawn(account_id, rows[0], len(rows)) - len(rows)
    found = {}
    for number, row in enumerate(rows, start=1):
        entry = _prepared(account_id, row, place + number, deleted=deleted)
        found[entry[1], entry[2]] = entry
    numbers = _held.get().get(account_id)
    if numbers is None or numbers.waiting is None:
        _insert(list(found.values()))
    else:
        numbers.waiting.update(found)


def _drawn(account_id: uuid.UUID, kind_of: Any, amount: int) -> int:
    """Draw the numbers of these changes, and count them."""
    if numbers := _held.get().get(account_id):
        numbers.entered[kind_of.feed_kind] += amount
    return draw(account_id, amount)


def _prepared(account_id: uuid.UUID, row: Any, place: int, *, deleted: bool) -> _Entry:
    key, now = getattr(row, row.feed_key), timezone.now()
    values = (account_id, row.feed_kind, key, place, row.version, deleted, now)
    columns = FeedEntry._meta.concrete_fields[1:]
    return [
        column.get_db_prep_save(value, connection)
        for column, value in zip(columns, values, strict=True)
    ]


def _insert(entries: Sequence[_Entry]) -> None:
    for start in range(0, len(entries), _TOGETHER):
        some = entries[start : start + _TOGETHER]
        row = f"({', '.join(['%s'] * len(some[0]))})"
        sql = _ENTER.format(rows=f"VALUES {', '.join([row] * len(some))}")
        with connection.cursor() as cursor:
            cursor.execute(sql, [value for entry in some for value in entry])
