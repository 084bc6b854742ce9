"""When a to-do is due: a day with an optional time and time zone, in one column.

`due_order` is the moment in the person's time zone, and the only column for filters and sorting.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Length, StrIndex, Substr
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from accounts.models import User, time_zone_named, validate_time_zone, zone_called
from core import values

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)  # due_order of a to-do without a due
OF_DUE: Final = frozenset({"due_at", "due_on", "due_order"})  # columns computed from the due
LENGTH: Final = 82  # a day, a time, and a zone of 64 characters in brackets
WITHOUT_TIME: Final = _("A time zone needs a time.")
BATCH: Final = 200

_FORM: Final = re.compile(r"([0-9-]{10})(?:T((?:[01][0-9]|2[0-3]):[0-5][0-9])(?:\[([^\]]+)\])?)?")


@dataclass(frozen=True)
class Due:
    """Without a time it is a whole day. Without a time zone it follows the person's time zone."""

    on: date
    at: time | None = None
    time_zone: str | None = None

    def __str__(self) -> str:
        """`2026-12-01`, `2026-12-01T09:00` or `2026-12-01T09:00[Europe/Berlin]` (RFC 9557)."""
        at = "" if self.at is None else f"T{self.at:%H:%M}"
        return f"{self.on.isoformat()}{at}{f'[{self.time_zone}]' if self.time_zone else ''}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read the result of `str`; None for any other text."""
        parts = _FORM.fullmatch(text)
        day = values.read_day(parts[1]) if parts else None
        if parts is None or day is None:
            return None
        zone = time_zone_named(parts[3]) if parts[3] else None
        return cls(day, time.fromisoformat(parts[2]) if parts[2] else None, zone)

    @classmethod
    def at_moment(cls, moment: datetime, zone: ZoneInfo) -> Self:
        """The minute of the moment in the zone, or in UTC if its local time is ambiguous."""
        minute = moment.astimezone(UTC).replace(second=0, microsecond=0)
        due = cls._shown(minute, zone)
        # Not the second 02:30 of a night when clocks go back.
        is_named = due.due_at == minute and values.in_range(due.on)
        return due if is_named else cls._shown(minute, ZoneInfo("UTC"))

    @classmethod
    def _shown(cls, minute: datetime, zone: ZoneInfo) -> Self:
        there = minute.astimezone(zone)
        return cls(there.date(), there.time().replace(fold=0), zone.key)

    @property
    def due_at(self) -> datetime | None:
        """The moment in UTC, if it is the same everywhere."""
        if self.at is None or self.time_zone is None:
            return None
        return moment_of(self.on, self.at, zone_called(self.time_zone))

    def order(self, zone: ZoneInfo) -> datetime:
        """When it becomes overdue in the person's time zone: for a day, its last microsecond."""
        if self.at is None:
            return first_moment(self.on + timedelta(days=1), zone) - timedelta(microseconds=1)
        return self.due_at or moment_of(self.on, self.at, zone)


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment in UTC. A repeated local time means the first; a skipped one moves by the clock
    change (zoneinfo with fold=0).
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """The start of the day, in UTC; a skipped midnight is the moment of the clock change."""
    return moment_of(day, time.min, zone)


