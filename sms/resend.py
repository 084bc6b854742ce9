"""Resends messages for an operator, only if they certainly were not sent."""

from typing import TYPE_CHECKING

from django.db import IntegrityError
from django.utils import timezone

from sms import delivery, policy, service
from sms.models import Event, Message
from sms.policy import SendError
from sms.results import NotSent, Refused, Throttled
from sms.states import State

if TYPE_CHECKING:
    from accounts.models import User

# The values of Attempt.outcome after which a message certainly was not sent. After a repeatable
# one, POST /service/sms/send asks the client to try again.
_REPEATABLE = {delivery.result_name(kind) for kind in (NotSent, Throttled)}
_NOT_SENT = {delivery.result_name(Refused), *_REPEATABLE}
NOT_REPEATABLE = "not_repeatable"


def send_again(message: Message) -> Message:
    """Queue one copy of the message, with the rules and limits of a new message.

    It expires when the original does. Raises SendError.
    """
    _refuse_second(message)
    _refuse_unless_certain(message)
    _refuse_expired(message)
    _refuse_sender(message.sender)
    try:
        return service.queue_again(message)
    except (IntegrityError, SendError):
        _refuse_second(message)  # another operator was faster
        raise


def _refusal(detail: str) -> SendError:
    return SendError(NOT_REPEATABLE, detail)


def _refuse_second(message: Message) -> None:
    successor = Message.objects.filter(retry_of=message).first()
    if successor is not None:
        raise _refusal(f"It was already sent again, as {successor.pk}.")


def _refuse_unless_certain(message: Message) -> None:
    if message.state != State.FAILED:
        status = message.get_state_display()
        raise _refusal(f"Only a failed message can be sent again; this one is {status}.")
    outcomes = [attempt.outcome for attempt in message.attempts.all()]
    if not _certainly_not_sent(message, outcomes):
        raise _refusal("It may have been sent, so it is not sent again.")
    if outcomes[-1] in _REPEATABLE and _answered_at_once(message):
        raise _refusal("Its sender was asked to try again, and may have done so.")


def _certainly_not_sent(message: Message, outcomes: list[str]) -> bool:
    """Whether the provider never accepted it and no attempt can have sent it.

    Old messages have no stored attempts, so they may have been sent.
    """
    return (
        not message.provider_sid
        and not message.is_lost
        and len(outcomes) == message.attempt_count > 0
        and _NOT_SENT.issuperset(outcomes)
    )


def _answered_at_once(message: Message) -> bool:
    """Whether POST /service/sms/send created it: its history begins with `sending`."""
    return any(
        (event.source, event.status) == (Event.Source.SERVICE, State.SENDING)
        for event in message.events.all()
    )


def _refuse_expired(message: Message) -> None:
    if message.expires_at is not None and message.expires_at <= timezone.now():
        raise _refusal("It has expired.")


def _refuse_sender(sender: "User | None") -> None:
    """Refuse a sender who may not send; without one, service.queue_again() refuses."""
    if sender is None:
        return
    if not sender.is_active:
        raise _refusal("The account that sent it is disabled.")
    if not policy.may_send(sender):
        raise _refusal("The account that sent it has no allowance.")
