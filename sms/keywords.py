"""Inbound keywords: STOP and START, which carriers require every sender to obey.

Providers obey them too, and answer STOP, START and HELP themselves. The opt-outs here prevent that
Nudge passes such a message to the provider. Nudge sends no reply to a keyword, because a reply
would bypass the outbox and its limits. Other inbound messages are not stored here.
"""

import re
import unicodedata
from datetime import datetime
from typing import Final

from django.db import transaction

from sms import consent
from sms.models import Consent, InboundMessage, OptOut, Source
from sms.results import Command, Inbound
from sms.telephony import canonical, is_e164

# The default keywords of North American carriers (CTIA, "Messaging Principles and Best Practices"),
# with the French ones of Canada; docs/sms.md has a table of all keywords.
WORDS: Final[dict[str, Command]] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
        Command.STOP,
    ),
    **dict.fromkeys(("ARRET", "ARRÊT"), Command.STOP),
    **dict.fromkeys(("START", "YES", "UNSTOP"), Command.START),
    **dict.fromkeys(("HELP", "INFO"), Command.HELP),
}
_STOP_SIGN = "\N{OCTAGONAL SIGN}"

# The signature that a phone or mail program adds to a message.
_SIGNATURE = re.compile(
    r"\W*(sent (from|via|with|by)|get outlook for|gesendet (von|mit)|von meinem .+ gesendet"
    r"|envoyé (de|depuis|à partir)|enviado (desde|de|do)|inviato (da|dal)"
    r"|verzonden (vanaf|met))\b.*",
    re.IGNORECASE,
)
_COURTESY = r"(?:PLEASE|PLS|PLZ|THANKS|THANK YOU|THX|TY|MERCI|SVP|S IL VOUS PLAÎT|S IL VOUS PLAIT)"
_POLITE = re.compile(rf"\A(?:{_COURTESY} )*(.+?)(?: {_COURTESY})*\Z")


def command(message: Inbound) -> Command | None:
    """The command that the provider found, otherwise our own reading.

    The provider's reading comes first, because the operator may have configured other keywords
    there.
    """
    return message.command or _reading(message.body)


def _reading(body: str) -> Command | None:
    """The keyword, if the message has nothing else; polite words around STOP are allowed.

    Any other word or number makes it a normal message: "cancel 3" may answer another question. A
    wrong START would send messages to a person who did not ask for them.
    """
    text = without_signature(unicodedata.normalize("NFKC", body))
    if any(character.isnumeric() for character in text):
        return None
    words = _words(text)
    if not words:
        return Command.STOP if _STOP_SIGN in text else None
    if plain := WORDS.get(words.replace(" ", "")):
        return plain
    asked = WORDS.get(_POLITE.sub(r"\1", words).replace(" ", ""))
    return asked if asked is Command.STOP else None


def without_signature(text: str) -> str:
    """The message without the signature of a phone or mail program."""
    first, *others = text.strip().splitlines() or [""]
    return "\n".join([first, *(line for line in others if not _SIGNATURE.fullmatch(line))])


def _words(text: str) -> str:
    """The words in capitals with single blanks, without punctuation, emoji and marks."""
    return " ".join(re.findall(r"[^\W\d_]+", text)).upper()


@transaction.atomic
def receive(message: Inbound, *, at: datetime) -> None:
    """Apply STOP or START once, even if the message is reported repeatedly."""
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
    event = Consent.Event.STOPPED if wish is Command.STOP else Consent.Event.STARTED
    consent.note_of_number(event, number, Source.TEXT, message.body)
