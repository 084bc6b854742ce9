"""Browsers that are subscribed to a person's notifications."""

import hashlib
import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

ENDPOINT_LENGTH: Final = 1_000
KEY_LENGTH: Final = 100
MOST_SUBSCRIPTIONS: Final = 10  # per account


class PushSubscription(models.Model):
    """A subscribed browser; it belongs to the account that subscribed it last.

    The endpoint and the keys are secret, because they allow messages to the browser.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="push_subscriptions",
        verbose_name=_("owner"),
    )
    endpoint = models.CharField(max_length=ENDPOINT_LENGTH)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the endpoint
    p256dh = models.CharField(max_length=KEY_LENGTH)
    auth = models.CharField(max_length=KEY_LENGTH)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("browser for notifications")
        verbose_name_plural = _("browsers for notifications")

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def digest_of(cls, endpoint: str) -> str:
        return hashlib.sha256(endpoint.encode()).hexdigest()
