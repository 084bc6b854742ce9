"""The log of every text: written before the provider is called, so that none is ever forgotten."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sms.numbers import with_masked_numbers
from sms.outcomes import Outcome

BODY_LENGTH = 1600  # Twilio's limit for one message, error 21617
NUMBER_LENGTH = 64
SID_LENGTH = 64
ERROR_LENGTH = 500


class State(models.TextChoices):
    """Where a text stands. `failed` and what may follow it are final, the others may move on."""

    SENDING = "sending", _("sending")  # the provider is being asked, or we died asking
    UNKNOWN = "unknown", _("unknown")  # asked, and no answer tells: never sent again blindly
    ACCEPTED = "accepted", _("accepted")
    FAILED = "failed", _("failed")


FINAL = (State.FAILED,)
_FATE = ("state", "provider_sid", "error_code", "error_message", "finished_at")


class MessageQuerySet(models.QuerySet["Message"]):
    def sending(self) -> Self:
        """Handed to the provider, the answer not yet written down."""
        return self.filter(state=State.SENDING)


class Message(models.Model):
    """One text to one number, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="messages",
        verbose_name=_("sender"),
    )
    to = models.CharField(_("to"), max_length=NUMBER_LENGTH, blank=True)
    from_number = models.CharField(_("from"), max_length=NUMBER_LENGTH, blank=True)
    body = models.TextField(_("text"), max_length=BODY_LENGTH)
    provider = models.CharField(_("provider"), max_length=20)
    provider_sid = models.CharField(_("provider's id"), max_length=SID_LENGTH, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.SENDING
    )
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    error_message = models.CharField(_("error"), max_length=ERROR_LENGTH, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    # What the provider said just now; not a column: only the call that sent it knows.
    outcome: Outcome | None = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("text message")
        verbose_name_plural = _("text messages")
        ordering = ("-created_at", "id")
        permissions = (("send_message", "Can send text messages"),)
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "provider_sid"),
                condition=~Q(provider_sid=""),
                name="sms_message_one_of_a_sid",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="sms_message_known_state"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.ACCEPTED) | ~Q(provider_sid=""),
                name="sms_message_accepted_has_sid",
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINAL, finished_at__isnull=False)
                | Q(~Q(state__in=FINAL), finished_at=None),
                name="sms_message_finished_at_with_state",
            ),
            models.CheckConstraint(
                condition=~Q(body="") & Q(LessThanOrEqual(Length("body"), BODY_LENGTH)),
                name="sms_message_body_length",
            ),
        )
        indexes = (
            models.Index(fields=("-created_at", "id"), name="sms_message_newest"),
            models.Index(fields=("state", "created_at"), name="sms_message_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.pk} ({self.state})"

    def accept(self, sid: str) -> bool:
        """The provider took it under this id."""
        return self._leave_sending(state=State.ACCEPTED, provider_sid=sid)

    def fail(self, code: str, reason: str) -> bool:
        """It was not sent and will not be."""
        return self._leave_sending(
            state=State.FAILED,
            error_code=code,
            error_message=_error(reason),
            finished_at=timezone.now(),
        )

    def lose(self, reason: str) -> bool:
        """It may have been sent: nobody knows."""
        return self._leave_sending(state=State.UNKNOWN, error_message=_error(reason))

    def _leave_sending(self, **changes: Any) -> bool:
        """One conditional UPDATE: False, and nothing changed, where it had left already."""
        moved = Message.objects.sending().filter(pk=self.pk).update(**changes) == 1
        self.refresh_from_db(fields=_FATE)
        return moved


def _error(reason: str) -> str:
    return with_masked_numbers(reason)[:ERROR_LENGTH]
