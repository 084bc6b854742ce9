"""Recurring to-dos: finishing one creates the next, and reopening it undoes that.

`Todo.save_changes` calls `follow`, so this covers every way to finish, with the account locked.
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

from core.feed import BATCH, dead_entries, dead_entry
from core.values import in_range
from todos import recurrence
from todos.models import subtasks
from todos.models.due import Due, check, zone_of
from todos.models.reminders import for_next
from todos.models.usage import Usage

NAME: Final = "next"  # for a UUIDv5 in the namespace of the finished to-do's id
KEPT: Final = ("title", "notes", "priority", "position", "recurrence_from")


class RecurrenceFrom(models.TextChoices):
    DUE = "due", _("when it was due")
    COMPLETION = "completion", _("when it was finished")


class RuleField(models.CharField[Any, Any]):
    """The normalized text of a Rule, or null."""

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
        """A CharField in migrations."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def rule_of(todo: Any) -> recurrence.Rule | None:
    """The rule of a to-do; None if it has none or an invalid one."""
    try:
        return recurrence.read(todo.recurrence) if todo.recurrence else None
    except ValidationError:
        return None


def follow(todo: Any) -> None:
    """Create or withdraw the next to-do after a change of status. Call it in `writing()`."""
    rule = rule_of(todo)
    if rule is None:
        return
    if todo.is_finished:
        _make_next(todo, rule)
    else:
        _withdraw_next(todo)


def _make_next(todo: Any, rule: recurrence.Rule) -> None:
    """Create exactly one, however often the to-do is finished."""
    zone = zone_of(todo.owner_id)
    due, left = _next_due(todo, rule, zone), rule.counted_down()
    if due is None or left is None:
        return
    key, known = _next_row(todo)
    if known is not None and known.deleted_at is None:
        return
    tags = [tag.name for tag in todo.tags.all()]
    fields = {name: getattr(todo, name) for name in KEPT}
    fields |= {"list": todo.list, "parent": todo.parent, "due": due, "recurrence": str(left)}
    fields["start_on"] = _start(todo, due)
    fields["reminders"] = for_next(todo, key, todo.due, due, zone)
    todo.has_reached_others = True
    if known is None:
        row = type(todo)(pk=key, owner=todo.owner, created_by=todo.owner_id, made_in=1, **fields)
        row.insert(tags)
        _count(todo)
    else:
        row = known
        row.change(tags=tags, deleted_at=None, status="open", **fields)
        _keep(row)
    if known is not None or subtasks.levels_below(todo)[0].exists():
        _Copies(todo, row, zone).make()


def _keep(row: Any) -> None:
    """Record the current version as the version of the creation."""
    row.made_in = row.version
    row.save(update_fields=["made_in"])


def _withdraw_next(todo: Any) -> None:
    """Move the next to-do to the trash, unless it has been changed."""
    _key, row = _next_row(todo)
    if row is None or row.deleted_at or row.version != row.made_in:
        return
    if subtasks.untouched(row):
        todo.has_reached_others = True
        row.change(deleted_at=timezone.now())


