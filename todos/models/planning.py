"""Updates the times of reminders after changes of due, time zone, status or trash.

Call it in `writing()`, so that no to-do of a person changes while their reminders are sent.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.utils import timezone

from accounts.models import User, zone_called
from core.feed import BATCH
from todos.models.firings import Firing

CAUSES: Final = frozenset({"due", "status", "deleted_at", "reminders"})
COLUMNS: Final = ("channel", "fire_at", "next_at", "handed_at", "notice")


def affected(rows: Any, members: Iterable[str]) -> list[UUID]:
    """The to-dos whose reminders depend on one of these members."""
    if "reminders" in members:
        return list(rows.order_by().values_list("pk", flat=True))
    if CAUSES.isdisjoint(members):
        return []
    found = rows.order_by().filter(firings__isnull=False)
    return list(found.values_list("pk", flat=True).distinct())


def plan(account_id: UUID, keys: list[UUID]) -> None:
    """Plan the reminders of these to-dos."""
    for start in range(0, len(keys), BATCH):
        _plan(account_id, keys[start : start + BATCH])


def plan_all(account_id: UUID) -> None:
    """Plan all reminders of a person after a change of the time zone."""
    planned = Firing.objects.filter(owner=account_id).order_by()
    plan(account_id, list(planned.values_list("todo", flat=True).distinct()))


def _plan(account_id: UUID, keys: list[UUID]) -> None:
    held = {(it.todo_id, it.reminder_id): it for it in Firing.objects.filter(todo__in=keys)}
    wanted = list(_wanted(account_id, keys, held))
    Firing.objects.bulk_create(
        wanted,
        update_conflicts=True,
        unique_fields=["todo", "reminder_id"],
        update_fields=COLUMNS,
    )
    named = {(it.todo_id, it.reminder_id) for it in wanted}
    gone = [it.pk for name, it in held.items() if name not in named]
    if gone:
        Firing.objects.filter(pk__in=gone).delete()


def _wanted(account_id: UUID, keys: list[UUID], held: dict[Any, Firing]) -> Iterable[Firing]:
    zone_name, hour = User.objects.filter(pk=account_id).values_list("time_zone", "digest_hour")[0]
    zone, now = zone_called(zone_name), timezone.now()
    todos = apps.get_model("todos", "Todo").objects.filter(pk__in=keys)
    for todo in todos.only("due", "status", "deleted_at", "reminders"):
        is_open = todo.deleted_at is None and not todo.is_finished
        for reminder in todo.reminders:
            firing = held.get((todo.pk, reminder.id)) or Firing(
                owner_id=account_id, todo_id=todo.pk, reminder_id=reminder.id
            )
            firing.channel = reminder.channel
            _plan_one(firing, reminder.moment(todo.due, zone, hour), now, is_open=is_open)
            yield firing


def _plan_one(firing: Firing, moment: datetime | None, now: datetime, *, is_open: bool) -> None:
    """Skip a moment in the past, unless it already waits to be sent."""
    moved, firing.fire_at = firing.fire_at != moment, moment
    if not is_open or moment is None:
        firing.next_at = None
    elif moved or firing.next_at is None:
        is_ahead = moment > now and moment != firing.fired_for
        firing.next_at = moment if is_ahead else None
    if moved or firing.next_at is None:
        firing.handed_at = None
    if moved:
        firing.notice = None
