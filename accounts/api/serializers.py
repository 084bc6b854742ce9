from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import (
    PROFILE,
    Channel,
    User,
    WeekStart,
    time_zone_named,
    validate_time_zone,
)
from core.api.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictModelSerializer,
    StrictSerializer,
    StrictUUIDField,
)


class ChannelOffSerializer(StrictSerializer):
    """A channel that failed for good, so that another one is used."""

    channel = StrictChoiceField(choices=Channel.ways())
    reason = StrictCharField()


@extend_schema_field(ChannelOffSerializer(many=True))
class ChannelsOffField(serializers.JSONField):
    """Channels that failed for good; to choose a channel switches it on again."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "read_only": True})

    def to_representation(self, value: Any) -> Any:
        return [{"channel": name, "reason": value[name]} for name in sorted(value)]


class ProfileSerializer(StrictModelSerializer):
    """Your name, e-mail address, time zone, language and weeks, and how you are reminded."""

    time_zone = StrictCharField(max_length=64, validators=[validate_time_zone])
    language = StrictChoiceField(choices=[("", "automatic"), *settings.LANGUAGES])
    channels_off = ChannelsOffField()

    week_start = StrictChoiceField(choices=[("", "automatic"), *WeekStart.choices])

    class Meta:
        model = User
        fields = ("id", *PROFILE, "version")
        read_only_fields: ClassVar[tuple[str, ...]] = ("id", "email", "version")

    def empty_values(self) -> dict[str, Any]:
        """What `clear` of an operation may name."""
        return {"default_reminder": None}

    def validate_time_zone(self, value: str) -> str:
        return time_zone_named(value)

    def update(self, instance: User, validated_data: dict[str, str]) -> User:
        """Saves the given columns only, so that concurrent changes of others are kept."""
        changes: dict[str, Any] = {**validated_data}
        if "reminder_channel" in changes:  # which switches on what had failed
            changes["channels_off"] = {}
        instance.change(**changes)
        return instance


class PageSessionSerializer(StrictSerializer):
    """Who calls, as a page needs to know."""

    account = StrictUUIDField(help_text="The id of the profile.")
    csrf_token = StrictCharField(help_text="For X-CSRFToken of changes with a session cookie.")
