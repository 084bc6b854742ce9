"""The reminders of a to-do: a set, keyed by id, in one column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import MOST_MINUTES_BEFORE, Channel, zone_called
from core import ids, values
from todos.models.due import Due, moment_of

MOST_REMINDERS: Final = 10  # per to-do
DAY: Final = 24 * 60  # minutes


@dataclass(frozen=True)
class Reminder:
    """Either a moment, or a number of minutes before the due.

    Without a channel it uses the person's.
    """

    id: UUID
    remind_at: datetime | None = None
    minutes_before: int | None = None
    channel: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Reminder":
        """Read stored JSON. Raises ValidationError."""
        try:
            moment = stored.get("remind_at")
            remind_at = values.read_moment(moment) if moment else None
            minutes, channel = stored.get("minutes_before"), stored.get("channel") or ""
            reminder = cls(_key(stored["id"]), remind_at, minutes, str(channel))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValidationError(_("Enter a valid value."), code="invalid") from error
        checked(reminder)
        return reminder

    @property
    def stored(self) -> dict[str, Any]:
        moment = self.remind_at and values.written(self.remind_at)
        members = {"remind_at": moment, "minutes_before": self.minutes_before}
        members |= {"channel": self.channel or None}
        known = {name: value for name, value in members.items() if value is not None}
        return {"id": str(self.id), **known}

    def moment(self, due: Due | None, zone: ZoneInfo, hour: int) -> datetime | None:
        """When to send it; None without a due.

        For a due without a time, minutes count from `hour`. Whole days are calendar days, so that a
        reminder one day before comes at the same local time. The remaining minutes are absolute
        time.
        """
        if self.remind_at is not None:
            return self.remind_at
        if due is None or self.minutes_before is None:
            return None
        days, minutes = divmod(self.minutes_before, DAY)
        there = zone_called(due.time_zone) if due.time_zone else zone
        at = time(hour) if due.at is None else due.at
        try:
            moment = moment_of(due.on - timedelta(days=days), at, there)
            return moment - timedelta(minutes=minutes)
        except OverflowError:
            return None


def _key(text: object) -> UUID:
    if (key := ids.read(text)) is None:
        raise ValueError("This is no id.")
    return key


def checked(reminder: Reminder) -> Reminder:
    """The reminder. Raises ValidationError if it is invalid."""
    minutes = reminder.minutes_before
    if (reminder.remind_at is None) is (minutes is None):
        raise ValidationError(_("Set either remind_at or minutes_before."), code="one_of_two")
    if reminder.remind_at is not None:
        if reminder.remind_at.tzinfo is None:
            raise ValidationError(_("Enter a valid value."), code="invalid")
        values.check_range(reminder.remind_at)
    whole = isinstance(minutes, int) and not isinstance(minutes, bool)
    if minutes is not None and not (whole and 0 <= minutes <= MOST_MINUTES_BEFORE):
        raise ValidationError(_("Enter a valid value."), code="invalid")
    if reminder.channel and reminder.channel not in Channel.ways():
        raise ValidationError(_("Enter a valid value."), code="invalid")
    return reminder


def as_set(reminders: Iterable[Reminder]) -> tuple[Reminder, ...]:
    """Sorted by id; the last of two with the same id wins. Raises ValidationError."""
    by_id = {reminder.id: reminder for reminder in reminders}
    if len(by_id) > MOST_REMINDERS:
        text = _("A to-do has at most %(most)d reminders.") % {"most": MOST_REMINDERS}
        raise ValidationError(text, code="max_length")
    return tuple(by_id[key] for key in sorted(by_id))


def reminders_after(
    before: Iterable[Reminder], added: Iterable[Reminder], removed: Iterable[UUID]
) -> tuple[Reminder, ...]:
    """Apply additions and removals of both sides. Raises ValidationError."""
    gone = set(removed)
    return as_set([*(it for it in before if it.id not in gone), *added])


def for_next(
    todo: Any, key: UUID, before: Due | None, due: Due, zone: ZoneInfo
) -> tuple[Reminder, ...]:
    """The reminders of the next recurring to-do, with new ids.

    A moment moves by as many days as the due. If `before` is None, it moves to the day of the new
    due.
    """
    return tuple(
        Reminder(
            uuid5(key, str(it.id)), _moved(it, before, due, zone), it.minutes_before, it.channel
        )
        for it in todo.reminders
    )


def _moved(reminder: Reminder, before: Due | None, due: Due, zone: ZoneInfo) -> datetime | None:
    if reminder.remind_at is None:
        return None
    there = reminder.remind_at.astimezone(zone_called(due.time_zone) if due.time_zone else zone)
    day = there.date() + (due.on - before.on) if before else due.on
    return values.clamped(moment_of(day, there.time(), there.tzinfo))  # type: ignore[arg-type]


class RemindersField(values.ValueField[Any, Any], models.JSONField):
    """A tuple of Reminders, sorted by id."""

    nothing, forms_of_nothing = (), (None, "[]")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        usual = {"default": tuple, "db_default": [], "blank": True}
        super().__init__(*args, **{**usual, **kwargs})

    def deconstruct(self) -> Any:
        """A JSONField in migrations."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, {**kwargs, "default": list}

    def to_python(self, value: Any) -> tuple[Reminder, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValidationError(_("Enter a valid value."), code="invalid")
        given = [checked(it) if isinstance(it, Reminder) else Reminder.read(it) for it in value]
        return as_set(given)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's
        """Also set the normalized value on the object."""
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        """`to_python` has already checked the value."""

    def read(self, stored: Any, *args: Any) -> tuple[Reminder, ...]:
        """Skips invalid reminders."""
        items = models.JSONField.from_db_value(self, stored, *args)
        found = []
        for it in items if isinstance(items, list) else ():
            try:
                found.append(Reminder.read(it))
            except ValidationError:
                continue
        return as_set(found[:MOST_REMINDERS])

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's
        stored = [it.stored if isinstance(it, Reminder) else it for it in value]
        return super().get_db_prep_value(stored, connection, prepared)

    def value_to_string(self, obj: models.Model) -> Any:
        return [it.stored for it in self.value_from_object(obj)]
