"""The phone number of an account, and the code that verifies it."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sms.models.consent import ADDRESS_LENGTH, USER_AGENT_LENGTH, WORDS_LENGTH, Source
from sms.models.message import NUMBER_LENGTH, Message
from sms.models.optout import OptOut

GUESSES = 3


class Phone(models.Model):
    """A verified number, in its canonical form; it belongs to only one account."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="phone",
        verbose_name=_("account"),
    )
    number = models.CharField(_("number"), max_length=NUMBER_LENGTH, unique=True)
    proved_at = models.DateTimeField(_("proved at"), default=timezone.now)

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")

    def __str__(self) -> str:
        return f"phone of {self.account_id}"

    def has_opted_out(self) -> bool:
        return OptOut.objects.of(self.number).exists()


class PhoneCodeQuerySet(models.QuerySet["PhoneCode"]):
    def alive(self, at: datetime) -> Self:
        return self.filter(expires_at__gt=at, guesses__lt=GUESSES)

    def guess(self, account: Any, at: datetime) -> "PhoneCode | None":
        """Count a guess before the comparison; None if no code is left to guess.

        One statement counts it, so at most GUESSES of any number of simultaneous guesses are
        compared.
        """
        code = self.filter(account=account).first()
        counted = code and self.alive(at).filter(pk=code.pk, message=code.message_id)
        if not counted or counted.update(guesses=F("guesses") + 1) != 1:
            return None
        return code

    def prunable(self, at: datetime) -> Self:
        return self.filter(expires_at__lte=at)


class PhoneCode(models.Model):
    """A code that was sent to a number, and the text that the person agreed to.

    The code itself is not stored: it is computed from the message's id and the secret key.
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    number = models.CharField(max_length=NUMBER_LENGTH)
    # None if nothing was sent; then no code is correct.
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    guesses = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=10, choices=Source.choices)
    words = models.CharField(max_length=WORDS_LENGTH)
    address = models.CharField(max_length=ADDRESS_LENGTH, blank=True)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True)

    objects = PhoneCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("code of a phone number")
        verbose_name_plural = _("codes of phone numbers")

    def __str__(self) -> str:
        return f"code for {self.account_id}"
