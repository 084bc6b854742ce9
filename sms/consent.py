"""The text that people agree to before they get messages, and the entries in the ledger."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from core.http import client_address
from sms.models import Consent, Phone, Source
from sms.models.consent import ADDRESS_LENGTH, USER_AGENT_LENGTH, WORDS_LENGTH
from sms.telephony import canonical

if TYPE_CHECKING:
    from accounts.models import User

Event = Consent.Event


@dataclass(frozen=True)
class Asker:
    """Where a person agrees or revokes the consent."""

    source: Source
    address: str = ""
    user_agent: str = ""

    @classmethod
    def of(cls, request: HttpRequest, source: Source) -> "Asker":
        agent = Truncator(request.headers.get("User-Agent", "").replace("\0", ""))
        address = client_address(request)[:ADDRESS_LENGTH]
        return cls(source, address, agent.chars(USER_AGENT_LENGTH))


def words() -> str:
    """The text beside the number in a page or app, in the language of the reader."""
    return _(
        "I agree that Nudge sends text messages to this number: codes, my reminders, and answers"
        " to my texts. How many depends on my to-dos. Message and data rates may apply. I can reply"
        " STOP to end them and HELP for help. Agreeing is not a condition of any purchase."
    )


def note(
    event: str, number: str, *, account: "User | None", asker: Asker, said: str = ""
) -> Consent:
    """Add an entry to the ledger."""
    return Consent.objects.create(
        event=event,
        number=number,
        account=account,
        source=asker.source,
        address=asker.address,
        user_agent=asker.user_agent,
        words=Truncator(said.replace("\0", "")).chars(WORDS_LENGTH),
        at=timezone.now(),
    )


def note_of_number(event: str, number: str, source: Source, said: str = "") -> None:
    """Add an entry for the account with this number, or without an account."""
    form = canonical(number)
    phone = Phone.objects.filter(number=form).select_related("account").first()
    note(event, form, account=phone.account if phone else None, asker=Asker(source), said=said)
