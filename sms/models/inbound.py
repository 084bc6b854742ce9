from datetime import datetime, timedelta
from typing import Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from sms.models.message import SID_LENGTH

# A request for no more calls holds for five years (47 CFR 64.1200(d)(6)): so long nothing that was
# said before it may be said again in its place.
KEPT: Final = timedelta(days=5 * 366)


class InboundMessageQuerySet(models.QuerySet["InboundMessage"]):
    def is_new(self, sid: str, *, at: datetime) -> bool:
        """Whether nobody has heard this text; of all who ask at once one gets True.

        Ask in the transaction of what the text does, so that both are done or neither.
        """
        _row, created = self.get_or_create(sid=sid, defaults={"received_at": at})
        return created

    def forgettable(self, at: datetime) -> Self:
        return self.filter(received_at__lte=at - KEPT)


class InboundMessage(models.Model):
    """A text to us that changed something, by the provider's id alone: not who wrote what.

    A signature has no date: whoever has seen a signed call can make it again at any time.
    """

    sid = models.CharField(max_length=SID_LENGTH, primary_key=True)
    received_at = models.DateTimeField(db_index=True)

    objects = InboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbound text")
        verbose_name_plural = _("inbound texts")

    def __str__(self) -> str:
        return self.sid
