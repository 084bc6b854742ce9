"""One attempt to deliver one message: claim it, call the provider, record the result.

A claim is committed before the provider is called, so that each claim leads to at most one call,
however many processes try (docs/sms.md).
"""

import logging
import random
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core.tasks import task, task_boundary
from sms import alerts, policy, status_updates
from sms.models import ERROR_LENGTH, Attempt, Event, Lane, Message
from sms.policy import SendError
from sms.providers import OutgoingMessage, provider_named
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    Refused,
    Result,
    Throttled,
    Unknown,
)
from sms.states import State
from sms.telephony import with_masked_numbers

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # of a claim; then the sweep gives up on it
LONGEST_CALL = timedelta(seconds=10)  # of one call of a provider
MAX_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)  # for a provider that is too busy
NOT_SENT = "not_sent"
SWITCHED_OFF = "switched_off"  # for messages that waited; a request gets sending_disabled
CODE_DIGITS: Final = 6
# The body in the outbox has this instead of the code, so that the database, the log of messages and
# exports contain no code.
CODE_PLACE: Final = "*" * CODE_DIGITS


@task
@task_boundary
def deliver(message_id: str) -> None:
    """Make one attempt, unless another process does or the message is not due.

    Never raises after the provider was called, because Lambda would run the task again.
    """
    message = Message(pk=message_id)  # the claim reads the row
    try:
        claimed = _claim(message)
    except Message.DoesNotExist:
        return
    if claimed:
        attempt(message)


@transaction.atomic(durable=True)
def _claim(message: Message) -> bool:
    """Commits before it returns; raises RuntimeError inside another transaction."""
    return message.claim(timezone.now(), provider=settings.SMS_PROVIDER)


@transaction.atomic
def _block(message: Message, error: SendError) -> None:
    message.result = Refused(error.detail, error.code, http_status=policy.STATUS[error.code])
    code = SWITCHED_OFF if error.code == "sending_disabled" else error.code
    if message.advance(State.BLOCKED, code=code, reason=error.detail):
        policy.return_unused(message)
        message.add_event(Event.Source.SERVICE, error_code=code)
        status_updates.note_unreached(message, error.code)


def attempt(message: Message, *, retry: bool = True) -> None:
    """Make one attempt with a claimed message; `message.result` is the provider's result.

    Without `retry`, a message that certainly was not sent ends as failed, and the sender may repeat
    the request.
    """
    try:
        policy.check_claimed(message)
    except SendError as error:
        _block(message, error)
    else:
        _send(message, retry=retry)


def _send(message: Message, *, retry: bool) -> None:
    started_at = timezone.now()
    message.result = _call(message, started_at)
    _record_result(message, message.result, started_at, retry=retry)
    if isinstance(message.result, Refused):
        alerts.refused(message.provider, message.result.reason, message.result.code)


def outgoing(message: Message, **more: int | None) -> OutgoingMessage:
    return OutgoingMessage(
        to=message.to,
        from_number=message.from_number,
        body=_body(message),
        callback_url=_callback_url(message),
        reference=str(message.pk),
        **more,
    )


def _body(message: Message) -> str:
    if message.lane != Lane.CODE:
        return message.body
    return message.body.replace(CODE_PLACE, code_of(message.pk))


def code_of(message_id: UUID) -> str:
    """The code in a message, computed from its id and the secret key; it is never stored."""
    digest = salted_hmac("sms.codes", str(message_id), algorithm="sha256").digest()
    return f"{int.from_bytes(digest) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def _callback_url(message: Message) -> str:
    base_url: str = settings.PUBLIC_BASE_URL
    return f"{base_url.rstrip('/')}/service/sms/status/{message.pk}/" if base_url else ""


def _call(message: Message, at: datetime) -> Result:
    valid_seconds = _seconds_left(message, at)
    try:
        provider = provider_named(message.provider)()
        text = outgoing(message, valid_seconds=valid_seconds)
        if _is_late(message):
            return NotSent("The process was interrupted for too long before the call.")
        return provider.send(text)
    except Exception as error:
        # A bug of the provider's class, perhaps after the request: the message must not stay
        # `sending`.
        logger.exception("The provider failed while sending message %s", message.pk)
        return Unknown(f"The provider failed ({type(error).__name__}).")


