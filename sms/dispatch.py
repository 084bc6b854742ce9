"""Hands due messages to the processes that deliver them: so many in a minute, codes first.

Without a bound, a backlog would start hundreds of processes at once and take every connection of
the database, and each minute would hand the same messages out again. docs/sms.md has the figures.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from sms import delivery
from sms.models import Lane, Message, MessageQuerySet

BATCH = 10  # what Amazon SQS takes in one request
MINUTE = timedelta(seconds=50)  # a sweep may begin some seconds early


def chosen(at: datetime) -> list[Message]:
    """What this sweep may hand out, in its order; codes beyond the bound too, for they are few."""
    due = Message.objects.to_dispatch(at).only("pk", "lane")
    due = due.order_by("lane", F("expires_at").asc(nulls_last=True), "next_attempt_at", "pk")
    codes = list(due.filter(lane=Lane.CODE)[: settings.SMS_PER_MINUTE])
    others = due.exclude(lane=Lane.CODE)
    return codes + list(others[: max(0, _room(at) - len(codes))])


def hand_out(batch: list[Message], at: datetime) -> tuple[int, int]:
    """How many of them a process will take, and how many none would.

    The latter may be handed out again at once. What another sweep has marked is neither.
    """
    marked = [message for message in batch if message.dispatch(at)]
    codes = [str(message.pk) for message in marked if message.lane == Lane.CODE]
    others = [str(message.pk) for message in marked if message.lane != Lane.CODE]
    accepted = [
        *delivery.deliver.enqueue_each(codes, urgent=True),
        *delivery.deliver.enqueue_each(others),
    ]
    refused = {*codes, *others}.difference(accepted)
    Message.objects.filter(pk__in=refused, dispatched_at=at).update(dispatched_at=None)
    return len(accepted), len(refused)


def _room(at: datetime) -> int:
    """What is left of the minute's share, and no more than was taken of what was handed out."""
    recently: MessageQuerySet = Message.objects.filter(dispatched_at__gt=at - MINUTE)
    used = max(recently.count(), Message.objects.dispatched(at).count())
    return max(0, settings.SMS_PER_MINUTE - used)
