"""Counters for limits, keys of repeated requests, and what every mutable object shares."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.columns import FoldedField, MomentField


class Folding(models.Model):
    """Writes each FoldedField whenever a column is written that it is made of."""

    class Meta:
        abstract = True

    def save(
        self,
        *,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        if update_fields is not None:
            named = set(update_fields)
            columns = (each for each in self._meta.concrete_fields if isinstance(each, FoldedField))
            update_fields = named.union(each.name for each in columns if named & {*each.of})
        super().save(
            force_insert=force_insert,
            force_update=force_update,
            using=using,
            update_fields=update_fields,
        )

    def validate_constraints(self, exclude: Iterable[str] | None = None) -> None:
        """A form does not name a folded column, but it may collide with another row's."""
        unchecked = set(exclude or ())
        for column in self._meta.concrete_fields:
            if isinstance(column, FoldedField) and column.of and not unchecked & {*column.of}:
                column.pre_save(self, add=self._state.adding)
                unchecked.discard(column.name)
        super().validate_constraints(exclude=unchecked)


class Versioned(Folding):
    """An object with a UUID, moments of creation and change, and a version for ETags."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = MomentField(_("created at"), default=timezone.now, editable=False)
    updated_at = MomentField(_("updated at"), default=timezone.now, editable=False)
    version = models.PositiveBigIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True

    def save_changes(self, *fields: str) -> None:
        """Write these fields and the next version. The caller holds the row's lock."""
        self.version += 1
        self.updated_at = timezone.now()
        self.save(update_fields=[*fields, "version", "updated_at"])


class Counter(models.Model):
    """How much of a limit has been used in a window; only core.limits writes it."""

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
    """The response to a POST with an Idempotency-Key; only core.idempotency writes it.

    `status` is null while the first request runs. The body is JSON text, which keeps the order of
    its members; it may be personal, so it is neither logged nor shown in the admin.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=100)  # whose key it is
    # Method and path. The column keeps its old name: the release before reads it during a deploy.
    endpoint = models.CharField(max_length=200, db_column="door")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the body that came with it
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


def bump_version(**changes: Any) -> dict[str, Any]:
    """Keyword arguments of QuerySet.update() that change these fields and raise the version."""
    return {**changes, "version": models.F("version") + 1, "updated_at": timezone.now()}
