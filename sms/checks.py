"""System checks: what would keep texts from being sent, with an id and the cure."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from sms.backends import PROVIDERS


@register()
def check_provider(**kwargs: Any) -> list[CheckMessage]:
    """E001 here; every provider checks its own settings (from E002 on)."""
    provider = PROVIDERS.get(settings.SMS_PROVIDER)
    if provider:
        return provider.check()
    return [
        Error(
            f"SMS_PROVIDER names no provider: {settings.SMS_PROVIDER!r}.",
            hint=f"Set SMS_PROVIDER to one of: {', '.join(PROVIDERS)}.",
            id="sms.E001",
        )
    ]
