"""E-mail to the verified address of the person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.translation import get_language

from accounts.models import User
from core.limits import Limit, take
from todos.models import Notice, Todo
from todos.reminders import texts
from todos.reminders.actions import ACTS, link_of
from todos.reminders.channels.outcome import NotSent, Outcome, Sent, Unknown, Unreachable

REFUSED: Final = "SMTPRecipientsRefused"  # of smtplib: the server refused all recipients


NOTICE: Final = "X-Nudge-Reminder"  # reports identify the message by this header
DAY: Final = timedelta(days=1)


def admits(person: User, at: datetime) -> bool:
    """Whether there is an address and the daily limit (UTC) allows a mail; counts it."""
    scope, amount = f"reminders:mails:{person.pk}", settings.REMINDER_MAILS_DAILY
    return _address(person) is not None and take(Limit(scope=scope, amount=amount, window=DAY))


def send(person: User, notice: Notice, todos: Sequence[Todo], at: datetime) -> Outcome:
    """Send the mail. Never raises once the server has the mail."""
    address = _address(person)
    if address is None:
        return Unreachable("no_address")
    mail = _written(person, notice, todos, at, address)
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # the errors of smtplib are OSErrors
        return NotSent(type(error).__name__)
    try:
        connection.send_messages([mail])
    except Exception as error:  # noqa: BLE001 - whatever else it was, the mail may have left
        if type(error).__name__ == REFUSED:
            return Unreachable("address_refused", for_good=True)
        return Unknown(type(error).__name__)
    finally:
        connection.close()
    return Sent()


def _address(person: User) -> str | None:
    known = EmailAddress.objects.filter(user=person, verified=True, primary=True)
    address: str | None = known.values_list("email", flat=True).first()
    return address


def _written(
    person: User, notice: Notice, todos: Sequence[Todo], at: datetime, address: str
) -> EmailMultiAlternatives:
    items = [
        {
            "title": texts.title_of(todo),
            "when": texts.due_words(todo.due, at, person),
            **{act: link_of(notice, todo, act) for act in ACTS},
        }
        for todo in todos
    ]
    context = {"subject": texts.subject(todos), "items": items, "language": get_language()}
    text = render_to_string("todos/reminder.txt", context)
    subject, headers = f"{texts.NAME}: {texts.subject(todos)}", {NOTICE: str(notice.pk)}
    mail = EmailMultiAlternatives(subject, text, to=[address], headers=headers)
    mail.attach_alternative(render_to_string("todos/reminder.html", context), "text/html")
    return mail
