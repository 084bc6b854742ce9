from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Allowance(models.Model):
    """How many messages an account may send per day; without a row, none."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="sms_allowance",
        verbose_name=_("account"),
    )
    per_day = models.PositiveIntegerField(_("texts a day"), default=0)
    granted_at = models.DateTimeField(_("granted at"), auto_now=True)

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allowances")

    def __str__(self) -> str:
        return f"{self.account}: {self.per_day} a day"
