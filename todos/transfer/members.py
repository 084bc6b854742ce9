"""The members of each kind in an export: the columns of its model, except those named here.

An import reads members as strictly as the API: a number is no title.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import time_zone_named
from core import ids, values
from todos.models import Due, List, SavedFilter, Tag, Todo
from todos.models.due import OF_DUE, DueField
from todos.models.reminders import RemindersField

MODELS: Final[dict[str, Any]] = {model.feed_kind: model for model in (List, Tag, SavedFilter, Todo)}
# Columns that no export contains, and why.
LEFT_OUT: Final = {
    "owner": "whoever imports it",
    "version": "counts the changes of one server: an object begins at 1",
    "changed_in": "the same",
    "made_in": "the same",
    "former_position": "of use to the former release only",
    **dict.fromkeys(sorted(OF_DUE), "made of the due"),
}
INVALID: Final = _("Enter a valid value.")


@dataclass(frozen=True)
class Member:
    """One member of an object, and its column."""

    name: str
    column: Any

    def write(self, row: Any) -> Any:
        """The value as JSON."""
        if self.column.many_to_many:
            return sorted(tag.name for tag in row.tags.all())
        value = getattr(row, self.column.attname)
        return None if value is None else self._written(value)

    def _written(self, value: Any) -> Any:
        if isinstance(self.column, DueField):
            at = value.at and f"{value.at:%H:%M}"
            return {"on": value.on.isoformat(), "at": at or None, "time_zone": value.time_zone}
        if isinstance(self.column, RemindersField):
            return [it.stored for it in value]
        if isinstance(value, datetime):
            return values.written(value)
        is_plain = isinstance(value, (bool, int, str))
        return value if is_plain else str(value)

    def read(self, value: Any) -> Any:
        """Read a value for the column. Raises ValidationError."""
        read = next(read for kind, read in READERS if isinstance(self.column, kind))
        found = read(value)
        if not self.column.is_relation:
            found = self.column.clean(found, None)
        return found


@functools.cache
def members(model: Any) -> Mapping[str, Member]:
    """The members, by the names that clients use."""
    kept = [it for it in model._meta.concrete_fields if not isinstance(it, values.FoldedField)]
    key = getattr(model, "feed_key", "id")
    found: dict[str, Any] = {
        it.name: it for it in kept if it.name not in LEFT_OUT and it.name != "id"
    }
    found = {"id": model._meta.get_field(key), **found}
    found.pop(key if key != "id" else "", None)
    found |= {it.name: it for it in model._meta.many_to_many}
    return {name: Member(name, column) for name, column in found.items()}


def shown(row: Any) -> dict[str, Any]:
    """The object as JSON."""
    model: Any = type(row)
    return {name: it.write(row) for name, it in members(model).items()}


def _refuse() -> ValidationError:
    return ValidationError(INVALID, code="invalid")


def _exactly(kind: type) -> Any:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise _refuse()
        return value

    return read


def _read_id(value: Any) -> UUID:
    if (key := ids.read(value)) is None:
        raise _refuse()
    return key


def _read_moment(value: Any) -> datetime:
    moment = values.read_moment(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise _refuse()
    return moment


def _read_day(value: Any) -> Any:
    day = values.read_day(value) if isinstance(value, str) else None
    if day is None:
        raise _refuse()
    return day


def _read_clock(text: str) -> time:
    """Read hours and minutes as the API does. Raises ValueError or TypeError."""
    clock = time.fromisoformat(text)
    if f"{clock:%H:%M}" != text:
        raise ValueError(text)
    return clock


def _read_due(value: Any) -> Due:
    try:
        on, at, zone = (value.get(name) for name in ("on", "at", "time_zone"))
        clock = None if at is None else _read_clock(at)
        return Due(_read_day(on), clock, None if zone is None else time_zone_named(zone))
    except (AttributeError, TypeError, ValueError) as error:
        raise _refuse() from error


def _read_tags(value: Any) -> list[str]:
    column = Tag._meta.get_field("name")
    if not isinstance(value, list):
        raise _refuse()
    return [column.clean(_exactly(str)(name), None) for name in value]


READERS: Final[list[tuple[Any, Any]]] = [
    (models.ManyToManyField, _read_tags),
    ((models.UUIDField, models.ForeignKey), _read_id),
    (DueField, _read_due),
    (models.DateTimeField, _read_moment),
    (models.DateField, _read_day),
    (models.BooleanField, _exactly(bool)),
    (models.IntegerField, _exactly(int)),
    (RemindersField, _exactly(list)),
    (models.Field, _exactly(str)),
]
