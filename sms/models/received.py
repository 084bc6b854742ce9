"""Messages from verified numbers; each is answered once."""

from datetime import datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms.models.message import BODY_LENGTH, NUMBER_LENGTH, SID_LENGTH

ANSWER_LEASE: Final = timedelta(seconds=60)  # longer than processing takes
ANSWER_UNTIL: Final = timedelta(hours=1)  # no answers after this, because they would surprise
RECEIVED_KEPT: Final = timedelta(days=2)  # changes can be undone for a day


class ReceivedTextQuerySet(models.QuerySet["ReceivedText"]):
    def waiting(self, at: datetime) -> Self:
        """Not answered yet, and not claimed by a live process."""
        free = Q(claimed_at=None) | Q(claimed_at__lte=at - ANSWER_LEASE)
        return self.filter(free, answered_at=None, received_at__gt=at - ANSWER_UNTIL)

    def before(self, text: "ReceivedText", within: timedelta) -> Self:
        """Earlier messages from the same phone and account, newest first."""
        earlier = self.filter(account=text.account_id, number=text.number).exclude(pk=text.pk)
        since = text.received_at - within
        earlier = earlier.filter(received_at__lte=text.received_at, received_at__gt=since)
        return earlier.order_by("-received_at", "-done_at")

    def prunable(self, at: datetime) -> Self:
        return self.filter(received_at__lte=at - RECEIVED_KEPT)


class ReceivedText(models.Model):
    """A message from an account. Its body is deleted once it is processed."""

    sid = models.CharField(max_length=SID_LENGTH, primary_key=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.CharField(max_length=NUMBER_LENGTH)
    body = models.TextField(max_length=BODY_LENGTH, blank=True)
    received_at = models.DateTimeField(db_index=True)
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    reply = models.TextField(max_length=BODY_LENGTH, blank=True)
    refers_to = models.JSONField(null=True)  # the ids for the numbers of the reply
    undo = models.JSONField(null=True)  # opaque; only the handler reads it

    objects = ReceivedTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("received text")
        verbose_name_plural = _("received texts")
        indexes = (
            models.Index(fields=("account", "-received_at"), name="sms_receivedtext_by_account"),
            models.Index(
                fields=("received_at",),
                condition=Q(answered_at=None),
                name="sms_receivedtext_waiting",
            ),
        )

    def __str__(self) -> str:
        return self.sid
