"""One attempt to deliver one message: the claim, the provider, the result.

However many processes try, a message is handed to the provider at most once for every claim, and a
claim is committed before (docs/sms.md).
"""

import logging
import random
import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone

from core.tasks import task, task_boundary
from sms import policy, status_updates
from sms.models import ERROR_LENGTH, Attempt, Event, Message
from sms.numbers import with_masked_numbers
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

logger = logging.getLogger(__name__)
alerts = logging.getLogger("sms.alerts")  # an alarm of deploy/template.yaml waits for its errors

MAX_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=5)
NOT_SENT = "not_sent"
LOST = "lost"  # what became of it was never reported
SWITCHED_OFF = "switched_off"  # of messages that waited; a request gets sending_disabled
ALERT_INTERVAL = 3600.0  # seconds, in each process, for one provider and code

_alerted: Final[dict[tuple[str, str], float]] = {}
_lock = threading.Lock()


@task
@task_boundary
def deliver(message_id: str) -> None:
    """Make one attempt, unless another process does or the message is not due.

    Nothing is raised once the provider has been called: Lambda would run the task again.
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
    """Committed when this returns; refused inside another transaction."""
    return message.claim(timezone.now(), provider=settings.SMS_PROVIDER)


@transaction.atomic
def _block(message: Message, error: SendError) -> None:
    message.result = Refused(error.detail, error.code, http_status=policy.STATUS[error.code])
    code = SWITCHED_OFF if error.code == "sending_disabled" else error.code
    if message.advance(State.BLOCKED, code=code, reason=error.detail):
        policy.return_unused(message)
        message.add_event(Event.Source.SERVICE, error_code=code)


def attempt(message: Message, *, retry: bool = True) -> None:
    """From a claim that is committed to the end; `message.result` is what the provider said.

    Without `retry` a message that certainly was not sent has failed: its sender was told so and may
    repeat it.
    """
    try:
        policy.check_leaving(message)
    except SendError as error:
        _block(message, error)
    else:
        _send(message, retry=retry)


def _send(message: Message, *, retry: bool) -> None:
    started_at = timezone.now()
    message.result = _call(message, started_at)
    alert_operator(message.provider, message.result)
    _record_result(message, message.result, started_at, retry=retry)


def outgoing(message: Message, **more: int | None) -> OutgoingMessage:
    return OutgoingMessage(
        to=message.to,
        from_number=message.from_number,
        body=message.body,
        callback_url=_callback_url(message),
        reference=str(message.pk),
        **more,
    )


def _callback_url(message: Message) -> str:
    """Where the provider reports; empty if this service has no public address."""
    base_url: str = settings.PUBLIC_BASE_URL
    return f"{base_url.rstrip('/')}/service/sms/status/{message.pk}/" if base_url else ""


def _call(message: Message, at: datetime) -> Result:
    valid_seconds = _seconds_left(message, at)
    try:
        provider = provider_named(message.provider)()
        return provider.send(outgoing(message, valid_seconds=valid_seconds))
    except Exception as error:
        # A fault of ours, perhaps after the request had left: the row must not stay undecided.
        logger.exception("The provider failed while sending message %s", message.pk)
        return Unknown(f"The provider failed ({type(error).__name__}).")


def _seconds_left(message: Message, at: datetime) -> int | None:
    if message.expires_at is None:
        return None
    return max(1, int((message.expires_at - at).total_seconds()))


def alert_operator(provider: str, result: Result) -> None:
    """An error in the log if every message is being refused until the operator acts.

    Once per interval, not once per message. The code says why; the provider's words are not logged.
    """
    if not (isinstance(result, Refused) and result.reason.needs_operator):
        return
    now, key = time.monotonic(), (provider, result.code)
    with _lock:
        if key in _alerted and now - _alerted[key] < ALERT_INTERVAL:
            return
        _alerted[key] = now
    alerts.error(
        "%s refuses our texts (%s, code %s, HTTP %s): see docs/sms.md",
        provider,
        result.reason,
        result.code,
        result.http_status,
    )


def _record_result(message: Message, result: Result, started_at: datetime, *, retry: bool) -> None:
    """If that fails the row stays `sending`: the message is out, an error would be a lie."""
    try:
        with transaction.atomic():
            if _apply(message, result, retry=retry):
                message.add_event(Event.Source.SERVICE, error_code=_code(result))
            _record_attempt(message, result, started_at)
    except DatabaseFault as error:
        # Only the kind of error: PostgreSQL quotes the whole row, body and number, in its words.
        kind = type(error).__name__
        logger.error(  # noqa: TRY400
            "Message %s ended as %s, which could not be written down: %s",
            message.pk,
            result.sid if isinstance(result, Accepted) else type(result).__name__,
            kind,
        )


def _apply(message: Message, result: Result, *, retry: bool) -> bool:
    """Whether the message moved: a callback that was quicker knows more than this answer."""
    match result:
        case Accepted(sid):
            return message.accept(sid)
        case Refused():
            return _refuse(message, result)
        case Throttled(reason, code, seconds):
            return _reschedule(message, code, reason, timedelta(seconds=seconds), retry=retry)
        case NotSent(reason):
            wait = FIRST_WAIT * 2 ** (message.attempt_count - 1)
            return _reschedule(message, NOT_SENT, reason, wait, retry=retry)
        case AcceptedWithoutId():
            return message.mark_unknown("The provider gave no id.")
    return message.mark_unknown(result.reason)


def _refuse(message: Message, refused: Refused) -> bool:
    """For good, and nothing was charged: it does not count. Once, by the change that ends it."""
    ended = status_updates.refuse(message, refused)
    if ended:
        policy.return_unused(message)
    return ended


def _reschedule(message: Message, code: str, reason: str, wait: timedelta, *, retry: bool) -> bool:
    """Certainly not sent: later once more, or not at all, and then it does not count.

    Its key is free again with it: a client that repeats what was not sent wants it sent.
    """
    if retry and message.attempt_count < MAX_ATTEMPTS:
        jitter = random.uniform(1.0, 1.3)  # noqa: S311 - spreads what failed together
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
    """As Attempt.outcome keeps it."""
    return "withoutsid" if kind is AcceptedWithoutId else kind.__name__.lower()


def _code(result: Result) -> str:
    return NOT_SENT if isinstance(result, NotSent) else getattr(result, "code", "")
