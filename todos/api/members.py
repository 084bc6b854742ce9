"""Members of a to-do that are more than a text or a number: due, recurrence and reminders."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import MOST_MINUTES_BEFORE, Channel, time_zone_named, validate_time_zone
from core import values
from core.api.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictDateField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
    StrictUUIDField,
)
from todos import recurrence
from todos.models.due import Due, check
from todos.models.reminders import MOST_REMINDERS, Reminder, as_set, checked

TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


# --- Due ------------------------------------------------------------------------------------------


@extend_schema_field({"type": "string", "pattern": TIME, "examples": ["09:00"]})
class ClockField(serializers.RegexField):
    """Hours and minutes, `09:00`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(TIME, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class DueSerializer(StrictSerializer):
    """A day with an optional time. Without a time zone it follows that of your profile."""

    on = StrictDateField()
    at = ClockField(required=False, allow_null=True)
    time_zone = StrictCharField(
        required=False, allow_null=True, max_length=64, validators=[validate_time_zone]
    )

    class Meta:
        ref_name = "Due"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        at, zone = attrs.get("at"), attrs.get("time_zone")
        due = Due(attrs["on"], at and time.fromisoformat(at), zone and time_zone_named(zone))
        try:
            check(due)
        except Refused as error:
            name = "time_zone" if error.code == "zone_without_time" else "on"
            raise serializers.ValidationError({name: error.messages}, code=error.code) from error
        return {"due": due}


@extend_schema_field(DueSerializer)
class DueMember(serializers.Field[Due, Any, Any, Any]):
    """A Due, replaced as a whole: with a nested serializer, PATCH would accept single members."""

    default_error_messages = {"invalid": "Write an object such as {example}."}

    def to_internal_value(self, data: Any) -> Due:
        if not isinstance(data, Mapping):
            self.fail("invalid", example='{"on": "2026-12-01", "at": "09:00"}')
        shape = DueSerializer(data=data)
        shape.is_valid(raise_exception=True)
        due: Due = shape.validated_data["due"]
        return due

    def to_representation(self, value: Due) -> dict[str, Any]:
        at = None if value.at is None else f"{value.at:%H:%M}"
        return {"on": value.on.isoformat(), "at": at, "time_zone": value.time_zone}


# --- Recurrence -----------------------------------------------------------------------------------


@extend_schema_field(
    {
        "type": "string",
        "maxLength": recurrence.LENGTH,
        "format": "recurrence",
        "examples": ["FREQ=WEEKLY;BYDAY=MO"],
    }
)
class RecurrenceMember(StrictCharField):
    """A rule of RFC 5545 without its name, `FREQ=WEEKLY;BYDAY=MO`; responses normalize it."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return str(recurrence.read(text))
        except Refused as error:
            raise serializers.ValidationError(error.messages, code=error.code) from error


# --- Reminders ------------------------------------------------------------------------------------


class ReminderSerializer(StrictSerializer):
    """Either a moment, or a number of minutes before the due; the other member is null."""

    id = StrictUUIDField(help_text="Chosen by the client.")
    remind_at = StrictDateTimeField(required=False, allow_null=True)
    minutes_before = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_MINUTES_BEFORE,
        help_text="Minutes before the due, or before `digest_hour` of a due without a time.",
    )
    channel = StrictChoiceField(
        choices=["", *Channel.ways()],
        required=False,
        help_text="Empty: the channel in your profile.",
    )

    class Meta:
        ref_name = "Reminder"

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        reminder = Reminder(**attrs)
        try:
            checked(reminder)
        except Refused as error:
            raise serializers.ValidationError(error.messages, code=error.code) from error
        return {"reminder": reminder}


class ReminderMember(serializers.Field[Reminder, Any, Any, Any]):
    """One of RemindersMember, which checks all of them together."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Reminder) -> dict[str, Any]:
        return {
            "id": str(value.id),
            "remind_at": value.remind_at and values.written(value.remind_at),
            "minutes_before": value.minutes_before,
            "channel": value.channel,
        }


@extend_schema_field(ReminderSerializer(many=True, max_length=MOST_REMINDERS))  # type: ignore[call-arg]
class RemindersMember(serializers.ListField):
    """A set, sorted by id; the last of two reminders with the same id wins."""

    child = ReminderMember(allow_null=True)

    def to_internal_value(self, data: Any) -> Any:
        items = super().to_internal_value(data)
        shape = ReminderSerializer(data=items, many=True)
        if not shape.is_valid():
            raise serializers.ValidationError(shape.errors)
        return as_set(it["reminder"] for it in shape.validated_data)
