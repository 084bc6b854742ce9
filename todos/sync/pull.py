"""The changes after a cursor, in the order of the feed."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from accounts.models import User
from core.feed import FeedEntry
from todos.sync.cursor import Cursor, counter_of
from todos.sync.kinds import KINDS

MAX_LIMIT: Final = 500
PAGE_BYTES: Final = 1_000_000  # Lambda responses hold 6 MB, and JSON writes an emoji as 12 bytes
_MEMBERS_BYTES: Final = 700  # of an object without its texts


@dataclass(frozen=True)
class Page:
    changes: list[dict[str, Any]]
    cursor: str
    has_more: bool


def changes_behind(account: User, text: str | None, limit: int = MAX_LIMIT) -> Page:
    """A page of up to `limit` changes and about 1 MB. Raises Resync."""
    counter = counter_of(account)
    cursor = Cursor.read(text, counter) if text else Cursor.beginning(counter)
    entries = list(_entries(account, cursor, limit + 1))
    shown, more = _fitting(account, entries[:limit])
    place = shown[-1][0] if shown else cursor.place
    if len(entries) <= limit and not more:
        place = max(place, counter.seq)  # read before the entries, so nothing up to it is missing
    changes = [change for _place, change in shown if change]
    return Page(changes, str(cursor.at(place)), more or len(entries) > limit)


def _entries(account: User, cursor: Cursor, amount: int) -> Any:
    entries = FeedEntry.objects.filter(account=account, seq__gt=cursor.place)
    shown = entries.exclude(deleted=True, seq__lte=cursor.began).order_by("seq")
    names = ("seq", "kind", "object_id", "version", "deleted")
    return shown.values_list(*names, named=True)[:amount]


def _fitting(
    account: User, entries: list[Any]
) -> tuple[list[tuple[int, dict[str, Any] | None]], bool]:
    """(place, change) of the entries that fit into a page, and whether more are left.

    The change is None for an object that was deleted after the entries were read; its deletion
    comes later in the feed.
    """
    rows = _rows(account, entries)
    shown: list[tuple[int, dict[str, Any] | None]] = []
    size = 0
    for entry in entries:
        change = _change(entry, rows)
        size += _size(change)
        if shown and size > PAGE_BYTES:
            return shown, True
        shown.append((entry.seq, change))
    return shown, False


def _rows(account: User, entries: list[Any]) -> dict[tuple[str, UUID], Any]:
    keys: dict[str, list[UUID]] = defaultdict(list)
    for entry in entries:
        if not entry.deleted:
            keys[entry.kind].append(entry.object_id)
    return {
        (name, key): row
        for name, wanted in keys.items()
        for key, row in KINDS[name].read(account, wanted).items()
    }


def _change(entry: Any, rows: dict[tuple[str, UUID], Any]) -> dict[str, Any] | None:
    named = {"kind": entry.kind, "id": str(entry.object_id)}
    if entry.deleted:
        return {**named, "op": "purge", "version": entry.version}
    row = rows.get((entry.kind, entry.object_id))
    if row is None:
        return None
    content = KINDS[entry.kind].show(row)
    return {**named, "op": "upsert", "version": row.version, entry.kind: content}


def _size(change: dict[str, Any] | None) -> int:
    return size_of((change or {}).get((change or {}).get("kind", "")))


def size_of(content: dict[str, Any] | None) -> int:
    """The approximate size of an object in a response, in bytes."""
    texts = (value for value in (content or {}).values() if isinstance(value, str))
    return _MEMBERS_BYTES + sum(len(text.encode()) for text in texts)
