"""One attempt to deliver one text: the claim, the provider, what is written down of it.

Asked for once or ten times, by any number of processes, a text is handed to the provider at most
once for every claim, and a claim is committed before (docs/sms.md).
"""

import logging
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core.tasks import task, task_boundary
from sms import limits, reports
from sms.backends import PROVIDERS, chosen_provider
from sms.models import ERROR_LENGTH, Attempt, Event, Message, OptOut
from sms.numbers import RecipientError, recipient, with_masked_numbers
from sms.outcomes import Accepted, NotSent, Outcome, Refused, Throttled, Unknown, WithoutSid
from sms.states import State

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=5)
NOT_SENT = "not_sent"
LOST = "lost"  # nobody ever told what became of it
SWITCHED_OFF = "switched_off"
OPTED_OUT = "opted_out"
NOT_ALLOWED = "not_allowed"
OBSTACLES = {
    SWITCHED_OFF: "Sending text messages is switched off.",
    OPTED_OUT: "This number has asked for no more text messages.",
    NOT_ALLOWED: "This account may not send text messages any more.",
}


@task
@task_boundary
def deliver(message_id: str) -> None:
    """Make one attempt, unless somebody else does or the text is not due.

    Nothing is raised once the provider has been called: Lambda would run the task again.
    """
    message = Message(pk=message_id)  # the claim reads the row
    try:
        claimed = _claim(message)
    except Message.DoesNotExist:
        return
    if claimed:
        carry_out(message)


@transaction.atomic(durable=True)
def _claim(message: Message) -> bool:
    """Committed when this returns; within somebody's transaction it is refused."""
    return message.claim(timezone.now(), provider=chosen_provider().name)


def carry_out(message: Message, *, again: bool = True) -> None:
    """From a claim that is committed to the end; `message.outcome` is what the provider said.

    Without `again` a text that certainly was not sent has failed: its sender has been told and may
    repeat it.
    """
    code, reason = _forbidden(message)
    if code:
        _block(message, code, reason)
        return
    started_at = timezone.now()
    message.outcome = _call(message, started_at)
    _write_down(message, message.outcome, started_at, again=again)


def obstacle(number: str) -> str:
    """Why no text may go to this number at this moment; empty where one may."""
    if not settings.SMS_ENABLED:
        return SWITCHED_OFF
    return OPTED_OUT if OptOut.objects.of(number).exists() else ""


def _forbidden(message: Message) -> tuple[str, str]:
    """Why it may not leave after all, code and words, or nothing twice.

    Asked after the claim is committed: what the operator stopped before that does not leave,
    however long ago it was accepted.
    """
    code = _stopped(message)
    if code:
        return code, OBSTACLES[code]
    if message.to == settings.SMS_TO_NUMBER:  # the operator's own choice, of whatever region
        return "", ""
    try:
        recipient(message.to)
    except RecipientError as error:
        return error.code, str(error)
    return "", ""


def _stopped(message: Message) -> str:
    """By the switch, by its account or by its recipient; account and recipient in one query."""
    if not settings.SMS_ENABLED:
        return SWITCHED_OFF
    opted_out = Exists(OptOut.objects.filter(number=OuterRef("to")))
    account = ("sender__is_active", "sender__sms_allowance__per_day")
    is_active, per_day, is_unwanted = (
        Message.objects.filter(pk=message.pk).values_list(*account, opted_out).get()
    )
    if not limits.may_leave(is_active=is_active, per_day=per_day):
        return NOT_ALLOWED
    return OPTED_OUT if is_unwanted else ""


@transaction.atomic
def _block(message: Message, code: str, reason: str) -> None:
    message.outcome = Refused(reason, code, http_status=403)
    if message.advance(State.BLOCKED, code=code, reason=reason):
        limits.return_unused(message)
        note(message, code)


def note(message: Message, error_code: str = "", source: str = Event.Source.SERVICE) -> None:
    """Keep in its history where the text stands now."""
    Event.objects.note(message, source=source, status=message.state, error_code=error_code)


