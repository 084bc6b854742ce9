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


@register()
def check_regions(**kwargs: Any) -> list[CheckMessage]:
    """A misspelt region would refuse every text to that country."""
    if not settings.SMS_ALLOWED_REGIONS:
        return []
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - only where it is asked

    return [
        Error(
            f"SMS_ALLOWED_REGIONS names no region: {name!r}.",
            hint="Write regions in two capital letters (ISO 3166-1), such as DE,US.",
            id="sms.E013",
        )
        for name in settings.SMS_ALLOWED_REGIONS
        if name not in SUPPORTED_REGIONS
    ]