def _is_late(message: Message) -> bool:
    """Whether the claim may expire during the call, so that the sweep would give up on it."""
    return message.claimed_at is None or timezone.now() > message.claimed_at + LEASE - LONGEST_CALL


def _seconds_left(message: Message, at: datetime) -> int | None:
    if message.expires_at is None:
        return None
    return max(1, int((message.expires_at - at).total_seconds()))


def _record_result(message: Message, result: Result, started_at: datetime, *, retry: bool) -> None:
    """Record the result. Raises no database error, because the message was sent."""
    try:
        with transaction.atomic():
            if _apply(message, result, retry=retry):
                message.add_event(Event.Source.SERVICE, error_code=_code(result))
            _record_attempt(message, result, started_at)
    except DatabaseFault as error:
        # Only the type: PostgreSQL's error text quotes the whole row, body and number included.
        kind = type(error).__name__
        logger.error(  # noqa: TRY400
            "Message %s ended as %s, which could not be saved: %s",
            message.pk,
            result.sid if isinstance(result, Accepted) else type(result).__name__,
            kind,
        )


def _apply(message: Message, result: Result, *, retry: bool) -> bool:
    """Apply the result; False if a callback was faster and the state does not change."""
    match result:
        case Accepted(sid):
            return message.accept(sid)
        case Refused():
            return _refuse(message, result)
        case Throttled(reason, code, seconds):
            again = timedelta(seconds=seconds) if retry and _may_wait(message) else None
            return _reschedule(message, code, reason, again)
        case NotSent(reason):
            tried = _tries(message)
            again = FIRST_WAIT * 2 ** (tried - 1) if retry and tried < MAX_ATTEMPTS else None
            return _reschedule(message, NOT_SENT, reason, again)
        case AcceptedWithoutId():
            return message.mark_unknown("The provider gave no id.")
    return message.mark_unknown(result.reason)


def _refuse(message: Message, refused: Refused) -> bool:
    """End a refused message, and return its share of the limits once."""
    ended = status_updates.refuse(message, refused)
    if ended:
        policy.return_unused(message)
    return ended


def _tries(message: Message) -> int:
    """The number of attempts including this one, without those of a throttling provider."""
    busy = message.attempts.filter(outcome=result_name(Throttled)).count()
    return message.attempt_count - busy


def _may_wait(message: Message) -> bool:
    """Whether a retry is allowed: until the message expires, or for a day."""
    return message.expires_at is not None or timezone.now() < message.due_at + LONGEST_WAIT


def _reschedule(message: Message, code: str, reason: str, wait: timedelta | None) -> bool:
    """Retry a message that certainly was not sent, or end it as failed if it may not wait.

    A failed message does not count against the limits, and its key is free again: a client that
    repeats the request wants the message sent.
    """
    if wait is not None:
        jitter = random.uniform(1.0, 1.3)  # noqa: S311 - spreads messages that failed together
        if message.release(timezone.now() + wait * jitter, code, reason):
            return True
    failed = message.advance(State.FAILED, code=code, reason=reason, idempotency_key=None)
    if failed:
        policy.return_unused(message)
    return failed


def _record_attempt(message: Message, result: Result, started_at: datetime) -> None:
    reason = getattr(result, "message", "") or getattr(result, "reason", "")
    Attempt.objects.create(
        message=message,
        number=message.attempt_count,
        started_at=started_at,
        outcome=result_name(type(result)),
        http_status=getattr(result, "http_status", None),
        code=_code(result),
        detail=with_masked_numbers(reason)[:ERROR_LENGTH],
    )


def result_name(kind: type) -> str:
    """The value of Attempt.outcome for a class of sms.results."""
    return "withoutsid" if kind is AcceptedWithoutId else kind.__name__.lower()


def _code(result: Result) -> str:
    return NOT_SENT if isinstance(result, NotSent) else getattr(result, "code", "")
