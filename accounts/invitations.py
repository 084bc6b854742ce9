"""Invitations: signed links that each allow one sign-up while sign-up is closed."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import read
from core.values import MomentField

LIVES: Final = timedelta(days=14)
KEPT: Final = timedelta(days=30)  # after it expires
_SALT: Final = "accounts.invitations"


def _ends() -> datetime:
    return timezone.now() + LIVES


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self) -> "InvitationQuerySet":
        return self.filter(used_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(
        _("email address"),
        blank=True,
        help_text=_("Who may use it; empty: whoever has the link."),
    )
    created_at = MomentField(_("created at"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    expires_at = MomentField(_("expires at"), default=_ends)
    used_at = MomentField(_("used at"), null=True, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        editable=False,
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.email or str(self.pk)

    @property
    def token(self) -> str:
        return signing.dumps(str(self.pk), salt=_SALT)

    @property
    def link(self) -> str:
        """Only a path if PUBLIC_BASE_URL is not set."""
        return f"{settings.PUBLIC_BASE_URL.rstrip('/')}/account/invited/{self.token}/"

    def is_for(self, address: str) -> bool:
        """Compares canonical addresses."""
        return self.email in ("", address)

    def use(self, account: Any) -> bool:
        """True for exactly one caller."""
        usable = Invitation.objects.usable().filter(pk=self.pk)
        return usable.update(used_at=timezone.now(), account=account) == 1


def invitation_of(token: object) -> Invitation | None:
    """The invitation of this token, if it is unused and valid."""
    try:
        key = read(signing.loads(str(token), salt=_SALT))
    except signing.BadSignature:
        return None
    return Invitation.objects.usable().filter(pk__in=[key] if key else []).first()


def ended_invitations(at: datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(expires_at__lt=at - KEPT)
