"""Texts that people send to us: STOP, START and HELP, as the networks ask of every sender.

Twilio does this too and answers STOP and START itself; our table is what keeps us from asking it
to send at all. Whatever else people write is not kept.
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings

from core.limits import Limit, take
from sms.models import OptOut
from sms.numbers import is_e164


class Command(StrEnum):
    STOP = "STOP"
    START = "START"
    HELP = "HELP"


# support.twilio.com: "Twilio support for opt-out keywords (SMS STOP filtering)".
WORDS: Final[dict[str, Command]] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
        Command.STOP,
    ),
    **dict.fromkeys(("START", "YES", "UNSTOP"), Command.START),
    **dict.fromkeys(("HELP", "INFO"), Command.HELP),
}
HELP_TEXT: Final = (
    "Nudge sends the reminders that its users ask for."
    " Reply STOP to get no more texts, START to get them again."
)
HELP_PER_DAY: Final = 3  # a machine that answers our answer must not make a bill


def command(body: str) -> Command | None:
    """The whole text is the word, in any case; signs around it do not count."""
    return WORDS.get(body.strip(" \t\r\n.,!\"'").upper())


def receive(*, number: str, body: str, at: datetime) -> str:
    """Do what the text asks for and return the reply, empty where there is none."""
    if not is_e164(number):  # a short code, a name, WhatsApp: nobody we could text
        return ""
    match command(body):
        case Command.STOP:
            OptOut.objects.get_or_create(
                number=number, defaults={"source": OptOut.Source.INBOUND, "created_at": at}
            )
        case Command.START:
            OptOut.objects.of(number).delete()
        case Command.HELP:
            return HELP_TEXT if settings.SMS_ENABLED and _may_help(number, at) else ""
    return ""


def _may_help(number: str, at: datetime) -> bool:
    """Counted under a digest: counters are no place for numbers."""
    digest = hashlib.sha256(number.encode()).hexdigest()[:32]
    limit = Limit(scope=f"sms:help:{digest}", amount=HELP_PER_DAY, window=timedelta(days=1))
    return take(limit, at=at)
