"""The only door: limits and the row in one transaction, then the delivery."""

import hashlib
import logging
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.idempotency import KEPT, KeyReused
from sms import limits, tasks
from sms.backends import chosen_provider
from sms.limits import LimitReachedError
from sms.models import Event, Message
from sms.numbers import Recipient, RecipientError, recipient
from sms.numbers import region as region_of
from sms.outcomes import Accepted, Outcome, Refused, Unknown
from sms.states import State
from sms.texts import TextError, measured

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

__all__ = [
    "BlockedError",
    "LimitReachedError",
    "NobodysError",
    "RecipientError",
    "SwitchedOffError",
    "TextError",
    "cancel",
    "may_send",
    "queue",
    "queue_again",
    "send",
]

logger = logging.getLogger(__name__)

SWITCHED_OFF_SECONDS = 300


class SendingError(Exception):
    """Nothing was sent and nothing was written down."""


class SwitchedOffError(SendingError):
    """SMS_ENABLED is False; `retry_after` is in seconds."""

    retry_after = SWITCHED_OFF_SECONDS


class NobodysError(SendingError):
    """It would be on nobody's account, so that no allowance would bound what it may cost."""


class BlockedError(SendingError):
    """No text may go to this number; `code` says why."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def may_send(user: "User | AnonymousUser") -> bool:
    """A new account may send nothing until the operator grants it an allowance."""
    return limits.may_send(user)


def send(*, actor: "User | None", body: str, key: str | None = None) -> Message:
    """Send one text to TO_NUMBER, once, and return it with its `outcome`.

    TextError and RecipientError where the text or TO_NUMBER is not one that texts may be sent to.
    Must not run inside a transaction: the row is committed, claimed, before the provider is
    called, so that a crash at any moment leaves a trace. Nothing is raised once the provider has
    been called. Repeated with its key it answers from the row and sends nothing.
    """
    at = timezone.now()
    message, is_new = _enter(
        at,
        key and f"send {key}",
        **_text(actor, body, _own_recipient()),
        state=State.SENDING,
        claimed_at=at,
        attempt_count=1,
    )
    if is_new:
        tasks.carry_out(message, again=False)
    else:
        message.outcome = _outcome_so_far(message)
    return message


def queue(
    *,
    actor: "User | None",
    to: str,
    body: str,
    send_at: datetime | None = None,
    valid_for: timedelta | None = None,
    key: str | None = None,
) -> Message:
    """Write one text down, to be delivered after commit or at its moment.

    TextError and RecipientError where it cannot be sent, or not to this number. With a key that
    this sender has used within a day, the text that was written down then.
    """
    at = timezone.now()
    due = max(at, send_at or at)
    message, _is_new = _enter(
        at,
        key and f"queue {key}",
        **_text(actor, body, recipient(to)),
        state=State.SCHEDULED if due > at else State.QUEUED,
        send_at=send_at,
        next_attempt_at=due,
        expires_at=valid_for and due + valid_for,
    )
    return message


def queue_again(first: Message) -> Message:
    """As queue(), what `first` was, while that is of use; IntegrityError where one was before.

    Whether it may be sent again at all is for sms.retry to say.
    """
    at = timezone.now()
    message, _is_new = _enter(
        at,
        None,
        **_text(first.sender, first.body, recipient(first.to)),
        state=State.QUEUED,
        expires_at=first.expires_at,
        retry_of=first,
    )
    return message


@transaction.atomic(durable=True)
def cancel(*, actor: "User | None", message: Message) -> bool:
    """Take a text back; False where it has left already, or may have."""
    if not message.cancel():
        return False
    limits.return_unused(message)
    tasks.note(message, source=Event.Source.PERSON)
    logger.info("Message %s was canceled by %s", message.pk, actor and actor.pk)
    return True


def _text(sender: "User | None", body: str, to: Recipient) -> dict[str, Any]:
    """The columns that say what is sent; TextError where that is no text to send."""
    encoding, segments = measured(body)
    return {
        "sender": sender,
        "to": to.number,
        "region": to.region,
        "body": body,
        "encoding": encoding,
        "segments": segments,
    }


def _own_recipient() -> Recipient:
    """TO_NUMBER, by the rules of all numbers where texts cost money.

    Where they cost nothing it may be missing: the console prints texts to nobody.
    """
    number = settings.SMS_TO_NUMBER
    if chosen_provider().costs_money:
        return recipient(number)
    return Recipient(number, region_of(number), kind="")


def _enter(at: datetime, key: str | None, **fields: Any) -> tuple[Message, bool]:
    """The row of a new text, committed, or that of the first request with this key."""
    bound = key and hashlib.sha256(key.encode()).hexdigest()
    earlier = _earlier(at, bound, fields)
    if earlier is not None:
        return earlier, False
    _refuse_what_may_not_go(fields["sender"], fields["to"])
    try:
        return _admit(at, idempotency_key=bound, **fields), True
    except IntegrityError:  # somebody was quicker with the same key
        earlier = _earlier(at, bound, fields)
        if earlier is None:
            raise
        return earlier, False


def _earlier(at: datetime, key: str | None, fields: dict[str, Any]) -> Message | None:
    """What was sent with this key; a key is free again after a day (docs/api.md)."""
    if key is None:
        return None
    held = Message.objects.filter(sender=fields["sender"], idempotency_key=key)
    held.filter(created_at__lte=at - KEPT).update(idempotency_key=None)
    earlier = held.first()
    if earlier is not None and (earlier.to, earlier.body) != (fields["to"], fields["body"]):
        raise KeyReused
    return earlier


def _refuse_what_may_not_go(sender: "User | None", number: str) -> None:
    if sender is None and not limits.is_open():
        raise NobodysError("It would be on nobody's account, and texts cost money here.")
    code = tasks.obstacle(number)
    if code == tasks.SWITCHED_OFF:
        raise SwitchedOffError(tasks.OBSTACLES[code])
    if code:
        raise BlockedError(tasks.OBSTACLES[code], code=code)


@transaction.atomic(durable=True)
def _admit(at: datetime, **fields: Any) -> Message:
    """Take one of each limit and insert the row: all of it or, where one refuses, nothing."""
    limits.admit(
        account=fields["sender"],
        to=fields["to"],
        region=fields["region"],
        segments=fields["segments"],
        at=at,
        due=fields.get("next_attempt_at"),
    )
    message = Message.objects.create(
        from_number=settings.SMS_FROM_NUMBER,
        provider=chosen_provider().name,
        created_at=at,
        **{"next_attempt_at": at, **fields},
    )
    tasks.note(message)
    if message.state == State.QUEUED:
        tasks.deliver.enqueue(str(message.pk))
    return message


def _outcome_so_far(message: Message) -> Outcome:
    """What the first request was answered, as far as the row tells."""
    if message.provider_sid:
        return Accepted(message.provider_sid)
    if message.state in (State.FAILED, State.BLOCKED) and message.error_code != tasks.LOST:
        return Refused(message.error_message, message.error_code, HTTPStatus.BAD_REQUEST)
    return Unknown(message.error_message)
