"""The entry point for sending: takes limits and inserts the row in a transaction, then delivers."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.idempotency import KEPT, KeyReused
from sms import delivery, policy, spelling, telephony
from sms.conversation import Asked, Reply
from sms.models import Event, Lane, Message, Phone
from sms.policy import SendError
from sms.results import Accepted, Refused, Result, Unknown
from sms.states import State
from sms.telephony import Recipient

if TYPE_CHECKING:
    from accounts.models import User

__all__ = [
    "Asked",
    "Lane",
    "Reply",
    "SendError",
    "Unreached",
    "cancel",
    "fits_one_segment",
    "mark_told",
    "plain",
    "proved_number",
    "queue",
    "queue_again",
    "queue_code",
    "send",
    "unreached",
    "unreached_text",
]

logger = logging.getLogger(__name__)


def send(*, actor: "User | None", body: str, key: str | None = None) -> Message:
    """Send one message to TO_NUMBER and return it with its `result`.

    Raises SendError, and KeyReused if the key was used with another message. Must not run inside a
    transaction: it commits the claimed row before it calls the provider, so that a crash leaves a
    trace. Never raises after the provider was called. A repeat with the same key returns the row
    without sending.
    """
    at, recipient = timezone.now(), policy.own_recipient()
    message, is_new = _enter(
        at,
        key and f"send {key}",
        recipient,
        **_content(actor, body, recipient),
        state=State.SENDING,
        claimed_at=at,
        attempt_count=1,
    )
    if is_new:
        delivery.attempt(message, retry=False)
    else:
        message.result = _result_so_far(message)
    return message


def queue(
    *,
    actor: "User | None",
    to: str,
    body: str,
    send_at: datetime | None = None,
    valid_for: timedelta | None = None,
    key: str | None = None,
    lane: Lane = Lane.ORDINARY,
    refers_to: Sequence[UUID] | None = None,
) -> Message:
    """Store one message, to be delivered after commit or at `send_at`.

    If the body has a numbered list, `refers_to` has the ids of its items in order, and the
    recipient may answer with the numbers for a day. Raises SendError, and KeyReused if the key was
    used with another message. If this sender has used the key within a day, returns the stored
    message. Inside a transaction the message is part of it; an error does not break that
    transaction.
    """
    at, recipient = timezone.now(), policy.recipient(to)
    due = max(at, send_at or at)
    message, _is_new = _enter(
        at,
        key and f"queue {key}",
        recipient,
        **_content(actor, body, recipient),
        state=State.SCHEDULED if due > at else State.QUEUED,
        send_at=send_at,
        next_attempt_at=due,
        expires_at=valid_for and due + valid_for,
        lane=lane,
        refers_to=None if refers_to is None else [str(each) for each in refers_to],
    )
    return message


def queue_code(*, to: Recipient, body: str, valid_for: timedelta) -> Message:
    """Store a message with a code, which replaces CODE_PLACE when it is sent.

    It counts against the operator's pool and has no sender, so that no list of messages shows it.
    Raises SendError.
    """
    at = timezone.now()
    message, _is_new = _enter(
        at,
        None,
        to,
        **_content(None, body, to),
        state=State.QUEUED,
        expires_at=at + valid_for,
        lane=Lane.CODE,
    )
    return message


def proved_number(user: "User") -> str | None:
    """The verified number of this person."""
    return Phone.objects.filter(account=user).values_list("number", flat=True).first()


def queue_again(first: Message) -> Message:
    """Queue a copy of `first` that expires with it. Raises IntegrityError if there is a copy.

    sms.resend decides whether it may be sent again.
    """
    at, recipient = timezone.now(), policy.recipient(first.to)
    message, _is_new = _enter(
        at,
        None,
        recipient,
        **_content(first.sender, first.body, recipient),
        state=State.QUEUED,
        expires_at=first.expires_at,
        retry_of=first,
        lane=first.lane,
    )
    return message


@transaction.atomic(durable=True)
def cancel(*, actor: "User | None", message: Message) -> bool:
    """Cancel a message; False if it was sent already, or may have been."""
    if not message.cancel():
        return False
    policy.return_unused(message)
    message.add_event(Event.Source.PERSON)
    logger.info("Message %s was canceled by %s", message.pk, actor and actor.pk)
    return True


@dataclass(frozen=True)
class Unreached:
    """A reminder or answer to a number that is permanently unreachable."""

    message: UUID
    account: UUID
    number: str
    reason: str


def unreached(limit: int) -> list[UUID]:
    """The unreported messages, oldest first."""
    waiting = Message.objects.unreached().order_by("created_at")
    return list(waiting.values_list("pk", flat=True)[:limit])


def unreached_text(message_id: str) -> Unreached | None:
    facts = ("pk", "sender", "to", "unreached")
    found = Message.objects.unreached().filter(pk=message_id).values_list(*facts).first()
    return found and Unreached(*found)


def mark_told(text: Unreached) -> bool:
    """Mark as reported, in the caller's transaction; true for only one of concurrent calls."""
    return Message(pk=text.message).mark_unreached_told(timezone.now())


