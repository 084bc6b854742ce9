from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sms.models.message import NUMBER_LENGTH


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def of(self, number: str) -> Self:
        return self.filter(number=number)


class OptOut(models.Model):
    """A number that wants no texts, until it says START."""

    class Source(models.TextChoices):
        INBOUND = "inbound", _("STOP by text")
        PROVIDER = "provider", _("refused by the provider")  # Twilio 21610
        ADMIN = "admin", _("entered by hand")

    number = models.CharField(_("number"), max_length=NUMBER_LENGTH, primary_key=True)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"opt-out by {self.get_source_display()}"
