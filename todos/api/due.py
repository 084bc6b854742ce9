"""The due of a to-do in the API: one member, replaced as a whole."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import time_zone_named, validate_time_zone
from core.api.fields import StrictCharField, StrictDateField, StrictSerializer
from todos.models.due import Due, check

TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


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
    """A Due. No nested serializer, because PATCH would then accept single members."""

    default_error_messages = {"invalid": "Write an object such as {example}."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, **kwargs})

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
