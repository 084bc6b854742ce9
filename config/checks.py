"""System checks: what is contradictory or missing, with an id and its cure."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_LIMITS = (
    "SMS_DESTINATION_DAILY_LIMIT",
    "SMS_COUNTRY_DAILY_LIMIT",
    "SMS_DAILY_LIMIT",
    "SMS_MONTHLY_SEGMENTS",
    "SMS_MAX_SEGMENTS",
)


@register()
def check_limits(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name} must not be negative.",
            hint=f"Set {name} to 0 to allow nothing.",
            id="config.E001",
        )
        for name in _LIMITS
        if getattr(settings, name) < 0
    ]
