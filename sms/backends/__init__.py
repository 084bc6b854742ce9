"""One class per provider; SMS_PROVIDER names the one in use. Nothing else knows any of them."""

from typing import Final

from django.conf import settings

from sms.backends.aws import AwsProvider
from sms.backends.console import ConsoleProvider
from sms.backends.memory import MemoryProvider
from sms.backends.provider import Provider, UnansweredError
from sms.backends.twilio import TwilioProvider

__all__ = ["PROVIDERS", "Provider", "UnansweredError", "chosen_provider"]

PROVIDERS: Final[dict[str, type[Provider]]] = {
    provider.name: provider
    for provider in (ConsoleProvider, TwilioProvider, AwsProvider, MemoryProvider)
}


def chosen_provider() -> type[Provider]:
    """The provider in use; check sms.E001 tells of a wrong name before anything is sent."""
    return PROVIDERS[settings.SMS_PROVIDER]
