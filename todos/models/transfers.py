"""Exports and imports as jobs, and the secret URL of a calendar."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import files
from core.values import MomentField

KEPT: Final = timedelta(days=2)  # how long a job keeps its file
LEASE: Final = timedelta(minutes=20)  # longer than any function may run
FORGOTTEN: Final = timedelta(minutes=2)  # after this, a waiting job is started again
MOST_TRIES: Final = 3
FOLDER: Final = "transfers"
SECRET_BYTES: Final = 24


class TransferState(models.TextChoices):
    UPLOADING = "uploading", _("waiting for the file")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    CHECKED = "checked", _("to be confirmed")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class TransferKind(models.TextChoices):
    EXPORT = "export", _("export")
    IMPORT = "import", _("import")


class TransferQuerySet(models.QuerySet["Transfer"]):
    def unfinished(self) -> Self:
        ended = (TransferState.DONE, TransferState.FAILED)
        return self.exclude(state__in=ended)

    def expired(self, at: datetime) -> Self:
        return self.filter(created_at__lte=at - KEPT)

    def forgotten(self, at: datetime) -> Self:
        """Queued for too long."""
        return self.filter(state=TransferState.QUEUED, changed_at__lte=at - FORGOTTEN)

    def dead(self, at: datetime) -> Self:
        """Running, but its process must be dead."""
        return self.filter(state=TransferState.RUNNING, changed_at__lte=at - LEASE)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Also delete their files."""
        for name in self.exclude(file="").values_list("file", flat=True):
            files.remove(name)
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Transfer(models.Model):
    """An export or import. The process that changes its state with `move` may continue it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=TransferKind.choices)
    format = models.CharField(_("format"), max_length=16)
    state = models.CharField(_("state"), max_length=16, choices=TransferState.choices)
    list = models.ForeignKey(
        "todos.List",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,  # a release without this table may delete the list
    )  # the list for imported to-dos without one; the inbox by default
    file = models.CharField(max_length=100, blank=True)  # its name in the private files
    size = models.PositiveBigIntegerField(null=True)  # of the file, in bytes
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the checked file
    done = models.PositiveBigIntegerField(default=0)  # processed objects
    total = models.PositiveBigIntegerField(null=True)
    report = models.JSONField(null=True)
    error_code = models.CharField(max_length=32, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = MomentField(null=True)
    created_at = MomentField(_("created at"))
    changed_at = MomentField()
    ended_at = MomentField(null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("export or import")
        verbose_name_plural = _("exports and imports")
        indexes = (
            models.Index(fields=("owner", "kind", "-created_at", "-id"), name="todos_transfer_own"),
            models.Index(
                fields=("state", "changed_at"),
                condition=Q(state__in=("queued", "running")),
                name="todos_transfer_at_work",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.state}"

    def move(self, *before: str, at: datetime, **columns: Any) -> bool:
        """Change the job if its state is one of these; False if another process was faster."""
        rows = type(self).objects.filter(pk=self.pk, state__in=before)
        if not rows.update(changed_at=at, **columns):
            return False
        self.refresh_from_db()
        return True

    def claim(self, at: datetime) -> bool:
        return self.move(
            TransferState.QUEUED, at=at, state=TransferState.RUNNING, tries=F("tries") + 1, done=0
        )

    def end(self, at: datetime, **columns: Any) -> bool:
        return self.move(TransferState.RUNNING, at=at, ended_at=at, **columns)

    def fail(self, code: str, detail: str, at: datetime) -> bool:
        told = {"error_code": code, "error_detail": detail[:300]}
        return self.end(at, state=TransferState.FAILED, **told)


class CalendarFeed(models.Model):
    """Anyone with the secret in its URL can read the to-dos. Only a digest of it is stored."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    digest = models.CharField(max_length=64, unique=True)
    created_at = MomentField(_("created at"))

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return f"feed of {self.owner_id}"

    @staticmethod
    def new_secret() -> str:
        return secrets.token_urlsafe(SECRET_BYTES)

    @staticmethod
    def digest_of(secret: str) -> str:
        """A secret of 192 random bits needs no slow hash."""
        return hashlib.sha256(secret.encode()).hexdigest()