def _next_row(todo: Any) -> tuple[UUID, Any]:
    """The id of the next to-do, and its row if it exists.

    Skips the ids of permanently deleted to-dos and of other people's, because ids are not reused.
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


def _next_due(todo: Any, rule: recurrence.Rule, home: ZoneInfo) -> Due | None:
    """The due of the next to-do; None after the last."""
    due = todo.due or Due(on=_finished_on(todo, home))
    zone = ZoneInfo(due.time_zone) if due.time_zone else home
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
    """The present due and the next ones, if each is finished on its day."""
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
    """The start day, as many days before the due as before."""
    if todo.start_on is None or todo.due is None:
        return None
    return later(todo.start_on, (due.on - todo.due.on).days)


def later(day: date, days: int) -> date | None:
    """A day so many days later; None after the end of the calendar."""
    try:
        moved = day + timedelta(days=days)
    except OverflowError:
        return None
    return moved if in_range(moved) else None


def _count(*todos: Any) -> None:
    """Count the copies without a limit, so that no quota prevents finishing."""
    size = sum(len(todo.notes.encode()) for todo in todos)
    usage = Usage.objects.filter(owner=todos[0].owner_id)
    usage.update(todos=F("todos") + len(todos), bytes=F("bytes") + size)


class _Copies:
    """Copies the subtasks of a recurring to-do: open, at the same distance from the due.

    A finished recurring subtask is represented by its own next to-do.
    """

    def __init__(self, todo: Any, made: Any, zone: ZoneInfo) -> None:
        self.todo, self.made = todo, {todo.pk: made}
        self.days = (made.due.on - todo.due.on).days if todo.due else 0
        self.zone = zone

    def make(self) -> None:
        top = self.made[self.todo.pk]
        subtasks.all_below(top).update(made_in=F("version"))  # it was unchanged and is restored
        for level in subtasks.levels_below(self.todo):
            rows = level.filter(deleted_at=None).order_by("pk").prefetch_related("tags")
            self._make_level([row for row in rows if self._comes(row)])
        kept = {it.pk for it in self.made.values()}
        for row in subtasks.all_below(top).filter(deleted_at=None, made_in=F("version")):
            if row.pk not in kept:
                row.change(deleted_at=timezone.now())

    def _comes(self, row: Any) -> bool:
        return row.parent_id in self.made and not (row.is_finished and row.recurrence)

    def _make_level(self, rows: list[Any]) -> None:
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            taken = self._taken([uuid5(row.pk, NAME) for row in some])
            self._make_new([row for row in some if uuid5(row.pk, NAME) not in taken])
            for row in some:
                if uuid5(row.pk, NAME) in taken:
                    self._renew(row)

    def _taken(self, keys: list[UUID]) -> set[UUID]:
        """The keys that other to-dos use or have used."""
        rows = type(self.todo).objects.filter(pk__in=keys)
        dead = dead_entries(self.todo.owner_id, self.todo.feed_kind, keys)
        return {*rows.values_list("pk", flat=True), *dead}

    def _make_new(self, rows: list[Any]) -> None:
        model = type(self.todo)
        made = [self._new(row, uuid5(row.pk, NAME)) for row in rows]
        if not made:
            return
        self.made |= {row.pk: copy for row, copy in zip(rows, made, strict=True)}
        model.objects.bulk_create(made)
        links = model.tags.through
        links.objects.bulk_create(
            links(todo_id=uuid5(row.pk, NAME), tag_id=tag.pk)
            for row in rows
            for tag in row.tags.all()
        )
        _count(*made)

    def _new(self, row: Any, key: UUID) -> Any:
        owner, fields = self.todo.owner, self._fields(row, key)
        shown = {"folded_tags": row.folded_tags, "made_in": 1, "created_by": owner.pk}
        return type(row)(pk=key, owner=owner, **shown, **fields)

    def _renew(self, row: Any) -> None:
        """Create or restore the copy of a subtask; a changed copy stays as it is."""
        key, known = _next_row(row)
        if known is None:
            known = self._new(row, key)
            known.insert([tag.name for tag in row.tags.all()])
            _count(known)
        elif known.deleted_at or known.version == known.made_in:
            tags = [tag.name for tag in row.tags.all()]
            known.change(tags=tags, deleted_at=None, status="open", **self._fields(row, key))
        else:
            return
        _keep(known)
        self.made[row.pk] = known

    def _fields(self, row: Any, key: UUID) -> dict[str, Any]:
        day = row.due and later(row.due.on, self.days)
        parent = self.made[row.parent_id]
        due = Due(day, row.due.at, row.due.time_zone) if day else None
        before, after = (row.due, due) if due else (self.todo.due, self.made[self.todo.pk].due)
        return {
            **{name: getattr(row, name) for name in (*KEPT, "recurrence")},
            "list": parent.list,
            "parent": parent,
            "due": due,
            "start_on": row.start_on and later(row.start_on, self.days),
            "reminders": for_next(row, key, before, after, self.zone),
        }
