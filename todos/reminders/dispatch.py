"""Finds due reminders, and creates one message for each, or a digest of several.

Every minute, `tick` enqueues tasks per person in bounded batches; the number of its queries does
not depend on the number of due reminders. A task claims the reminders of a person in one
transaction that locks the account's counter, as every change of a to-do does. This transaction
queues a text message, or stores a Notice for a mail or notification, which one process claims
before it sends it.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Channel, User
from core.feed import writing
from core.tasks import task, task_boundary
from todos.models import Firing, Notice, NoticeState, Todo
from todos.reminders.channels import mail, push, sms
from todos.reminders.channels.outcome import NotSent, Outcome, Sent, Unknown
from todos.reminders.quiet import quiet_end
from todos.reminders.reports import hand_out_texts, switch_off

logger = logging.getLogger(__name__)

LATE: Final = timedelta(hours=1)  # later ones are combined into one digest
MOST_AT_ONCE: Final = 5  # single messages per person and tick
GIVEN_UP: Final = timedelta(days=1)
QUEUED: Final[Any] = {
    Channel.EMAIL.value: mail,
    Channel.PUSH.value: push,
}  # channels that send after the commit


def tick(at: datetime) -> dict[str, int]:
    """Start the work of this minute; returns how many tasks were enqueued."""
    if not settings.REMINDERS:
        return {}
    unknown = Notice.objects.abandoned(at).update(state=NoticeState.UNKNOWN, reason="interrupted")
    return {
        "unknown": unknown,
        "unreached": hand_out_texts(),
        "persons": _hand_out_persons(at),
        "notices": _hand_out_notices(at),
    }


def _hand_out_persons(at: datetime) -> int:
    due = Firing.objects.to_hand_out(at)
    waiting = due.values("owner").annotate(first=Min("next_at")).order_by("first", "owner")
    owners = [row["owner"] for row in waiting[: settings.REMINDERS_PER_MINUTE]]
    Firing.objects.to_hand_out(at).filter(owner__in=owners).update(handed_at=at)
    accepted = remind.enqueue_each([str(owner) for owner in owners])
    if refused := {owner for owner in owners if str(owner) not in accepted}:
        Firing.objects.filter(owner__in=refused, handed_at=at).update(handed_at=None)
    return len(accepted)


def _hand_out_notices(at: datetime) -> int:
    waiting = Notice.objects.to_hand_out(at).order_by("created_at")
    keys = list(waiting.values_list("pk", flat=True)[: settings.REMINDERS_PER_MINUTE])
    Notice.objects.filter(pk__in=keys, state=NoticeState.QUEUED).update(handed_at=at)
    return len(deliver.enqueue_each([str(key) for key in keys]))


# --- One person -----------------------------------------------------------------------------------


@task
@task_boundary
def remind(owner_id: str) -> None:
    """Create messages for all due reminders of one person. A repeat does nothing."""
    if not settings.REMINDERS:
        return
    key = UUID(owner_id)
    with writing(key):
        person = User.objects.filter(pk=key, is_active=True).first()
        now = timezone.now()
        due = Firing.objects.due(now).filter(owner=key)
        if person is None:
            due.update(next_at=None)
        elif end := quiet_end(person, now):
            due.update(next_at=end, handed_at=None)
        else:
            with override(person.language or settings.LANGUAGE_CODE):
                _fire(person, list(due.select_related("todo").order_by("next_at", "pk")), now)


def _fire(person: User, due: list[Firing], now: datetime) -> None:
    for group in _grouped(due, now):
        notice = _notify(person, group, now)
        rows = Firing.objects.filter(pk__in=[it.pk for it in group])
        rows.update(next_at=None, handed_at=None, fired_for=F("fire_at"), notice=notice)


def _grouped(due: list[Firing], now: datetime) -> Iterator[list[Firing]]:
    """Group late and held reminders into a digest; the others stay single."""
    late = [it for it in due if _is_late(it, now)]
    prompt = [it for it in due if it not in late]
    if late:
        yield late
    if len(prompt) > MOST_AT_ONCE:
        yield prompt
    else:
        yield from ([it] for it in prompt)


def _is_late(firing: Firing, now: datetime) -> bool:
    return firing.next_at != firing.fire_at or now - (firing.fire_at or now) > LATE


def _notify(person: User, group: list[Firing], now: datetime, tried: str = "") -> Notice:
    """Create a message for the first channel that reaches the person."""
    todos = _distinct(it.todo for it in group)
    notice = Notice(owner=person, channel=Channel.NONE, state=NoticeState.FAILED, tried=tried)
    notice.reason = "no_channel"
    for channel in _order(person, group, tried):
        if _takes(person, channel, notice, todos, now):
            break
    notice.save()
    if notice.state == NoticeState.QUEUED:
        deliver.enqueue(str(notice.pk))
    return notice


def _distinct(todos: Iterator[Todo]) -> list[Todo]:
    return list({todo.pk: todo for todo in todos}.values())


def _order(person: User, group: Sequence[Firing], tried: str) -> list[str]:
    """The channels to try: that of the reminder or the person first, then the fallbacks."""
    named = {it.channel for it in group}
    first = named.pop() if len(named) == 1 else ""
    first = first or person.reminder_channel
    if first == Channel.NONE:
        return []
    excluded = {*tried.split(","), *person.channels_off}
    return [it for it in dict.fromkeys([first, *Channel.ways()]) if it not in excluded]


def _takes(person: User, channel: str, notice: Notice, todos: list[Todo], now: datetime) -> bool:
    if channel == Channel.SMS:
        outcome = sms.queue(person, todos, now)
        switch_off(person, channel, outcome)
        if not isinstance(outcome, Sent):
            return False
        notice.message, notice.state = outcome.message, NoticeState.SENT
    elif channel in QUEUED and QUEUED[channel].admits(person, now):
        notice.state = NoticeState.QUEUED
        notice.handed_at = now
    else:
        return False
    notice.channel, notice.reason = channel, ""
    return True


# --- A message sent after the commit --------------------------------------------------------------


@task
@task_boundary
def deliver(notice_id: str) -> None:
    """Send it, unless another process does. A message that may have been sent is not repeated."""
    notice = Notice.objects.filter(pk=notice_id).select_related("owner").first()
    if notice is None or not _claim(notice):
        return
    now = timezone.now()
    with override(notice.owner.language or settings.LANGUAGE_CODE):
        todos = _still_open(notice)
        if not todos:
            notice.move(NoticeState.SENDING, NoticeState.CANCELED)
            return
        _record(notice, QUEUED[notice.channel].send(notice.owner, notice, todos, now), now)


@transaction.atomic(durable=True)
def _claim(notice: Notice) -> bool:
    """Claim the notice; committed before anything is sent."""
    return notice.move(NoticeState.QUEUED, NoticeState.SENDING, claimed_at=timezone.now())


def _still_open(notice: Notice) -> list[Todo]:
    todos = Todo.objects.owned_by(notice.owner).open().filter(firings__notice=notice)
    return list(todos.order_by("firings__fire_at").distinct())


def _record(notice: Notice, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Sent():
            notice.move(NoticeState.SENDING, NoticeState.SENT)
        case Unknown(reason):
            notice.move(NoticeState.SENDING, NoticeState.UNKNOWN, reason=reason)
        case NotSent(reason) if now < notice.created_at + GIVEN_UP:
            columns = {"reason": reason, "handed_at": now, "claimed_at": None}
            notice.move(NoticeState.SENDING, NoticeState.QUEUED, **columns)
        case _:
            _pass_on(notice, outcome, now)


def _pass_on(notice: Notice, outcome: Any, now: datetime) -> None:
    """Pass the reminders to the next channel, only once."""
    with writing(notice.owner_id):
        person = User.objects.get(pk=notice.owner_id)
        reason = outcome.reason
        if not notice.move(NoticeState.SENDING, NoticeState.FAILED, reason=reason):
            return
        switch_off(person, notice.channel, outcome)
        group = list(notice.firings.select_related("todo"))
        if group:
            tried = ",".join(filter(None, [notice.tried, notice.channel]))
            following = _notify(person, group, now, tried)
            Firing.objects.filter(pk__in=[it.pk for it in group]).update(notice=following)
