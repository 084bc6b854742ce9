"""What must be true of every feed at any time."""

import uuid

from accounts.models import User
from core.feed import FeedCounter, FeedEntry, Synced, SyncedQuerySet
from todos.models import List, SavedFilter, Tag, Todo
from todos.models.subtasks import LEVELS

SYNCED: tuple[type[Synced], ...] = (List, SavedFilter, Tag, Todo, User)


def living(account: User) -> dict[tuple[str, str], int]:
    """The versions of all that the account's devices keep, as the tables have them."""
    return {
        (model.feed_kind, str(key)): version
        for model in SYNCED
        for key, version in SyncedQuerySet(model)
        .of(account.pk)
        .values_list(model.feed_key, "version")
    }


def fed(account: User, *, deleted: bool = False) -> dict[tuple[str, str], int]:
    """The same, as the feed has them."""
    entries = FeedEntry.objects.filter(account=account, deleted=deleted)
    return {(entry.kind, str(entry.object_id)): entry.version for entry in entries}


def last(account: User) -> tuple[str, str]:
    """What changed last."""
    entry = FeedEntry.objects.filter(account=account).latest("seq")
    return entry.kind, str(entry.object_id)


def check(account: User) -> None:
    """The feed says what the tables hold, and no number is beyond the counter's."""
    assert fed(account) == living(account)
    assert not fed(account, deleted=True).keys() & living(account).keys()
    places = list(FeedEntry.objects.filter(account=account).values_list("seq", flat=True))
    assert max(places) <= FeedCounter.objects.get(account=account).seq
    check_trees(account)


def check_trees(account: User) -> None:
    """Where to-dos may stand below each other."""
    rows = {row.pk: row for row in Todo.objects.of(account.pk)}
    for row in rows.values():
        parent = rows[row.parent_id] if row.parent_id else None
        assert depth(row, rows) <= LEVELS
        assert parent is None or parent.list_id == row.list_id
        if parent is not None and row.deleted_at is None:
            assert parent.deleted_at is None
            assert row.is_finished or not parent.is_finished


def depth(row: Todo, rows: dict[uuid.UUID, Todo]) -> int:
    """Never ends in a circle: there is none."""
    return 1 + (depth(rows[row.parent_id], rows) if row.parent_id else 0)
