"""System checks: what would keep texts from being sent, with an id and the cure."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name

from sms.numbers import Recipient, RecipientError, is_e164, parsed, recipient
from sms.providers import PROVIDERS, provider_named


@register()
def check_provider(**kwargs: Any) -> list[CheckMessage]:
    """E001 here; every provider checks its own settings (from E002 on)."""
    if settings.SMS_PROVIDER in PROVIDERS:
        return provider_named(settings.SMS_PROVIDER).check()
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


@register()
def check_numbers(**kwargs: Any) -> list[CheckMessage]:
    """Numbers in E.164 form that are none, or to which every text would be refused.

    The form itself is for the provider to check. A sender may be toll-free or of another country;
    it gets a warning only, for numbers are assigned that no table knows yet.
    """
    if settings.SMS_PROVIDER not in PROVIDERS:
        return []
    if not provider_named(settings.SMS_PROVIDER).costs_money:
        return []
    faults: list[CheckMessage] = []
    if code := _refusal(recipient, settings.SMS_TO_NUMBER):
        hint = "Set TO_NUMBER to a number of an ordinary kind in an allowed region."
        faults.append(Error(f"No text may go to TO_NUMBER ({code}).", hint=hint, id="sms.E014"))
    if _refusal(parsed, settings.SMS_FROM_NUMBER):
        hint = "Set FROM_NUMBER to a number of your account, such as +15005550006."
        faults.append(Warning("FROM_NUMBER is no number in use.", hint=hint, id="sms.W001"))
    return faults


def _refusal(read: Callable[[str], Recipient], number: str) -> str:
    """The code with which a number in E.164 form is refused; empty where it is not."""
    if not is_e164(number):
        return ""
    try:
        read(number)
    except RecipientError as error:
        return error.code
    return ""
