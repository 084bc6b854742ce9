"""Sending again what an operator chose, and only where that cannot make two texts of one."""

from sms import service, tasks
from sms.models import Message
from sms.outcomes import NotSent, Refused, Throttled
from sms.states import State

# The outcomes after which certainly nothing was sent, as Attempt.outcome names them.
_NOT_SENT = {outcome.__name__.lower() for outcome in (Refused, NotSent, Throttled)}


class UnsafeError(Exception):
    """It may have been sent, or may still be."""


ERRORS = (UnsafeError, service.SendingError, service.LimitReachedError)


def is_safe(message: Message) -> bool:
    """Failed, never taken by the provider, and every attempt is known to have sent nothing."""
    attempts = [attempt.outcome for attempt in message.attempts.all()]
    return (
        message.state == State.FAILED
        and not message.provider_sid
        and message.error_code != tasks.LOST
        and len(attempts) == message.attempt_count
        and _NOT_SENT.issuperset(attempts)
    )


def send_again(message: Message) -> Message:
    """A new text like this one, on its sender's account; asked twice, it is the same one."""
    if not is_safe(message):
        raise UnsafeError("It may have been sent, so it is not sent again.")
    return service.queue(
        actor=message.sender,
        to=message.to,
        region=message.region,
        body=message.body,
        encoding=message.encoding,
        segments=message.segments,
        key=f"again {message.pk}",
    )
