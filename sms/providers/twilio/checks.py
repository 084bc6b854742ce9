"""System checks of Twilio's settings, each with a remedy (docs/configuration.md has the table)."""

import re

from django.conf import settings
from django.core.checks import CheckMessage, Error

from sms.providers.http import is_safe_url
from sms.telephony import is_e164

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_SERVICE_SID = re.compile(r"MG[0-9a-f]{32}")


def check_settings() -> list[CheckMessage]:
    """The messages never quote a value, because it may be a misplaced credential."""
    service, public_url = settings.TWILIO_MESSAGING_SERVICE_SID, settings.PUBLIC_BASE_URL
    faults = (
        (
            "sms.E002",
            not _ACCOUNT_SID.fullmatch(settings.TWILIO_ACCOUNT_SID),
            "ACCOUNT_SID is missing or is not an account SID of Twilio.",
            "Set ACCOUNT_SID to AC and 32 hexadecimal digits, as the Twilio console shows it.",
        ),
        (
            "sms.E003",
            not settings.TWILIO_AUTH_TOKEN,
            "AUTH_TOKEN is missing.",
            "Set AUTH_TOKEN to the auth token that the Twilio console shows.",
        ),
        (
            "sms.E004",
            not (service or is_e164(settings.SMS_FROM_NUMBER)),
            "FROM_NUMBER is missing or is not a phone number in E.164 form.",
            "Set FROM_NUMBER to a number of your Twilio account, such as +15005550006.",
        ),
        (
            "sms.E005",
            not is_e164(settings.SMS_TO_NUMBER),
            "TO_NUMBER is missing or is not a phone number in E.164 form.",
            "Set TO_NUMBER to the number that receives the messages, such as +15005550006.",
        ),
        (
            "sms.E006",
            not is_safe_url(settings.TWILIO_API_BASE_URL),
            "TWILIO_API_BASE_URL must begin with https://, except on this machine.",
            "Remove TWILIO_API_BASE_URL to use https://api.twilio.com.",
        ),
        (
            "sms.E007",
            bool(service) and not _SERVICE_SID.fullmatch(service),
            "TWILIO_MESSAGING_SERVICE_SID is not the SID of a messaging service.",
            "Set it to MG and 32 hexadecimal digits, or remove it to send from FROM_NUMBER.",
        ),
        (
            "sms.E008",
            bool(public_url) and not is_safe_url(public_url),
            "PUBLIC_BASE_URL must begin with https://, except on this machine.",
            "Set PUBLIC_BASE_URL to https://, host and stage, as the world reaches this service.",
        ),
    )
    return [Error(message, hint=hint, id=name) for name, wrong, message, hint in faults if wrong]
