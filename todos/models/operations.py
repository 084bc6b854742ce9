from datetime import datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import models

OPERATIONS_KEPT: Final = timedelta(days=90)  # longer than a device is usually offline


def happened(now: datetime, ago: timedelta) -> datetime:
    """The time of an operation, clamped: not in the future, and not before OPERATIONS_KEPT."""
    return now - min(max(ago, timedelta()), OPERATIONS_KEPT)


class SyncOperationQuerySet(models.QuerySet["SyncOperation"]):
    def expired(self, at: datetime) -> Self:
        return self.filter(done_at__lte=at - OPERATIONS_KEPT)


class SyncOperation(models.Model):
    """The result of a device's operation, to recognize a repeat. Without its content.

    `base` and `own` describe what the device had seen of the object; see todos.sync.merge.
    """

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    op_id = models.UUIDField()
    kind = models.CharField(max_length=16)
    object_id = models.UUIDField()
    status = models.CharField(max_length=16)
    base = models.PositiveBigIntegerField()
    own = models.JSONField(default=list)
    done_at = models.DateTimeField(db_index=True)

    objects = SyncOperationQuerySet.as_manager()

    class Meta:
        verbose_name = "operation of a device"
        verbose_name_plural = "operations of devices"
        constraints = (
            models.UniqueConstraint(fields=("account", "op_id"), name="todos_syncoperation_once"),
        )

    def __str__(self) -> str:
        return f"{self.op_id}: {self.status}"