def callback_url(message: Message) -> str:
    """Where the provider reports; empty where this service has no public address."""
    base_url: str = settings.PUBLIC_BASE_URL
    return f"{base_url.rstrip('/')}/service/sms/status/{message.pk}/" if base_url else ""


def _call(message: Message, at: datetime) -> Outcome:
    try:
        return PROVIDERS[message.provider]().send(
            to=message.to,
            from_number=message.from_number,
            body=message.body,
            callback_url=callback_url(message),
            valid_seconds=_seconds_left(message, at),
            reference=str(message.pk),
        )
    except Exception as error:
        # A fault of ours, perhaps after the request had left: the row must not stay undecided.
        logger.exception("The provider failed while sending message %s", message.pk)
        return Unknown(f"The provider failed ({type(error).__name__}).")


def _seconds_left(message: Message, at: datetime) -> int | None:
    if message.expires_at is None:
        return None
    return max(1, int((message.expires_at - at).total_seconds()))


def _write_down(message: Message, outcome: Outcome, started_at: datetime, *, again: bool) -> None:
    """Where that fails the row stays `sending`: the text is out, an error would be a lie."""
    try:
        with transaction.atomic():
            if _apply(message, outcome, again=again):
                note(message, _code(outcome))
            _record(message, outcome, started_at)
    except DatabaseFault as error:
        # Only the kind of error: PostgreSQL quotes the whole row, text and number, in its words.
        kind = type(error).__name__
        logger.error(  # noqa: TRY400
            "Message %s ended as %s, which could not be written down: %s",
            message.pk,
            outcome.sid if isinstance(outcome, Accepted) else type(outcome).__name__,
            kind,
        )


def _apply(message: Message, outcome: Outcome, *, again: bool) -> bool:
    """Whether the text moved: a callback that was quicker knows more than this answer."""
    match outcome:
        case Accepted(sid):
            return message.accept(sid)
        case Refused():
            return _refuse(message, outcome)
        case Throttled(reason, code, seconds):
            return _put_off(message, code, reason, timedelta(seconds=seconds), again=again)
        case NotSent(reason):
            wait = FIRST_WAIT * 2 ** (message.attempt_count - 1)
            return _put_off(message, NOT_SENT, reason, wait, again=again)
        case WithoutSid():
            return message.lose("The provider gave no id.")
    return message.lose(outcome.reason)


def _refuse(message: Message, refused: Refused) -> bool:
    """For good, and nothing was charged: it does not count. Once, by the change that ends it."""
    ended = reports.refuse(message, refused)
    if ended:
        limits.return_unused(message)
    return ended


def _put_off(message: Message, code: str, reason: str, wait: timedelta, *, again: bool) -> bool:
    """Certainly not sent: later once more, or not at all, and then it does not count.

    Its key is free again with it: who repeats what was not sent wants it sent.
    """
    if again and message.attempt_count < MAX_ATTEMPTS:
        jitter = random.uniform(1.0, 1.3)  # noqa: S311 - spreads what failed together
        if message.release(timezone.now() + wait * jitter, code, reason):
            return True
    failed = message.advance(State.FAILED, code=code, reason=reason, idempotency_key=None)
    if failed:
        limits.return_unused(message)
    return failed


def _record(message: Message, outcome: Outcome, started_at: datetime) -> None:
    reason = getattr(outcome, "message", "") or getattr(outcome, "reason", "")
    Attempt.objects.create(
        message=message,
        number=message.attempt_count,
        started_at=started_at,
        outcome=type(outcome).__name__.lower(),
        http_status=getattr(outcome, "http_status", None),
        code=_code(outcome),
        detail=with_masked_numbers(reason)[:ERROR_LENGTH],
    )


def _code(outcome: Outcome) -> str:
    return NOT_SENT if isinstance(outcome, NotSent) else getattr(outcome, "code", "")
