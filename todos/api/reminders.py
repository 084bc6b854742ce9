"""The reminders of a to-do in the API: a set, keyed by id."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import MOST_MINUTES_BEFORE, Channel
from core import dates
from core.api.fields import (
    StrictChoiceField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictSerializer,
    StrictUUIDField,
)
from todos.models.reminders import MOST_REMINDERS, Reminder, as_set, checked


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


@extend_schema_field(ReminderSerializer(many=True, max_length=MOST_REMINDERS))  # type: ignore[call-arg]
class RemindersMember(serializers.ListField):
    """A set, sorted by id; the last of two reminders with the same id wins."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": MOST_REMINDERS, **kwargs})

    def to_internal_value(self, data: Any) -> Any:
        items = super().to_internal_value(data)
        shape = ReminderSerializer(data=items, many=True)
        if not shape.is_valid():
            raise serializers.ValidationError(shape.errors)
        return as_set(it["reminder"] for it in shape.validated_data)

    def to_representation(self, data: Iterable[Reminder]) -> list[dict[str, Any]]:
        return [_shown(reminder) for reminder in data]


def _shown(reminder: Reminder) -> dict[str, Any]:
    return {
        "id": str(reminder.id),
        "remind_at": reminder.remind_at and dates.written(reminder.remind_at),
        "minutes_before": reminder.minutes_before,
        "channel": reminder.channel,
    }


class ReminderIdsField(serializers.ListField):
    """The ids of removed reminders."""

    child = StrictUUIDField()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": MOST_REMINDERS, **kwargs})