def day_bounds(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of the person's day and of the next; 23 or 25 hours apart at DST changes."""
    today = at.astimezone(zone).date()
    return first_moment(today, zone), first_moment(today + timedelta(days=1), zone)


def zone_of(account_id: UUID) -> ZoneInfo:
    """Read the stored time zone in `writing()`, because it may have changed."""
    names = User.objects.filter(pk=account_id).values_list("time_zone", flat=True)
    return zone_called(names.first() or "UTC")


def check(due: Due) -> None:
    """Raise ValidationError for a due that no entry point accepts."""
    values.check_range(due.on)
    if due.time_zone is None:
        return
    if due.at is None:
        raise ValidationError(WITHOUT_TIME, code="zone_without_time")
    validate_time_zone(due.time_zone)
    values.check_range(due.due_at or due.on)


def is_due(field: str) -> models.Q:
    """Whether the text has the form of a DueField, as far as SQL can check it."""
    in_range = Q(
        **{f"{field}__gte": str(values.FIRST_DAY), f"{field}__lt": str(values.LAST_YEAR + 1)}
    )
    bracket, length = StrIndex(field, Value("[")), Length(field)
    with_time = Q(Exact(Substr(field, 11, 1), "T")) & (Q(Exact(length, 16)) | Q(Exact(bracket, 17)))
    return Q(**{field: None}) | in_range & (Q(Exact(length, 10)) | with_time)


def renew_order(todos: "models.QuerySet[Any]", zone: ZoneInfo) -> int:
    """Recompute `due_order` of a person's to-dos; returns how many have changed.

    Call it in `writing()`. No response contains the order, so no version changes.
    """
    known = set(todos.exclude(due=None).values_list("due", "due_order").distinct())
    wrong = sorted((before, str(due)) for due, before in known if due and due.order(zone) != before)
    moved = 0
    for start in range(0, len(wrong), BATCH):
        some = wrong[start : start + BATCH]
        orders = {text: Due.read(text) for _before, text in some}
        cases = [When(due=text, then=Value(due.order(zone))) for text, due in orders.items() if due]
        rows = todos.filter(due_order__in={before for before, _text in some}, due__in=orders)
        moved += rows.update(due_order=Case(*cases, output_field=models.DateTimeField()))
    return moved


class DueForm(forms.MultiValueField):
    """A day, a time and a time zone side by side."""

    def __init__(self, **kwargs: Any) -> None:
        parts = (
            forms.DateField(required=False),
            forms.TimeField(required=False, input_formats=["%H:%M"]),
            forms.CharField(required=False, max_length=64),
        )
        kwargs = {**kwargs, "widget": DueWidget(), "require_all_fields": False}
        super().__init__(fields=parts, **kwargs)

    def compress(self, data_list: list[Any]) -> Due | None:
        on, at, zone = data_list or (None, None, None)
        if on is None and (at is not None or zone):
            raise ValidationError(_("Choose the day, too."), code="required")
        return Due(on, at, time_zone_named(zone) if zone else None) if on else None


class DueWidget(forms.MultiWidget):
    def __init__(self) -> None:
        super().__init__(
            [
                forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
                forms.TimeInput({"type": "time"}, format="%H:%M"),
                forms.TextInput({"placeholder": _("time zone, such as Europe/Berlin")}),
            ]
        )

    def decompress(self, value: Due | None) -> list[Any]:
        return [value.on, value.at, value.time_zone] if value else [None, None, None]


class DueField(values.ValueField[Any, Any]):
    """A Due in its text form. Every write also updates the columns computed from it."""

    default_validators = [check]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": LENGTH, "null": True, "blank": True, **kwargs})

    def get_internal_type(self) -> str:
        return "CharField"

    def deconstruct(self) -> Any:
        """A CharField in migrations."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def read(self, stored: str, *_: Any) -> Due | None:
        """No due for an invalid text."""
        due = Due.read(stored)
        return due and Due(values.clamped(due.on), due.at, due.time_zone)

    def to_python(self, value: Any) -> Due | None:
        if value in self.empty_values or isinstance(value, Due):
            return value or None
        due = Due.read(value) if isinstance(value, str) else None
        if due is None:
            raise ValidationError(_("Enter a valid date."), code="invalid")
        return due

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else str(value)

    def pre_save(self, model_instance: Any, add: bool) -> Due | None:  # noqa: FBT001 - Django's
        due = model_instance.due = self.to_python(super().pre_save(model_instance, add))
        model_instance.due_at = due and due.due_at
        model_instance.due_on = due.on if due and not due.due_at else None
        model_instance.due_order = self._order(due, model_instance.owner_id)
        return due

    def _order(self, due: Due | None, account_id: UUID) -> datetime:
        if due is None:
            return NEVER
        return due.due_at or due.order(zone_of(account_id))

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(form_class=DueForm, **kwargs)
