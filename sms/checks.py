"""System checks of the settings for sending, each with an id and a remedy."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name

from sms.providers import PROVIDERS, provider_named
from sms.telephony import Recipient, RecipientError, is_e164, parsed, recipient


@register()
def check_provider(**kwargs: Any) -> list[CheckMessage]:
    """E001; the provider checks its own settings (from E002 on)."""
    if settings.SMS_PROVIDER in PROVIDERS:
        return provider_named(settings.SMS_PROVIDER).check()
    return [
        Error(
            f"SMS_PROVIDER is not a known provider: {settings.SMS_PROVIDER!r}.",
            hint=f"Set SMS_PROVIDER to one of: {', '.join(PROVIDERS)}.",
            id="sms.E001",
        )
    ]


@register()
def check_regions(**kwargs: Any) -> list[CheckMessage]:
    if not settings.SMS_ALLOWED_REGIONS:
        return []
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - slow, and only needed here

    return [
        Error(
            f"SMS_ALLOWED_REGIONS has an unknown region: {name!r}.",
            hint="Write regions in two capital letters (ISO 3166-1), such as DE,US.",
            id="sms.E013",
        )
        for name in settings.SMS_ALLOWED_REGIONS
        if name not in SUPPORTED_REGIONS
    ]


@register()
def check_numbers(**kwargs: Any) -> list[CheckMessage]:
    """E014 if messages to TO_NUMBER would be refused, W001 if FROM_NUMBER is not a valid number.

    The provider checks the E.164 form. FROM_NUMBER gets a warning only: it may be toll-free or
    foreign, and the list of assigned numbers in phonenumbers may be out of date.
    """
    if settings.SMS_PROVIDER not in PROVIDERS:
        return []
    if not provider_named(settings.SMS_PROVIDER).costs_money:
        return []
    faults: list[CheckMessage] = []
    if code := _refusal(recipient, settings.SMS_TO_NUMBER):
        hint = "Set TO_NUMBER to a number of an allowed type in an allowed region."
        faults.append(
            Error(f"Messages to TO_NUMBER are not allowed ({code}).", hint=hint, id="sms.E014")
        )
    if _refusal(parsed, settings.SMS_FROM_NUMBER):
        hint = "Set FROM_NUMBER to a number of your account, such as +15005550006."
        faults.append(Warning("FROM_NUMBER is not a number in use.", hint=hint, id="sms.W001"))
    return faults


def _refusal(read: Callable[[str], Recipient], number: str) -> str:
    """The error code of a number in E.164 form; empty if it is allowed, or not in that form."""
    if not is_e164(number):
        return ""
    try:
        read(number)
    except RecipientError as error:
        return error.code
    return ""
