"""Verifies phone numbers with codes (docs/sms.md).

All numbers get the same response, so that nobody learns whether a number has an account or has
opted out. If another account has the number, the latest verification wins, because that person has
the phone now.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from core.limits import Limit, take
from core.values import with_plain_digits
from sms import consent, notices, policy, service
from sms.consent import Asker
from sms.delivery import CODE_PLACE, code_of
from sms.models import Consent, Lane, Message, Phone, PhoneCode, Source
from sms.policy import SendError

if TYPE_CHECKING:
    from accounts.models import User

VALID: Final = timedelta(minutes=10)
PER_NUMBER: Final = 3  # codes a day, so that a number gets few unwanted ones
PER_ACCOUNT: Final = 5
PER_ADDRESS: Final = 10
_DAY: Final = timedelta(days=1)
_TRIES: Final = 3  # if two accounts verify a number simultaneously


class NoCodeError(Exception):
    """There is no code: it has expired, was used, or had too many guesses."""


class WrongCodeError(Exception):
    """The code is wrong; the guess was counted."""


def ask(*, actor: "User", number: str, asker: Asker) -> None:
    """Send a code to the number, unless the person has verified it already. Raises SendError.

    Takes the limits before it checks opt-outs, because the response must not disclose these.
    """
    to = policy.recipient(number)
    if service.proved_number(actor) == to.number:
        PhoneCode.objects.filter(account=actor).delete()
        return
    at = timezone.now()
    policy.check_pool()
    _take_limits(actor, to.number, asker.address, at)
    text = _("%(code)s is your Nudge code. If you did not ask for it, ignore this text.")
    message = None
    try:
        message = service.queue_code(to=to, body=text % {"code": CODE_PLACE}, valid_for=VALID)
    except SendError as error:
        if error.code != "opted_out":
            raise
    PhoneCode.objects.update_or_create(
        account=actor,
        defaults={
            "number": to.number,
            "message": message,
            "asked_at": at,
            "expires_at": at + VALID,
            "guesses": 0,
            "source": asker.source,
            "words": consent.words(),
            "address": asker.address,
            "user_agent": asker.user_agent,
        },
    )


def pending(account: "User") -> PhoneCode | None:
    """The code that this person may still confirm."""
    return PhoneCode.objects.alive(timezone.now()).filter(account=account).first()


def confirm(*, actor: "User", typed: str) -> None:
    """Verify the number of the last code. Raises NoCodeError or WrongCodeError."""
    code = PhoneCode.objects.guess(actor, timezone.now())
    if code is None:
        raise NoCodeError
    expected = code.message_id and code_of(code.message_id)
    if not expected or not constant_time_compare(_digits(typed), expected):
        raise WrongCodeError
    change = _taken(code, actor)
    for account in change.left:
        _cancel_reminders(account, code.number)
        notices.tell.enqueue(str(account.pk), Consent.Event.TAKEN_OVER)
    if change.before:
        _cancel_reminders(actor, change.before)
    notices.tell.enqueue(str(actor.pk), Consent.Event.AGREED)


def remove(*, actor: "User", asker: Asker) -> bool:
    """Remove the person's number; False if there was none."""
    PhoneCode.objects.filter(account=actor).delete()
    with transaction.atomic():
        phone = Phone.objects.select_for_update().filter(account=actor).first()
        if phone is None:
            return False
        phone.delete()
        consent.note(Consent.Event.REMOVED, phone.number, account=actor, asker=asker)
    _cancel_reminders(actor, phone.number)
    notices.tell.enqueue(str(actor.pk), Consent.Event.REMOVED)
    return True


@dataclass(frozen=True)
class _Change:
    before: str  # the person's former number
    left: list["User"]  # the former owner of the number


def _taken(code: PhoneCode, actor: "User") -> _Change:
    for _again in range(_TRIES):
        try:
            return _take_over(code, actor)
        except IntegrityError:  # another account has just verified it
            continue
    raise NoCodeError


@transaction.atomic
def _take_over(code: PhoneCode, actor: "User") -> _Change:
    """Use the code with one statement, only once, and take the number over."""
    if not PhoneCode.objects.filter(pk=code.pk, message=code.message_id).delete()[0]:
        raise NoCodeError
    touched = Phone.objects.filter(Q(account=actor) | Q(number=code.number)).order_by("pk")
    rows = list(touched.select_for_update(of=("self",)).select_related("account"))
    others = [row for row in rows if row.account_id != actor.pk]
    source = Source(code.source)
    asker = Asker(source, code.address, code.user_agent)
    for row in others:
        row.delete()
        consent.note(Consent.Event.TAKEN_OVER, row.number, account=row.account, asker=Asker(source))
    before = next((row.number for row in rows if row.account_id == actor.pk), "")
    Phone.objects.update_or_create(
        account=actor, defaults={"number": code.number, "proved_at": timezone.now()}
    )
    if before:
        consent.note(Consent.Event.REMOVED, before, account=actor, asker=asker)
    consent.note(Consent.Event.AGREED, code.number, account=actor, asker=asker, said=code.words)
    return _Change(before, [row.account for row in others])


def _cancel_reminders(account: "User", number: str) -> None:
    """Cancel waiting reminders to a phone that no longer belongs to the person."""
    waiting = Message.objects.waiting().filter(sender=account, to=number, lane=Lane.REMINDER)
    for message in waiting:
        service.cancel(actor=account, message=message)


def _take_limits(actor: "User", number: str, address: str, at: datetime) -> None:
    with transaction.atomic():
        for limit in _limits(actor, number, address):
            if not take(limit, at=at):
                raise SendError(
                    "limit_reached",
                    _("Too many codes were asked for today. Try again tomorrow."),
                    retry_after=limit.seconds_left(at),
                )


def _limits(actor: "User", number: str, address: str) -> Iterator[Limit]:
    """The limits of codes; addresses and numbers are stored as keyed hashes."""
    yield Limit(scope=f"sms:codes:account:{actor.pk}", amount=PER_ACCOUNT, window=_DAY)
    yield Limit(scope=f"sms:codes:from:{_hashed(address)}", amount=PER_ADDRESS, window=_DAY)
    yield Limit(scope=f"sms:codes:number:{_hashed(number)}", amount=PER_NUMBER, window=_DAY)


def _hashed(text: str) -> str:
    return salted_hmac("sms.phones", text, algorithm="sha256").hexdigest()[:32]


def _digits(typed: str) -> str:
    """The typed code without blanks and dashes, with ASCII digits."""
    plain = with_plain_digits(unicodedata.normalize("NFKC", typed))
    return "".join(each for each in plain if each.isalnum())
