"""Handles late reports of the mail server or the SMS outbox that a message failed.

It switches the channel off and makes the reminders of the message due again, so that the next
minute, or the end of quiet hours, uses the next channel. Repeated reports count once.
"""

import hashlib
import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from accounts.mailboxes import key_of
from accounts.models import Channel, User
from core.feed import writing
from core.limits import Limit
from core.limits import take as is_taken
from core.mail_reports import MailReport
from core.tasks import task, task_boundary
from sms import service
from todos.models import Notice, NoticeState, Todo
from todos.reminders.channels.mail import NOTICE
from todos.reminders.channels.outcome import Outcome, Unreachable

REMEMBERED: Final = timedelta(days=31)  # the id of a report
HANDED_OVER: Final = (NoticeState.SENDING, NoticeState.SENT, NoticeState.UNKNOWN)

logger = logging.getLogger(__name__)


def hand_out_texts() -> int:
    """Enqueue a task for each permanently failed text message; returns how many."""
    waiting = service.unreached(settings.REMINDERS_PER_MINUTE)
    return len(take_text.enqueue_each([str(each) for each in waiting]))


@task
@task_boundary
def take_text(message_id: str) -> None:
    """Handle a failed message. A number that the person no longer has affects only the message."""
    text = service.unreached_text(message_id)
    if text is None:
        return
    with writing(text.account):
        if not service.mark_told(text):
            return
        person = User.objects.get(pk=text.account)
        if service.proved_number(person) == text.number:
            switch_off(person, Channel.SMS, Unreachable(text.reason, for_good=True))
        for notice in Notice.objects.filter(owner=person, message=text.message):
            _bring_back(notice, text.reason)


def take(report: MailReport) -> None:
    """The handler that MAIL_REPORTS names. Ignores addresses that belong to no account."""
    address = key_of(report.address)
    known = EmailAddress.objects.filter(email=address, verified=True, primary=True)
    for owner in known.values_list("user", flat=True):
        _take_of(owner, report)


def _take_of(owner: UUID, report: MailReport) -> None:
    with writing(owner):
        told = hashlib.sha256(f"{report.id} {key_of(report.address)}".encode()).hexdigest()
        scope = f"reminders:report:{told}"
        if not is_taken(Limit(scope=scope, amount=1, window=REMEMBERED)):
            return
        person = User.objects.get(pk=owner)
        switch_off(person, Channel.EMAIL, Unreachable(report.reason, for_good=True))
        notice = None if report.arrived else _notice_of(person, report)
        if notice:
            _bring_back(notice, report.reason)


def _notice_of(person: User, report: MailReport) -> Notice | None:
    """The notice of the mail, if the report has its headers."""
    try:
        key = UUID(report.headers.get(NOTICE.lower(), ""))
    except ValueError:
        return None
    return Notice.objects.filter(owner=person, channel=Channel.EMAIL, pk=key).first()


def _bring_back(notice: Notice, reason: str) -> None:
    """Make its reminders due again, unless their to-dos were finished or changed since."""
    if any(notice.move(state, NoticeState.FAILED, reason=reason) for state in HANDED_OVER):
        still_open = Todo.objects.owned_by(notice.owner).open()
        again = notice.firings.filter(todo__in=still_open)
        again.update(next_at=timezone.now(), handed_at=None)


def switch_off(person: User, channel: str, outcome: Outcome) -> None:
    """Store a permanently failed channel in the profile, with the reason."""
    if isinstance(outcome, Unreachable) and outcome.for_good:
        person.change(channels_off={**person.channels_off, channel: outcome.reason})
        logger.info(
            "Reminders to %s by %s are switched off: %s", person.pk, channel, outcome.reason
        )
