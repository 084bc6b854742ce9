import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.db_functions import RandomUUID
from sms.models.message import NUMBER_LENGTH
from sms.telephony import canonical, forms


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def of(self, number: str) -> Self:
        """The opt-outs of a number in any of its spellings."""
        return self.filter(number__in=forms(number))

    def revocable(self) -> Self:
        """The opt-outs that START revokes: all except those that an operator entered."""
        return self.exclude(source=OptOut.Source.ADMIN)

    def remember(self, number: str, *, source: str, at: datetime) -> None:
        """Insert an opt-out unless it exists, in one statement, so that concurrent calls do not
        fail.
        """
        opt_out = OptOut(number=canonical(number), source=source, created_at=at)
        self.bulk_create([opt_out], ignore_conflicts=True)


class OptOut(models.Model):
    """A number that gets no messages until it sends START.

    The number is not the primary key, because keys are in URLs, and URLs are logged.
    """

    class Source(models.TextChoices):
        INBOUND = "inbound", _("STOP by text")
        PROVIDER = "provider", _("refused by the provider")
        ADMIN = "admin", _("entered by hand")

    id = models.UUIDField(
        primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False
    )
    number = models.CharField(_("number"), max_length=NUMBER_LENGTH, unique=True)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"opt-out by {self.get_source_display()}"
