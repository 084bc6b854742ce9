"""Text messages through the outbox, queued in the transaction that claims the reminder."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from accounts.models import User
from sms import service
from todos.models import Todo
from todos.reminders import texts
from todos.reminders.channels.outcome import Outcome, Sent, Unreachable

VALID_FOR: Final = timedelta(hours=6)
FOR_GOOD: Final = frozenset({"opted_out", "invalid_recipient", "type_not_allowed"})


def queue(person: User, todos: Sequence[Todo], at: datetime) -> Outcome:
    number = service.proved_number(person)
    if number is None:
        return Unreachable("no_number")
    try:
        message = service.queue(
            actor=person,
            to=number,
            body=texts.text_message(todos, at, person),
            valid_for=VALID_FOR,
            lane=service.Lane.REMINDER,
            refers_to=[todo.pk for todo in todos],
        )
    except service.SendError as error:
        return Unreachable(error.code, for_good=error.code in FOR_GOOD)
    return Sent(message.pk)
