"""Finds what was forgotten: every minute, by any number of processes at once (docs/sms.md).

Every step takes its rows one by one with a conditional UPDATE, so that whoever comes second leaves
them alone, and a row that cannot be dealt with keeps no other from it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from core.tasks import settle
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
SECONDS = 50.0  # of the minute until the next one begins
FOR_DELIVERY = 0.8  # of this time; the rest is for questions, which a backlog must not keep away
DONE = ("expired", "dispatched", "unknown", "found", "lost", "asked")

Step = Callable[[Message, datetime], str]


@dataclass
class _Walk:
    """All rows of one step, page by page, none twice.

    What was dispatched is due until somebody has claimed it, and what failed stays as it was.
    """

    rows: QuerySet[Message]
    step: Step
    seen: set[UUID] = field(default_factory=set)

    def page(self, limit: int) -> list[Message]:
        page = list(self.rows.exclude(pk__in=self.seen)[:limit])
        self.seen.update(message.pk for message in page)
        return page


def sweep(*, at: datetime, seconds: float = SECONDS, limit: int = 50) -> dict[str, int]:
    """Everything there is to do at this moment, or what can be begun in so many seconds.

    In rounds of at most `limit` texts a step, so that no step keeps another from its turn.
    """
    counts, began = dict.fromkeys(DONE, 0), monotonic()
    for walks, share in ((_deliveries(at), FOR_DELIVERY), (_questions(at), 1.0)):
        end, busy = began + seconds * share, walks
        while busy:
            busy = [walk for walk in busy if _round(walk, at, end, limit, counts)]
    return counts


def _deliveries(at: datetime) -> list[_Walk]:
    """What comes first is of no use first."""
    messages = Message.objects
    due = messages.due(at).order_by(F("expires_at").asc(nulls_last=True), "next_attempt_at", "pk")
    return [
        _Walk(messages.overdue(at).order_by("expires_at", "pk"), _expire),
        _Walk(due, _dispatch),
        _Walk(messages.abandoned(at - LEASE).order_by("claimed_at", "pk"), _abandon),
    ]


def _questions(at: datetime) -> list[_Walk]:
    """To the provider, each of which may take its ten seconds."""
    messages = Message.objects.order_by("next_attempt_at", "pk")
    quiet = messages.underway().filter(claimed_at__gt=at - LAST_NEWS, claimed_at__lte=at - QUIET)
    quiet = quiet.look_due(at).exclude(events__received_at__gt=at - QUIET)
    return [_Walk(messages.unknown().look_due(at), _resolve), _Walk(quiet, _ask)]


def _round(walk: _Walk, at: datetime, end: float, limit: int, counts: dict[str, int]) -> bool:
    """The next page of a step; whether it may have another, and there is time for one."""
    page = walk.page(limit) if monotonic() < end else []
    for message in page:
        if monotonic() >= end:
            return False
        done = _safely(walk.step, message, at)
        if done:
            counts[done] += 1
    settle(end - monotonic())
    return len(page) == limit


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
    tasks.deliver.enqueue(str(message.pk))
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
