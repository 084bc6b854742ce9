from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

MAX_PER_DAY = 1_000_000


class Allowance(models.Model):
    """How many messages an account may send per day; without a row, none."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="sms_allowance",
        verbose_name=_("account"),
    )
    per_day = models.PositiveIntegerField(
        _("texts a day"), default=0, validators=[MaxValueValidator(MAX_PER_DAY)]
    )
    granted_at = models.DateTimeField(_("granted at"), auto_now=True)

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allowances")
        constraints = (
            models.CheckConstraint(
                condition=Q(per_day__lte=MAX_PER_DAY), name="sms_allowance_per_day_range"
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.per_day} a day"
