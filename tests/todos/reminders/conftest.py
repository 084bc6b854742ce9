"""A minute in which nothing passes by itself, and persons with a proved number."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from sms.models import Phone
from tests.sms.conftest import allow, numbered, provider  # noqa: F401 - fixtures
from todos.models import Reminder
from todos.reminders.dispatch import tick

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(request) -> Iterator[time_machine.Traveller | None]:
    if request.node.get_closest_marker("faults"):
        yield None
        return
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def at(moment: datetime, **more: Any) -> Reminder:
    return Reminder(more.pop("id", None) or uuid4(), remind_at=moment, **more)


def before(minutes: int, **more: Any) -> Reminder:
    return Reminder(more.pop("id", None) or uuid4(), minutes_before=minutes, **more)


def soon(minutes: int = 10, **more: Any) -> Reminder:
    return at(timezone.now() + timedelta(minutes=minutes), **more)


def with_phone(person: User, number: str = "+14155550100") -> User:
    allow(person)
    Phone.objects.create(account=person, number=number)
    User.objects.filter(pk=person.pk).update(reminder_channel="sms")
    person.refresh_from_db()
    return person


def run(clock: time_machine.Traveller, moment: datetime) -> dict[str, int]:
    """The tick of this minute."""
    clock.move_to(moment, tick=False)
    return tick(timezone.now())


def key(number: int) -> UUID:
    return UUID(int=number)
