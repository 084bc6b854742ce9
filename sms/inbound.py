"""Texts that people send to us: STOP and START, as the networks ask of every sender.

Twilio does this too and answers STOP, START and HELP itself; our table is what keeps us from
asking it to send at all. We answer nothing: a reply would be a text outside the outbox and its
limits. Whatever else people write is not kept.
"""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import transaction

from sms.models import InboundMessage, OptOut
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
OPT_OUT_TYPES: Final = {command.value: command for command in Command}


def command(*, body: str, opt_out_type: str) -> Command | None:
    """What Twilio took the text for (OptOutType, which Advanced Opt-Out sends), else its words.

    The operator may have chosen other keywords there, so Twilio's own reading comes first.
    """
    return OPT_OUT_TYPES.get(opt_out_type.upper()) or WORDS.get(_letters(body))


def _letters(body: str) -> str:
    """In plain capitals: phones add blanks that do not break, signs, emoji, wide letters."""
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", body))).upper()


@transaction.atomic
def receive(*, sid: str, number: str, body: str, opt_out_type: str, at: datetime) -> None:
    """Do what the text asks for, once however often it is told."""
    wish = command(body=body, opt_out_type=opt_out_type)
    if wish not in (Command.STOP, Command.START):
        return
    if not (sid and is_e164(number)):  # a short code, a name, WhatsApp: nobody we could text
        return
    if not InboundMessage.objects.is_new(sid, at=at):
        return
    if wish is Command.STOP:
        OptOut.objects.remember(number, source=OptOut.Source.INBOUND, at=at)
    else:
        OptOut.objects.of(number).revocable().delete()
