"""E-mail to the address that the person has verified."""

from collections.abc import Sequence
from datetime import datetime
from smtplib import SMTPRecipientsRefused

from allauth.account.models import EmailAddress
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.translation import get_language

from accounts.models import User
from todos.models import Notice, Todo
from todos.reminders import texts
from todos.reminders.actions import ACTS, link_of
from todos.reminders.channels.outcome import NotSent, Outcome, Sent, Unknown, Unreachable


def reaches(person: User) -> bool:
    return _address(person) is not None


def send(person: User, notice: Notice, todos: Sequence[Todo], at: datetime) -> Outcome:
    """Never raises after the server was given the mail."""
    address = _address(person)
    if address is None:
        return Unreachable("no_address")
    mail = _written(person, notice, todos, at, address)
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # smtplib's errors are OSErrors
        return NotSent(type(error).__name__)
    try:
        connection.send_messages([mail])
    except SMTPRecipientsRefused:
        return Unreachable("address_refused", for_good=True)
    except Exception as error:  # noqa: BLE001 - whatever it was, the mail may have left
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
    mail = EmailMultiAlternatives(f"{texts.NAME}: {texts.subject(todos)}", text, to=[address])
    mail.attach_alternative(render_to_string("todos/reminder.html", context), "text/html")
    return mail