def plain(text: str) -> str:
    """Replace expensive characters by equivalent ones."""
    return spelling.examine(text).cheaper


def fits_one_segment(body: str) -> bool:
    return telephony.measure(body).segments <= 1


def _content(sender: "User | None", body: str, to: Recipient) -> dict[str, Any]:
    encoding, segments = policy.measured(body)
    return {
        "sender": sender,
        "to": to.number,
        "region": to.region,
        "body": body,
        "encoding": encoding,
        "segments": segments,
    }


def _enter(
    at: datetime, key: str | None, recipient: Recipient, **fields: Any
) -> tuple[Message, bool]:
    """The row of a new message, or the message of the first request with this key."""
    bound = key and hashlib.sha256(key.encode()).hexdigest()
    earlier = _earlier(at, bound, fields)
    if earlier is not None:
        return earlier, False
    policy.check_new(fields["sender"], recipient, fields.get("lane", Lane.ORDINARY))
    try:
        return _admit(at, idempotency_key=bound, **fields), True
    except IntegrityError:  # another request with the same key was faster
        earlier = _earlier(at, bound, fields)
        if earlier is None:
            raise
        return earlier, False


def _earlier(at: datetime, key: str | None, fields: dict[str, Any]) -> Message | None:
    """The message with this key, which is free again after a day (docs/api.md)."""
    if key is None:
        return None
    held = Message.objects.filter(sender=fields["sender"], idempotency_key=key)
    held.filter(created_at__lte=at - KEPT).update(idempotency_key=None)
    earlier = held.first()
    if earlier is not None and (earlier.to, earlier.body) != (fields["to"], fields["body"]):
        raise KeyReused
    return earlier


def _admit(at: datetime, **fields: Any) -> Message:
    """Insert the row. A claimed row is committed on return, a queued one with the caller."""
    with transaction.atomic(durable=fields["state"] == State.SENDING):
        return _admitted(at, **fields)


def _admitted(at: datetime, **fields: Any) -> Message:
    policy.admit(
        account=fields["sender"],
        to=fields["to"],
        region=fields["region"],
        segments=fields["segments"],
        at=at,
        due=fields.get("next_attempt_at"),
        lane=fields.get("lane", Lane.ORDINARY),
    )
    message = Message.objects.create(
        from_number=settings.SMS_FROM_NUMBER,
        provider=settings.SMS_PROVIDER,
        created_at=at,
        **{"next_attempt_at": at, **fields},
    )
    Event.objects.create(
        message=message, source=Event.Source.SERVICE, status=message.state, received_at=at
    )
    if message.state == State.QUEUED:
        delivery.deliver.enqueue(str(message.pk))
    return message


def _result_so_far(message: Message) -> Result:
    if message.provider_sid:
        return Accepted(message.provider_sid)
    if message.state in (State.FAILED, State.BLOCKED) and not message.is_lost:
        return Refused(message.error_message, message.error_code, HTTPStatus.BAD_REQUEST)
    return Unknown(message.error_message)
