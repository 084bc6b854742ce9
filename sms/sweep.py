"""Finds what was forgotten: every minute, by any number of processes at once (docs/sms.md).

Every step takes its rows one by one with a conditional UPDATE, so that whoever comes second leaves
them alone, and a row that cannot be dealt with keeps no other from it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from core.background import run_after_commit
from sms import limits, reports, tasks
from sms.backends import PROVIDERS
from sms.backends.provider import UnansweredError
from sms.models import Event, Message
from sms.outcomes import Report

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # far longer than a provider's call may take
LOOK_AGAIN = timedelta(minutes=1)
GIVE_UP = timedelta(minutes=15)  # where the provider has been asked and knows of no such text
LAST_CHANCE = timedelta(hours=24)  # where it cannot be asked
QUIET = timedelta(minutes=5)  # so long without news, then we ask
LAST_NEWS = timedelta(hours=11)  # Twilio tries for ten hours at most (ValidityPeriod)
SECONDS = 20.0  # a Lambda function has thirty
DONE = ("expired", "dispatched", "unknown", "found", "lost", "asked")

Step = Callable[[Message, datetime], str]


def sweep(*, at: datetime, limit: int = 50) -> dict[str, int]:
    """One round: at most `limit` texts a step, none begun after SECONDS; how many were done."""
    counts, end = dict.fromkeys(DONE, 0), time.monotonic() + SECONDS
    for rows, step in _steps(at):
        for message in _in_time(rows.order_by("next_attempt_at")[:limit], end):
            done = _safely(step, message, at)
            if done:
                counts[done] += 1
    return counts


def _steps(at: datetime) -> list[tuple[QuerySet[Message], Step]]:
    messages = Message.objects
    quiet = messages.underway().filter(claimed_at__gt=at - LAST_NEWS, claimed_at__lte=at - QUIET)
    return [
        (messages.overdue(at), _expire),
        (messages.due(at), _dispatch),
        (messages.abandoned(at - LEASE), _abandon),
        (messages.unknown().look_due(at), _resolve),
        (quiet.look_due(at).exclude(events__received_at__gt=at - QUIET), _ask),
    ]


def _in_time(rows: QuerySet[Message], end: float) -> Iterator[Message]:
    for message in rows:
        if time.monotonic() > end:
            return
        yield message


def _safely(step: Step, message: Message, at: datetime) -> str:
    try:
        return step(message, at)
    except UnansweredError as error:
        logger.warning("The provider told nothing of message %s: %s", message.pk, error)
    except Exception:
        logger.exception("The sweep failed at message %s", message.pk)
    return ""


@transaction.atomic
def _expire(message: Message, at: datetime) -> str:
    if not message.expire(at):
        return ""
    limits.return_unused(message)
    tasks.note(message)
    return "expired"


def _dispatch(message: Message, _at: datetime) -> str:
    """Somebody else may do so too: of all who deliver it, one gets the claim."""
    run_after_commit(tasks.deliver, str(message.pk))
    return "dispatched"


@transaction.atomic
def _abandon(message: Message, at: datetime) -> str:
    """Never sent again: whoever claimed it may have died after the provider had taken it."""
    if not message.abandon(at - LEASE, "No answer was written down."):
        return ""
    tasks.note(message)
    return "unknown"


def _resolve(message: Message, at: datetime) -> str:
    """What the provider has of it; where it has nothing for a while, it is lost."""
    if not message.look_again(at, at + LOOK_AGAIN):
        return ""
    claimed_at = message.claimed_at or message.created_at
    try:
        if _found(message, claimed_at):
            return "found"
    except UnansweredError:
        if at < claimed_at + LAST_CHANCE:
            raise
    return _lose(message) if at >= claimed_at + GIVE_UP else ""


def _found(message: Message, claimed_at: datetime) -> bool:
    """Whether the provider has a text that is this one and no other of ours."""
    report = PROVIDERS[message.provider]().find(
        to=message.to,
        from_number=message.from_number,
        body=message.body,
        since=claimed_at,
        until=claimed_at + LEASE,
        known=_known(message, claimed_at),
    )
    return report is not None and _adopt(message, report)


def _known(message: Message, claimed_at: datetime) -> list[str]:
    """The provider's ids of our other texts to this number at about that time."""
    others = Message.objects.filter(
        provider=message.provider,
        to=message.to,
        claimed_at__gt=claimed_at - QUIET,
        claimed_at__lt=claimed_at + QUIET,
    )
    return list(others.exclude(provider_sid="").values_list("provider_sid", flat=True))


@transaction.atomic
def _adopt(message: Message, report: Report) -> bool:
    if not reports.adopt(message, report.sid):  # it is another text of the same words
        return False
    _apply(message, report)
    return True


@transaction.atomic
def _lose(message: Message) -> str:
    """It counts: it may have been sent."""
    if not message.give_up(tasks.LOST, "The provider knows of no such text."):
        return ""
    tasks.note(message, tasks.LOST)
    return "lost"


def _ask(message: Message, at: datetime) -> str:
    """Less and less often: five minutes after the claim, ten, twenty, forty."""
    claimed_at = message.claimed_at or message.created_at
    if not message.look_again(at, at + (at - claimed_at)):
        return ""
    report = PROVIDERS[message.provider]().fetch(message.provider_sid)
    if report is not None:
        _apply(message, report)
    return "asked"


def _apply(message: Message, report: Report) -> None:
    source = Event.Source.POLL
    reports.apply(message, source=source, status=report.status, error_code=report.error_code)
