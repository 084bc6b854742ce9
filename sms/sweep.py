"""Completes unfinished messages, every minute, in any number of processes (docs/sms.md).

Every step claims its rows one by one with a conditional UPDATE, so that a second process skips
them. A failing row does not stop the others.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from core.tasks import settle
from sms import alerts, answers, delivery, dispatch, policy, status_updates
from sms.delivery import LEASE
from sms.models import Event, Message
from sms.providers import UnansweredError, provider_named
from sms.results import StatusUpdate
from sms.states import LOST

logger = logging.getLogger(__name__)

POLL_INTERVAL = timedelta(minutes=1)
GIVE_UP = timedelta(minutes=15)  # if the provider has no such message
GIVE_UP_UNREACHABLE = timedelta(hours=24)  # if it cannot be reached
POLL_AFTER = timedelta(minutes=5)  # without a status update
POLL_UNTIL = timedelta(hours=11)  # providers retry for at most ten hours
SECONDS = 50.0  # within the minute until the next sweep
FOR_DELIVERY = 0.8  # the share of deliveries; a backlog must leave time for polls
DONE = ("expired", "dispatched", "unknown", "found", "lost", "asked", "answered")

Step = Callable[[Message, datetime], str]


@dataclass
class _Walk:
    """Visits the rows of a step page by page, each once, because a failed step leaves its row."""

    rows: QuerySet[Message]
    step: Step
    seen: set[UUID] = field(default_factory=set)

    def round(self, at: datetime, end: float, limit: int, counts: dict[str, int]) -> bool:
        """Process the next page; True if there may be another one and time is left."""
        page = self._page(limit) if monotonic() < end else []
        for message in page:
            if monotonic() >= end:
                return False
            done = _safely(self.step, message, at)
            if done:
                counts[done] += 1
        return len(page) == limit

    def _page(self, limit: int) -> list[Message]:
        page = list(self.rows.exclude(pk__in=self.seen)[:limit])
        self.seen.update(message.pk for message in page)
        return page


class _Dispatch:
    """Hands out the messages of this sweep in batches."""

    def __init__(self, at: datetime) -> None:
        self.left = dispatch.chosen(at)

    def round(self, at: datetime, end: float, limit: int, counts: dict[str, int]) -> bool:
        """Hand out the next batch; True if there is another one and nothing was refused."""
        size = min(limit, dispatch.BATCH)
        batch, self.left = self.left[:size], self.left[size:]
        if not batch or monotonic() >= end:
            return False
        accepted, refused = dispatch.hand_out(batch, at)
        counts["dispatched"] += accepted
        settle(end - monotonic())
        return bool(self.left) and not refused


def sweep(*, at: datetime, seconds: float = SECONDS, limit: int = 50) -> dict[str, int]:
    """Process everything that is due, and start nothing after `seconds`.

    Works in rounds of at most `limit` messages per step, so that no step blocks another.
    """
    counts, began = dict.fromkeys(DONE, 0), monotonic()
    counts["answered"] = answers.catch_up(at, limit)
    for walks, share in ((_deliveries(at), FOR_DELIVERY), (_polls(at), 1.0)):
        end, busy = began + seconds * share, walks
        while busy:
            busy = [walk for walk in busy if walk.round(at, end, limit, counts)]
    return counts


def _deliveries(at: datetime) -> list[_Walk | _Dispatch]:
    messages = Message.objects
    return [
        _Walk(messages.overdue(at).order_by("expires_at", "pk"), _expire),
        _Dispatch(at),
        _Walk(messages.abandoned(at - LEASE).order_by("claimed_at", "pk"), _abandon),
    ]


def _polls(at: datetime) -> list[_Walk | _Dispatch]:
    messages = Message.objects.order_by("next_attempt_at", "pk")
    silent = messages.in_flight().filter(
        claimed_at__gt=at - POLL_UNTIL, claimed_at__lte=at - POLL_AFTER
    )
    silent = silent.poll_due(at).exclude(events__received_at__gt=at - POLL_AFTER)
    return [_Walk(messages.unknown().poll_due(at), _resolve), _Walk(silent, _poll)]


def _safely(step: Step, message: Message, at: datetime) -> str:
    try:
        return step(message, at)
    except UnansweredError as error:
        logger.warning("The provider did not answer about message %s: %s", message.pk, error)
        alerts.refused(message.provider, error.reason, error.code)
    except Exception as error:
        kind = type(error).__name__
        is_new = alerts.is_first(f"sweep:{step.__name__}:{kind}")
        logger.error("The sweep failed at message %s: %s", message.pk, kind, exc_info=is_new)  # noqa: TRY400
    return ""


@transaction.atomic
def _expire(message: Message, at: datetime) -> str:
    if not message.expire(at):
        return ""
    policy.return_unused(message)
    message.add_event(Event.Source.SERVICE)
    return "expired"


@transaction.atomic
def _abandon(message: Message, at: datetime) -> str:
    """Mark as unknown, without a retry: the provider may have accepted it before the crash."""
    if not message.abandon(at - LEASE, "No answer was stored."):
        return ""
    message.add_event(Event.Source.SERVICE)
    return "unknown"


def _resolve(message: Message, at: datetime) -> str:
    if not message.schedule_poll(at, at + POLL_INTERVAL):
        return ""
    claimed_at = message.claimed_at or message.created_at
    try:
        if _found(message, claimed_at):
            return "found"
    except Exception:  # an error of the provider or here: the message must come to an end anyway
        if at < claimed_at + GIVE_UP_UNREACHABLE:
            raise
    return _lose(message) if at >= claimed_at + GIVE_UP else ""


def _found(message: Message, claimed_at: datetime) -> bool:
    update = provider_named(message.provider)().find(
        delivery.outgoing(message),
        since=claimed_at,
        until=claimed_at + LEASE,
        known=_known(message, claimed_at),
    )
    return update is not None and _adopt(message, update)


def _known(message: Message, claimed_at: datetime) -> list[str]:
    others = Message.objects.filter(
        provider=message.provider,
        to=message.to,
        claimed_at__gt=claimed_at - POLL_AFTER,
        claimed_at__lt=claimed_at + POLL_AFTER,
    )
    return list(others.exclude(provider_sid="").values_list("provider_sid", flat=True))


@transaction.atomic
def _adopt(message: Message, update: StatusUpdate) -> bool:
    if not status_updates.link_provider_id(
        message, update.sid
    ):  # another message with the same body
        return False
    status_updates.apply(message, update, source=Event.Source.POLL)
    return True


@transaction.atomic
def _lose(message: Message) -> str:
    """Give up; it still counts against the limits, because it may have been sent."""
    if not message.mark_lost("The provider has no such message."):
        return ""
    message.add_event(Event.Source.SERVICE, error_code=LOST)
    return "lost"


def _poll(message: Message, at: datetime) -> str:
    """Poll the provider at growing intervals: 5, 10, 20 and 40 minutes after the claim."""
    claimed_at = message.claimed_at or message.created_at
    if not message.schedule_poll(at, at + (at - claimed_at)):
        return ""
    update = provider_named(message.provider)().fetch(message.provider_sid)
    if update is not None:
        status_updates.apply(message, update, source=Event.Source.POLL)
    return "asked"
