"""What becomes of a mail when the server, the address or another process gets in the way."""

import smtplib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from tests import task_backends
from tests.builders import make_todo
from tests.todos.reminders.conftest import NOON, run, soon
from todos.models import Notice, Todo
from todos.reminders.dispatch import deliver, remind

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=10)


class Server(EmailBackend):
    """A mail server that does something else first."""

    opening: list[Callable[[], None]] = []
    sending: list[Callable[[], None]] = []

    def open(self) -> None:
        for happens in self.opening:
            happens()

    def send_messages(self, messages: Sequence[Any]) -> int:
        for happens in self.sending:
            happens()
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def server(settings, monkeypatch) -> type[Server]:
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    monkeypatch.setattr(Server, "opening", [])
    monkeypatch.setattr(Server, "sending", [])
    return Server


def fails_with(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def notices() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("created_at", "channel")
    return list(rows.values_list("channel", "state", "reason"))


def test_a_server_that_is_away_is_asked_again_for_a_day(server, alice, noon):
    make_todo(alice, reminders=[soon()])
    server.opening.append(fails_with(ConnectionRefusedError()))
    run(noon, LATER)
    assert notices() == [("email", "queued", "ConnectionRefusedError")]
    run(noon, LATER + timedelta(minutes=4))
    server.opening.clear()
    run(noon, LATER + timedelta(minutes=8))
    assert (notices(), len(mail.outbox)) == ([("email", "sent", "ConnectionRefusedError")], 1)


def test_a_server_that_stays_away_is_given_up(server, alice, noon):
    make_todo(alice, reminders=[soon()])
    server.opening.append(fails_with(smtplib.SMTPServerDisconnected("gone")))
    run(noon, LATER)
    run(noon, LATER + timedelta(days=1))
    failed = [("email", "failed", "SMTPServerDisconnected"), ("none", "failed", "no_channel")]
    assert notices() == failed
    alice.refresh_from_db()
    assert alice.channels_off == {}


def test_an_address_that_the_server_refuses_is_switched_off(server, alice, noon):
    make_todo(alice, reminders=[soon()])
    refusal = smtplib.SMTPRecipientsRefused({alice.email: (550, b"no such user")})
    server.sending.append(fails_with(refusal))
    run(noon, LATER)
    failed = [("email", "failed", "address_refused"), ("none", "failed", "no_channel")]
    assert notices() == failed
    alice.refresh_from_db()
    assert alice.channels_off == {"email": "address_refused"}


def test_a_mail_that_may_have_left_is_not_sent_again(server, alice, noon):
    make_todo(alice, reminders=[soon()])
    server.sending.append(fails_with(TimeoutError()))
    run(noon, LATER)
    server.sending.clear()
    run(noon, LATER + timedelta(hours=1))
    assert (notices(), mail.outbox) == ([("email", "unknown", "TimeoutError")], [])


def waiting(alice, settings) -> str:
    """The key of a mail that no process has taken yet."""
    recorded = task_backends.recorded(settings)
    remind(str(alice.pk))
    [(notice,)] = recorded
    return notice


def test_an_address_that_has_gone_meanwhile_gets_nothing(server, alice, noon, settings):
    make_todo(alice, reminders=[soon()])
    noon.move_to(LATER, tick=False)
    notice = waiting(alice, settings)
    EmailAddress.objects.filter(user=alice).delete()
    deliver(notice)
    failed = [("email", "failed", "no_address"), ("none", "failed", "no_channel")]
    assert (notices(), mail.outbox) == (failed, [])


def test_a_mail_goes_to_the_address_that_is_verified_and_primary_only(server, alice, bob, noon):
    EmailAddress.objects.filter(user=alice).update(verified=False)
    other = {"user": alice, "email": "alice@home.example", "verified": True, "primary": False}
    EmailAddress.objects.create(**other)
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    assert (notices(), mail.outbox) == ([("none", "failed", "no_channel")], [])


def test_a_sweep_that_gave_it_up_meanwhile_has_the_last_word(server, alice, noon):
    make_todo(alice, reminders=[soon()])
    far = timezone.now() + timedelta(days=1)
    server.opening.append(
        lambda: Notice.objects.abandoned(far).update(state="unknown", reason="interrupted")
    )
    server.sending.append(fails_with(smtplib.SMTPRecipientsRefused({})))
    run(noon, LATER)
    assert notices() == [("email", "unknown", "interrupted")]
    alice.refresh_from_db()
    assert alice.channels_off == {}


def test_a_to_do_that_has_gone_meanwhile_needs_no_other_channel(server, alice, noon):
    make_todo(alice, reminders=[soon()])
    server.opening.append(lambda: Todo.objects.all().delete())
    server.sending.append(fails_with(smtplib.SMTPRecipientsRefused({})))
    run(noon, LATER)
    assert notices() == [("email", "failed", "address_refused")]
