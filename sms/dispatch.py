"""Hands due messages to the delivering processes, with a limit per minute, codes first.

Without a limit, a backlog would start hundreds of processes and use all database connections, and
each minute would hand out the same messages again. docs/sms.md has measurements.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from sms import delivery
from sms.models import Lane, Message, MessageQuerySet

BATCH = 10  # the limit of an Amazon SQS request
MINUTE = timedelta(seconds=50)  # a sweep may start some seconds early


def chosen(at: datetime) -> list[Message]:
    """The messages for this sweep, in order. Codes may exceed the limit, because they are few."""
    due = Message.objects.to_dispatch(at).only("pk", "lane")
    due = due.order_by("lane", F("expires_at").asc(nulls_last=True), "next_attempt_at", "pk")
    codes = list(due.filter(lane=Lane.CODE)[: settings.SMS_PER_MINUTE])
    others = due.exclude(lane=Lane.CODE)
    return codes + list(others[: max(0, _room(at) - len(codes))])


def hand_out(batch: list[Message], at: datetime) -> tuple[int, int]:
    """Hand out a batch; returns how many tasks were accepted and how many refused.

    Refused messages may be handed out again immediately. Messages that another sweep has marked
    count as neither.
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
    """What is left of this minute's limit, minus messages that no process has claimed yet."""
    recently: MessageQuerySet = Message.objects.filter(dispatched_at__gt=at - MINUTE)
    used = max(recently.count(), Message.objects.dispatched(at).count())
    return max(0, settings.SMS_PER_MINUTE - used)
