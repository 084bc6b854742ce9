"""When reminders are due, and the messages that were sent. No response contains these rows."""

import uuid
from datetime import datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Channel

HANDED_FOR: Final = timedelta(minutes=3)  # after this, the process that has the task must be dead
NOTICES_KEPT: Final = timedelta(days=30)


class NoticeState(models.TextChoices):
    """One process has claimed a `sending` notice; if it dies, the result is `unknown`."""

    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    UNKNOWN = "unknown", _("unknown")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def to_hand_out(self, at: datetime) -> Self:
        """Queued, and no task may still run for it."""
        waiting = Q(handed_at=None) | Q(handed_at__lte=at - HANDED_FOR)
        return self.filter(waiting, state=NoticeState.QUEUED)

    def abandoned(self, at: datetime) -> Self:
        """Claimed by a process that must be dead."""
        return self.filter(state=NoticeState.SENDING, claimed_at__lte=at - HANDED_FOR)

    def expired(self, at: datetime) -> Self:
        return self.filter(created_at__lte=at - NOTICES_KEPT)


class Notice(models.Model):
    """A message to a person about one reminder, or a digest of several."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    state = models.CharField(
        _("state"), max_length=8, choices=NoticeState.choices, default=NoticeState.QUEUED
    )
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    tried = models.CharField(max_length=32, blank=True)  # failed channels, comma-separated
    message = models.UUIDField(_("text message"), null=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)
    handed_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("sent reminder")
        verbose_name_plural = _("sent reminders")
        indexes = (
            models.Index(
                fields=("created_at",),
                condition=Q(state__in=("queued", "sending")),
                name="todos_notice_unfinished",
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel}: {self.state}"

    def move(self, before: NoticeState, after: NoticeState, **columns: object) -> bool:
        """Change the state; true for only one of several processes."""
        rows = Notice.objects.filter(pk=self.pk, state=before)
        if rows.update(state=after, **columns) != 1:
            return False
        self.state = after
        for name, value in columns.items():
            setattr(self, name, value)
        return True


class FiringQuerySet(models.QuerySet["Firing"]):
    def due(self, at: datetime) -> Self:
        return self.filter(next_at__lte=at)

    def to_hand_out(self, at: datetime) -> Self:
        """Due, and no task may still run for it."""
        return self.due(at).filter(Q(handed_at=None) | Q(handed_at__lte=at - HANDED_FOR))


class Firing(models.Model):
    """A reminder of a to-do: when to send it, and its message.

    `fire_at` is its moment, null if the to-do has no due. `next_at` is when the minutely job sends
    it: later than `fire_at` in quiet hours, null if it must not be sent (again).
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    todo = models.ForeignKey(
        "todos.Todo", on_delete=models.CASCADE, related_name="firings", db_index=False
    )
    reminder_id = models.UUIDField()
    channel = models.CharField(max_length=8, blank=True)
    fire_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    fired_for = models.DateTimeField(null=True)  # the last `fire_at` for which it was sent
    notice = models.ForeignKey(Notice, on_delete=models.SET_NULL, null=True, related_name="firings")

    objects = FiringQuerySet.as_manager()

    class Meta:
        verbose_name = _("planned reminder")
        verbose_name_plural = _("planned reminders")
        constraints = (
            models.UniqueConstraint(fields=("todo", "reminder_id"), name="todos_firing_once"),
        )
        indexes = (
            models.Index(
                fields=("next_at", "owner"),
                condition=Q(next_at__isnull=False),
                name="todos_firing_due",
            ),
            models.Index(
                fields=("owner", "next_at"),
                condition=Q(next_at__isnull=False),
                name="todos_firing_of_owner",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reminder_id}: {self.fire_at}"
