"""Inbound messages: STOP and START, which carriers require every sender to obey.

Providers obey them too and answer STOP, START and HELP themselves; our opt-outs keep us from
handing them such a message at all. We send no reply: it would bypass the outbox and its limits.
Other inbound messages are not stored.
"""

import unicodedata
from datetime import datetime
from typing import Final

from django.db import transaction

from sms.models import InboundMessage, OptOut
from sms.numbers import canonical, is_e164
from sms.results import Command, Inbound

# The default keywords of North American carriers (CTIA, "Messaging Principles and Best Practices").
WORDS: Final[dict[str, Command]] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
        Command.STOP,
    ),
    **dict.fromkeys(("START", "YES", "UNSTOP"), Command.START),
    **dict.fromkeys(("HELP", "INFO"), Command.HELP),
}


def command(message: Inbound) -> Command | None:
    """The provider's reading of the message, else our own.

    The operator may have configured other keywords there, so the provider's reading comes first.
    """
    return message.command or WORDS.get(_letters(message.body))


def _letters(body: str) -> str:
    """In plain capitals: phones add no-break spaces, signs, emoji, full-width letters."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", body))).upper()


@transaction.atomic
def receive(message: Inbound, *, at: datetime) -> None:
    """Apply STOP or START, once however often the message is reported."""
    wish = command(message)
    if wish not in (Command.STOP, Command.START):
        return
    number = canonical(message.number)
    if not (message.sid and is_e164(number)):  # a short code, a name, WhatsApp
        return
    if not InboundMessage.objects.is_new(message.sid, at=at):
        return
    if wish is Command.STOP:
        OptOut.objects.remember(number, source=OptOut.Source.INBOUND, at=at)
    else:
        OptOut.objects.of(number).revocable().delete()
