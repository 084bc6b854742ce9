"""Four ticks at the same time, killed at any moment: each reminder is one message (quality.md)."""

import collections
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import User
from sms.models import Allowance, Message, Phone
from tests import deaths, task_backends
from tests.todos.reminders.faults.life import MAILBOX, Mailbox
from todos.models import Firing, List, Notice, Reminder, Todo
from todos.reminders.dispatch import tick

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TICKS, EACH = 4, 5
SIZES = [
    pytest.param(200, 6, id="200"),
    pytest.param(2_000, 25, id="2000", marks=pytest.mark.nightly),
]
LAST_EVENTS = (1, 400)
PLENTY = "1000000"


def person(number: int, *, texts: bool) -> User:
    channel = "sms" if texts else "email"
    user = User.objects.create(email=f"{number}@example.com", reminder_channel=channel)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if texts:
        Allowance.objects.create(account=user, per_day=1_000)
        Phone.objects.create(account=user, number=f"+1415555{number:04}")
    return user


def fill(reminders: int) -> None:
    """Half of them are texts, half are mails; all are due now."""
    ahead = timezone.now() + timedelta(hours=1)
    for number in range(reminders // EACH):
        user = person(number, texts=number % 2 == 0)
        inbox = List.objects.inbox_of(user)
        Todo.objects.bulk_create(
            Todo(
                owner=user,
                list=inbox,
                title=f"{number} {each}",
                reminders=[Reminder(user.pk, remind_at=ahead)],
            )
            for each in range(EACH)
        )
    now = timezone.now()
    assert Firing.objects.update(next_at=now, fire_at=now) == reminders


@pytest.fixture
def mailbox(tmp_path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
def workers(mailbox) -> Iterator[list[subprocess.Popen[str]]]:
    limits = ("DAILY_LIMIT", "DESTINATION_DAILY_LIMIT", "COUNTRY_DAILY_LIMIT", "MONTHLY_SEGMENTS")
    environment = {
        **{f"SMS_{name}": PLENTY for name in limits},
        MAILBOX: str(mailbox),
        "TASK_BACKEND": "tests.task_backends.OnlyReminders",
        "SMS_ALLOWED_REGIONS": "US",
        "REMINDERS_PER_MINUTE": "20",
    }
    life = ("tests.deaths", "tests.todos.reminders.faults.life")
    with ExitStack() as stack:
        yield [stack.enter_context(deaths.process(*life, **environment)) for _ in range(TICKS)]


@pytest.mark.parametrize(("reminders", "kills"), SIZES)
def test_each_reminder_is_one_message(workers, mailbox, settings, monkeypatch, reminders, kills):
    settings.SMS_ALLOWED_REGIONS = ["US"]
    for name in ("DAILY_LIMIT", "DESTINATION_DAILY_LIMIT", "COUNTRY_DAILY_LIMIT"):
        setattr(settings, f"SMS_{name}", int(PLENTY))
    fill(reminders)
    threads = [
        threading.Thread(target=die_often, args=(it, kills, n)) for n, it in enumerate(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.setenv(MAILBOX, str(mailbox))
    settings.EMAIL_BACKEND = f"{Mailbox.__module__}.Mailbox"
    settings.REMINDERS_PER_MINUTE = reminders
    task_backends.use(settings, f"{task_backends.__name__}.OnlyRemindersAtOnce")
    for minutes in (0, 4, 8):
        tick(timezone.now() + timedelta(minutes=minutes))

    titles = {f"Nudge: {n} {each}" for n in range(reminders // EACH) for each in range(EACH)}
    texts = collections.Counter(Message.objects.values_list("body", flat=True))
    mails = collections.Counter(mailbox.read_text().splitlines())
    unknown = Notice.objects.filter(state="unknown")
    lost = {f"Nudge: {it.todo.title}" for it in Firing.objects.filter(notice__in=unknown)}
    left = collections.Counter(Notice.objects.values_list("state", flat=True))
    sys.stdout.write(f"{len(texts)} texts, {len(mails)} mails, {left}\n")
    assert set((texts + mails).values()) == {1}
    assert len(texts) == reminders // 2
    assert {*texts} | {*mails} | lost == titles
    assert left["sent"] + left["unknown"] == reminders
    assert left["unknown"] <= kills * TICKS * 8  # threads of a process that was killed
    assert not Firing.objects.filter(next_at__isnull=False).exists()


def die_often(worker: subprocess.Popen[str], kills: int, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311 - when to kill
    for _ in range(kills):
        deaths.live_and_die(worker, moments.randint(*LAST_EVENTS))
