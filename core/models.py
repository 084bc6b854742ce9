"""Counters for limits, idempotency keys, and the base of every mutable object."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.feed import FeedCounter, FeedEntry, Synced
from core.values import MomentField

__all__ = ["Counter", "FeedCounter", "FeedEntry", "IdempotencyKey", "Synced", "Versioned"]


class Versioned(Synced):
    """An object with a UUID, times of creation and change, and a version for ETags."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = MomentField(_("created at"), default=timezone.now, editable=False)
    updated_at = MomentField(_("updated at"), default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Counter(models.Model):
    """How much of a limit is used in a window. Only core.limits writes it."""

    scope = models.CharField(_("scope"), max_length=100)
    window_start = models.DateTimeField(_("since"))
    used = models.PositiveBigIntegerField(_("used"), default=0)

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        constraints = (
            models.UniqueConstraint(fields=("scope", "window_start"), name="core_counter_window"),
        )

    def __str__(self) -> str:
        return f"{self.scope} since {self.window_start:%Y-%m-%d %H:%M}: {self.used}"


class IdempotencyKey(models.Model):
    """The response to a POST with an Idempotency-Key. Only core.idempotency writes it.

    `status` is null while the first request runs. The body is JSON text, which keeps the order of
    its members. It may be personal, so neither the log nor the admin shows it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=100)  # the owner of the key
    # Method and path. The column keeps its old name, because the old release reads it in a deploy.
    endpoint = models.CharField(max_length=200, db_column="door")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the request body
    claimed_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("scope", "endpoint", "key"), name="core_idempotencykey_scope_door_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.endpoint} by {self.scope}: {self.status or 'running'}"
