"""The security events of an account, for its owner and the operator: log-ins and changes.

An event has a time, an address and a browser. It never holds a password, a code, a token or a phone
number. It is deleted after KEPT, or with the account.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.http import client_address
from core.limits import Limit, take
from core.redaction import redact
from core.values import MomentField

KEPT = timedelta(days=90)
DAILY_OF_ONE_KIND = 200  # so that a loop of log-ins floods neither the table nor the owner's list
SCOPE = "audit:"
AGENT_LENGTH = 200
FACT_LENGTH = 200


class Kind(models.TextChoices):
    SIGNED_UP = "signed_up", _("Account created")
    LOGGED_IN = "logged_in", _("Logged in")
    NEW_DEVICE = "new_device", _("Logged in on a new device")
    DEVICE_ENDED = "device_ended", _("Device logged out")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    PASSWORD_RESET = "password_reset", _("Password set by a mailed code")
    EMAIL_ADDED = "email_added", _("Email address added")
    EMAIL_REMOVED = "email_removed", _("Email address removed")
    EMAIL_CHANGED = "email_changed", _("Primary email address changed")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    FACTOR_RESET = "factor_reset", _("Second factor reset by the operator")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("New recovery codes made")
    RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
    TOKEN_CREATED = "token_created", _("API token created")
    TOKEN_REVOKED = "token_revoked", _("API token revoked")
    EXPORTED = "exported", _("Data exported")
    FEED_MADE = "feed_made", _("Calendar address made")
    DELETION_ASKED = "deletion_asked", _("Deletion of the account asked for")
    DELETION_CANCELLED = "deletion_cancelled", _("Account kept after all")
    DELETED = "deleted", _("Account deleted")
    STAFF_CHANGED = "staff_changed", _("Account changed by staff")


def kinds() -> list[tuple[str, Any]]:
    """A function, so that a new kind needs no migration."""
    return list(Kind.choices)


class SecurityEvent(models.Model):
    """One event. Only the last event of a deleted account stays, and it names nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        on_delete=models.CASCADE,
        related_name="security_events",
    )
    # The member of staff, unless the owner did it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    by_staff = models.BooleanField(_("by staff"), default=False)
    kind = models.CharField(_("event"), max_length=32, choices=kinds)
    at = MomentField(_("at"), default=timezone.now)
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=AGENT_LENGTH, blank=True)
    facts = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("account", "-at", "-id"), name="accounts_event_of_account"),
            models.Index(fields=("at",), name="accounts_event_at"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"


def record(
    account: Any, kind: Kind, request: Any = None, *, actor: Any = None, **facts: Any
) -> None:
    """Record one event of the account, in the transaction of the change.

    `request` is a request of Django or of DRF; None for a command. `actor` is the member of staff
    who did it, if any. `facts` are short texts, such as names of fields and devices, never secrets.
    """
    if not _is_within_reason(account, kind):
        return
    SecurityEvent.objects.create(
        account=account,
        kind=kind,
        actor=actor,
        by_staff=actor is not None,
        address=_address(request),
        user_agent=_user_agent(request),
        facts={name: _plain(value) for name, value in facts.items()},
    )


def _is_within_reason(account: Any, kind: Kind) -> bool:
    scope = f"{SCOPE}{account.pk}:{kind.value}"
    return take(Limit(scope=scope, amount=DAILY_OF_ONE_KIND, window=timedelta(days=1)))


def record_deletion(actor: Any = None) -> None:
    """Record that an account was deleted, and by which member of staff, if any."""
    facts = {"actor": actor, "by_staff": actor is not None}
    SecurityEvent.objects.create(account=None, kind=Kind.DELETED, **facts)


def events_of(account: Any) -> QuerySet[SecurityEvent]:
    return SecurityEvent.objects.filter(account=account)


def old_events(at: datetime) -> QuerySet[SecurityEvent]:
    return SecurityEvent.objects.filter(at__lt=at - KEPT)


def _address(request: HttpRequest | None) -> str | None:
    from allauth.core.internal.httpkit import clean_client_ip  # noqa: PLC0415 - after the models

    return (clean_client_ip(client_address(request)) or None) if request else None


def _user_agent(request: HttpRequest | None) -> str:
    """Redacted, because a program may send its token there."""
    words = request.META.get("HTTP_USER_AGENT", "") if request else ""
    return _short(words, AGENT_LENGTH)


def _plain(value: Any) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return _short(words, FACT_LENGTH)


def _short(words: str, length: int) -> str:
    return redact(words.replace("\0", ""))[:length]
