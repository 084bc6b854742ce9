from typing import ClassVar

from django.conf import settings

from accounts.models import User, WeekStart, time_zone_named, validate_time_zone
from core.api.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictModelSerializer,
    StrictSerializer,
    StrictUUIDField,
)


class ProfileSerializer(StrictModelSerializer):
    """Your name, e-mail address, time zone, language and the first day of your weeks."""

    time_zone = StrictCharField(max_length=64, validators=[validate_time_zone])
    language = StrictChoiceField(choices=[("", "automatic"), *settings.LANGUAGES])

    week_start = StrictChoiceField(choices=[("", "automatic"), *WeekStart.choices])

    class Meta:
        model = User
        fields = ("id", "email", "name", "time_zone", "language", "week_start", "version")
        read_only_fields: ClassVar[tuple[str, ...]] = ("id", "email", "version")

    def validate_time_zone(self, value: str) -> str:
        return time_zone_named(value)

    def update(self, instance: User, validated_data: dict[str, str]) -> User:
        """Saves the given columns only, so that concurrent changes of others are kept."""
        instance.change(**validated_data)
        return instance


class PageSessionSerializer(StrictSerializer):
    """Who calls, as a page needs to know."""

    account = StrictUUIDField(help_text="The id of the profile.")
    csrf_token = StrictCharField(help_text="For X-CSRFToken of changes with a session cookie.")
