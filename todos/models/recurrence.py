"""To-dos that come again: finishing one makes the next, and reopening it takes that back.

`Todo.save_changes` calls `follow`, so every way of finishing passes here, with its account locked.
"""

from datetime import date, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.feed import dead_entry
from todos import recurrence
from todos.models.due import Due, check, zone_of
from todos.models.reminders import for_next
from todos.models.usage import Usage

NAME: Final = "next"  # of the UUIDv5 in the namespace of the finished to-do's id
KEPT: Final = ("title", "notes", "priority", "position", "recurrence_from")


class RecurrenceFrom(models.TextChoices):
    DUE = "due", _("when it was due")
    COMPLETION = "completion", _("when it was finished")


class RuleField(models.CharField[Any, Any]):
    """The text of a Rule in its one spelling, or null."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = {"max_length": recurrence.LENGTH, "null": True, "blank": True, **kwargs}
        super().__init__(*args, **given)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        text = str(value)
        if len(text) > recurrence.LENGTH:
            raise ValidationError(_("This rule is too long."), code="max_length")
        return str(recurrence.read(text))

    def deconstruct(self) -> Any:
        """For migrations it is a text."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def rule_of(todo: Any) -> recurrence.Rule | None:
    """None if it does not come again, or if a rule was written past all checks."""
    try:
        return recurrence.read(todo.recurrence) if todo.recurrence else None
    except ValidationError:
        return None


def follow(todo: Any) -> None:
    """The to-do has just been finished or reopened. The caller is `writing`."""
    rule = rule_of(todo)
    if rule is None:
        return
    if todo.is_finished:
        _make_next(todo, rule)
    else:
        _withdraw_next(todo)


def _make_next(todo: Any, rule: recurrence.Rule) -> None:
    """Exactly one, however often the to-do is finished."""
    due, left = _next_due(todo, rule), rule.counted_down()
    if due is None or left is None:
        return
    key, known = _next_row(todo)
    if known is not None and known.deleted_at is None:
        return
    tags = [tag.name for tag in todo.tags.all()]
    fields = {name: getattr(todo, name) for name in KEPT}
    fields |= {"list": todo.list, "due": due, "recurrence": str(left)}
    fields["start_on"] = _start(todo, due)
    fields["reminders"] = for_next(todo, key, due, zone_of(todo.owner_id))
    row = known or type(todo)(pk=key, owner=todo.owner, created_by=todo.owner_id, **fields)
    if known is None:
        row.save(force_insert=True)
        row.set_tags(tags)
        _count(todo)
    else:
        row.change(tags=tags, deleted_at=None, status="open", **fields)
    row.made_in = row.version
    row.save(update_fields=["made_in"])


def _withdraw_next(todo: Any) -> None:
    """Into the trash, if nobody has touched it since it was made."""
    _key, row = _next_row(todo)
    if row is not None and row.deleted_at is None and row.version == row.made_in:
        row.change(deleted_at=timezone.now())


def _next_row(todo: Any) -> tuple[UUID, Any]:
    """The id of the next one, and the row if there is one.

    An id is never used twice: what was removed for good, or is another person's, is passed over.
    """
    keys = (uuid5(todo.pk, NAME if each == 1 else f"{NAME} {each}") for each in count(1))
    while True:
        key = next(keys)
        row = type(todo).objects.filter(pk=key).first()
        if row is None and dead_entry(todo.owner_id, todo.feed_kind, key) is None:
            return key, None
        if row is not None and row.owner_id == todo.owner_id:
            row.owner = todo.owner
            return key, row


def _next_due(todo: Any, rule: recurrence.Rule) -> Due | None:
    """None behind the last."""
    due = todo.due or Due(on=_finished_on(todo, zone_of(todo.owner_id)))
    zone = ZoneInfo(due.time_zone) if due.time_zone else zone_of(todo.owner_id)
    is_late = todo.recurrence_from == RecurrenceFrom.COMPLETION
    start = _finished_on(todo, zone) if is_late else due.on
    day = rule.after(start, start)
    if day is None or rule.ends_before(day, due.at, zone):
        return None
    following = Due(day, due.at, due.time_zone)
    try:
        check(following)
    except ValidationError:  # at the end of the calendar
        return None
    return following


def occurrences(todo: Any, limit: int) -> list[Due]:
    """When it is due, now and then, if it were finished on each of the days."""
    rule = rule_of(todo)
    if rule is None:
        return []
    home = zone_of(todo.owner_id)
    due = todo.due or Due(on=timezone.now().astimezone(home).date())
    zone = ZoneInfo(due.time_zone) if due.time_zone else home
    days = rule.occurrences(due.on, due.at, zone, limit)
    return [Due(day, due.at, due.time_zone) for day in days]


def _finished_on(todo: Any, zone: ZoneInfo) -> date:
    return (todo.finished_at or timezone.now()).astimezone(zone).date()


def _start(todo: Any, due: Due) -> date | None:
    """As long before the due as it was."""
    if todo.start_on is None or todo.due is None:
        return None
    start: date = todo.start_on + timedelta(days=(due.on - todo.due.on).days)
    return start


def _count(todo: Any) -> None:
    """It takes room, but no quota keeps anybody from finishing."""
    size = len(todo.notes.encode())
    usage = Usage.objects.filter(owner=todo.owner_id)
    usage.update(todos=F("todos") + 1, bytes=F("bytes") + size)
