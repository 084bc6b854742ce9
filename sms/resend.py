"""Sending again what an operator chose, and only if that cannot send one message twice."""

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

# The results after which certainly nothing was sent, as Attempt.outcome names them, and those of
# them that POST /service/sms/send answers with a request to try again.
_REPEATABLE = {delivery.result_name(kind) for kind in (NotSent, Throttled)}
_NOT_SENT = {delivery.result_name(Refused), *_REPEATABLE}
NOT_REPEATABLE = "not_repeatable"


def send_again(message: Message) -> Message:
    """A new message like this one, once for ever, by the rules and on the account of a new one.

    It expires when the first would have. Raises SendError.
    """
    _refuse_a_second(message)
    _refuse_unless_certain(message)
    _refuse_what_is_over(message)
    _refuse_the_sender(message.sender)
    try:
        return service.queue_again(message)
    except (IntegrityError, SendError):
        _refuse_a_second(message)  # another operator was quicker just now
        raise


def _refusal(detail: str) -> SendError:
    return SendError(NOT_REPEATABLE, detail)


def _refuse_a_second(message: Message) -> None:
    successor = Message.objects.filter(retry_of=message).first()
    if successor is not None:
        raise _refusal(f"It has been sent again already, as {successor.pk}.")


def _refuse_unless_certain(message: Message) -> None:
    if message.state != State.FAILED:
        told = message.get_state_display()
        raise _refusal(f"Only a text that failed is sent again; this one is {told}.")
    outcomes = [attempt.outcome for attempt in message.attempts.all()]
    if not _certainly_not_sent(message, outcomes):
        raise _refusal("It may have been sent, so it is not sent again.")
    if outcomes[-1] in _REPEATABLE and _answered_at_once(message):
        raise _refusal("Its sender was asked to try again, and may have done so.")


def _certainly_not_sent(message: Message, outcomes: list[str]) -> bool:
    """Never taken by the provider, and every attempt is known to have sent nothing.

    A row of before attempts were kept has none, and proves nothing.
    """
    return (
        not message.provider_sid
        and message.error_code != delivery.LOST
        and len(outcomes) == message.attempt_count > 0
        and _NOT_SENT.issuperset(outcomes)
    )


def _answered_at_once(message: Message) -> bool:
    """Whether it came by POST /service/sms/send: its history begins with the provider's call."""
    return any(
        (event.source, event.status) == (Event.Source.SERVICE, State.SENDING)
        for event in message.events.all()
    )


def _refuse_what_is_over(message: Message) -> None:
    if message.expires_at is not None and message.expires_at <= timezone.now():
        raise _refusal("It has expired.")


def _refuse_the_sender(sender: "User | None") -> None:
    """It is sent on the account of whoever sent it; that of nobody is the service's to refuse."""
    if sender is None:
        return
    if not sender.is_active:
        raise _refusal("The account that sent it is disabled.")
    if not policy.may_send(sender):
        raise _refusal("The account that sent it has no allowance.")
