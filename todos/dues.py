"""Converts dues of a release with moments and days only. Safe at any time, and to repeat."""

from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import zone_called
from core.feed import draw, writing
from todos.models import Due, Todo
from todos.models.due import NEVER, renew_order, zone_of

BATCH: Final = 200
BEFORE: Final = ("due_at", "due_on")  # the former columns, which may be marked as changed


def due_before(row: Any, zone: ZoneInfo) -> Due | None:
    """The due in the two former columns; a moment becomes a minute in the person's time zone."""
    if row.due_at:
        return Due.at_moment(row.due_at, zone)
    return Due(row.due_on) if row.due_on else None


def marks_after(changed_in: dict[str, int]) -> dict[str, int]:
    """The marks of changes, with the later version of the two columns as that of the due."""
    at = max((changed_in.get(name, 0) for name in (*BEFORE, "due")), default=0)
    kept = {name: version for name, version in changed_in.items() if name not in BEFORE}
    return {**kept, "due": at} if at else kept


# --- For the migration ----------------------------------------------------------------------------


def bring_dues(todo: Any, feed_entry: Any) -> None:
    """Set the due and the next version of every to-do, and move it to the end of the feed.

    All to-dos change, because their responses have new members. Each batch is a transaction that
    locks the account's counter, as all writers do. Can be repeated after an interruption.
    """
    owners = todo.objects.order_by("owner").values_list("owner", "owner__time_zone").distinct()
    for owner, zone in list(owners):
        keys = list(todo.objects.filter(owner=owner).order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(keys), BATCH):
            with transaction.atomic():
                place = draw(owner, 0)
                rows = list(todo.objects.filter(pk__in=keys[start : start + BATCH]))
                _bring(todo, rows, zone_called(zone))
                entries = [_entry(feed_entry, row, place + n) for n, row in enumerate(rows, 1)]
                feed_entry.objects.bulk_create(
                    entries,
                    update_conflicts=True,
                    unique_fields=["account", "kind", "object_id"],
                    update_fields=["seq", "version", "deleted", "changed_at"],
                )
                draw(owner, len(rows))


def _bring(todo: Any, rows: list[Any], zone: ZoneInfo) -> None:
    for row in rows:
        due = Due.read(row.due) if row.due else due_before(row, zone)
        row.due, row.due_at = due and str(due), due and due.due_at
        row.due_order = due.order(zone) if due else NEVER
        row.changed_in = marks_after(row.changed_in)
        row.version, row.updated_at = row.version + 1, timezone.now()
    columns = ["due", "due_at", "due_order", "changed_in", "version", "updated_at"]
    todo.objects.bulk_update(rows, columns)


def _entry(feed_entry: Any, row: Any, place: int) -> Any:
    return feed_entry(
        account_id=row.owner_id,
        kind="todo",
        object_id=row.pk,
        seq=place,
        version=row.version,
        changed_at=row.updated_at,
    )


# --- For the nightly job --------------------------------------------------------------------------


def take_over() -> int:
    """Convert dues that the former release wrote during a deploy; returns how many changed.

    Then renew orders that do not match the person's time zone, because that release wrote another
    order, and because the rules of time zones change.
    """
    marked = Q(changed_in__has_any_keys=BEFORE)
    unread = Q(due=None) & ~Q(due_at=None, due_on=None)
    keys = list(Todo.objects.filter(marked | unread).values_list("pk", flat=True))
    for key in keys:
        _take_over(Todo.objects.get(pk=key))
    return len(keys) + sum(map(_renewed, set(_accounts_out_of_order())))


def _take_over(todo: Todo) -> None:
    with writing(todo.owner_id):
        todo.refresh_from_db()
        before = todo.changed_in
        since = max(before.get(name, 0) for name in BEFORE)
        todo.changed_in = marks_after(before)
        if before.get("due", 0) <= since:
            todo.change(due=due_before(todo, zone_of(todo.owner_id)))
        Todo.objects.filter(pk=todo.pk).update(changed_in=todo.changed_in)


def _accounts_out_of_order() -> Iterator[Any]:
    columns = ("owner", "owner__time_zone", "due", "due_order")
    rows = Todo.objects.exclude(due=None).order_by().values_list(*columns).distinct()
    for owner, zone, due, order in rows.iterator():
        if due and due.order(zone_called(zone)) != order:
            yield owner


def _renewed(owner: Any) -> int:
    with writing(owner):
        own = Todo.objects.of(owner)
        late = [
            todo for todo in own.exclude(due_at=None) if todo.due and todo.due.due_at != todo.due_at
        ]
        for todo in late:  # responses contain the moment
            todo.save_changes("due")
        return len(late) + renew_order(own, zone_of(owner))
