from typing import Any, ClassVar

from django.conf import settings
from rest_framework import serializers

from accounts.audit import Kind, SecurityEvent
from accounts.devices import device_name
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


class ProfileSerializer(StrictModelSerializer):
    """Your name, e-mail address, time zone, language, start of the week and reminder settings."""

    time_zone = StrictCharField(max_length=64, validators=[validate_time_zone])
    language = StrictChoiceField(choices=[("", "automatic"), *settings.LANGUAGES])
    channels_off = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.ways()),
        read_only=True,
        source="failed_channels",
        help_text="Channels that failed permanently.",
    )

    week_start = StrictChoiceField(choices=[("", "automatic"), *WeekStart.choices])

    class Meta:
        model = User
        fields = ("id", *PROFILE, "version")
        read_only_fields: ClassVar[tuple[str, ...]] = ("id", "email", "version")

    def empty_values(self) -> dict[str, Any]:
        """The members that `clear` may name, with their empty values."""
        return {"default_reminder": None}

    def validate_time_zone(self, value: str) -> str:
        return time_zone_named(value)

    def update(self, instance: User, validated_data: dict[str, str]) -> User:
        """Save only the given columns, so that concurrent changes of others survive."""
        changes: dict[str, Any] = {**validated_data}
        if "reminder_channel" in changes:  # enables failed channels again
            changes["channels_off"] = {}
        instance.change(**changes)
        return instance


class SecurityEventSerializer(StrictModelSerializer):
    """Something that happened to your account."""

    kind = StrictChoiceField(choices=Kind.choices, read_only=True)
    device = serializers.SerializerMethodField(help_text="The browser and the system, as text.")
    facts = serializers.DictField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Details of the kind, such as `email` or `name`.",
    )

    class Meta:
        model = SecurityEvent
        fields = ("id", "kind", "at", "address", "device", "by_staff", "facts")
        read_only_fields = fields

    def get_device(self, event: SecurityEvent) -> str:
        return device_name(event.user_agent) if event.user_agent else ""


class PageSessionSerializer(StrictSerializer):
    """The caller's account, and the CSRF token for its page."""

    account = StrictUUIDField(help_text="The id of the profile.")
    csrf_token = StrictCharField(help_text="For X-CSRFToken of changes with a session cookie.")
