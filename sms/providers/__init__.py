"""One class per provider; SMS_PROVIDER selects the one in use. No other module names a provider."""

import functools
from typing import Final

from django.utils.module_loading import import_string

from sms.providers.provider import (
    CallbackRefusedError,
    OutgoingMessage,
    Provider,
    UnansweredError,
)

__all__ = [
    "PROVIDERS",
    "CallbackRefusedError",
    "OutgoingMessage",
    "Provider",
    "UnansweredError",
    "provider_named",
]

PROVIDERS: Final = {
    "console": "sms.providers.console.ConsoleProvider",
    "twilio": "sms.providers.twilio.provider.TwilioProvider",
    "aws": "sms.providers.aws.provider.AwsProvider",
    "memory": "sms.providers.memory.MemoryProvider",
}


@functools.cache
def provider_named(name: str) -> type[Provider]:
    """Import the provider on first use, because few requests need it. Raises KeyError."""
    found: type[Provider] = import_string(PROVIDERS[name])
    return found
