from datetime import datetime, timedelta
from typing import Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from sms.models.message import SID_LENGTH

# An opt-out is valid for five years (47 CFR 64.1200(d)(6)). For that time, a replayed call with an
# older START must not revoke it.
KEPT: Final = timedelta(days=5 * 366)


class InboundMessageQuerySet(models.QuerySet["InboundMessage"]):
    def is_new(self, sid: str, *, at: datetime) -> bool:
        """Store the id; True for exactly one of all concurrent calls.

        Call it in the transaction that applies the message, so that both happen or neither does.
        """
        _row, created = self.get_or_create(sid=sid, defaults={"received_at": at})
        return created

    def prunable(self, at: datetime) -> Self:
        return self.filter(received_at__lte=at - KEPT)


class InboundMessage(models.Model):
    """The provider's id of an applied inbound message, without its sender and body.

    A signature has no date, so a signed call could be replayed at any time.
    """

    sid = models.CharField(max_length=SID_LENGTH, primary_key=True)
    received_at = models.DateTimeField(db_index=True)

    objects = InboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbound text")
        verbose_name_plural = _("inbound texts")

    def __str__(self) -> str:
        return self.sid
