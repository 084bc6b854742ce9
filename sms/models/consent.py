"""The ledger of consent: who agreed to messages, when, where and to which text, and who stopped."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sms.models.message import NUMBER_LENGTH

WORDS_LENGTH = 500
ADDRESS_LENGTH = 64
USER_AGENT_LENGTH = 120


class Source(models.TextChoices):
    API = "api", _("a device")
    PAGE = "page", _("the page")
    TEXT = "text", _("a text message")
    PROVIDER = "provider", _("the provider")
    ADMIN = "admin", _("an operator")


class ConsentQuerySet(models.QuerySet["Consent"]):
    def update(self, **columns: Any) -> NoReturn:
        raise TypeError("Entries of the ledger are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("Entries of the ledger are never removed.")


class Consent(models.Model):
    """An immutable entry; it is deleted only with its account (sms.erasing)."""

    class Event(models.TextChoices):
        AGREED = "agreed", _("agreed")
        STOPPED = "stopped", _("stopped")
        STARTED = "started", _("started again")
        REMOVED = "removed", _("number removed")
        TAKEN_OVER = "taken_over", _("number proved by another account")

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="sms_consents",
        verbose_name=_("account"),
    )
    number = models.CharField(_("number"), max_length=NUMBER_LENGTH)
    event = models.CharField(_("event"), max_length=10, choices=Event.choices)
    source = models.CharField(_("by"), max_length=10, choices=Source.choices)
    words = models.CharField(_("words"), max_length=WORDS_LENGTH, blank=True)
    address = models.CharField(_("address"), max_length=ADDRESS_LENGTH, blank=True)
    user_agent = models.CharField(_("device"), max_length=USER_AGENT_LENGTH, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the ledger of consent")
        verbose_name_plural = _("ledger of consent")
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("account", "-at", "-id"), name="sms_consent_by_account"),
            models.Index(fields=("number", "-at"), name="sms_consent_by_number"),
            models.Index(fields=("-at", "-id"), name="sms_consent_newest"),
        )

    def __str__(self) -> str:
        return f"{self.event} by {self.source}"

    def save(self, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("Entries of the ledger are never changed.")
        super().save(**options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError("Entries of the ledger are never removed.")
