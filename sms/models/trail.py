"""What was tried and what was heard of a text; rows are added, never changed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sms.models.message import ERROR_LENGTH, Message


class Attempt(models.Model):
    """One call of the provider."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), default=timezone.now)
    outcome = models.CharField(_("outcome"), max_length=12)  # the class of sms.outcomes, lower case
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    code = models.CharField(_("code"), max_length=20, blank=True)
    detail = models.CharField(_("detail"), max_length=ERROR_LENGTH, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("message", "number"), name="sms_attempt_number"),
        )

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"


class EventQuerySet(models.QuerySet["Event"]):
    def note(self, message: Message, *, source: str, status: str, error_code: str = "") -> None:
        """Keep it, unless it is known already. One statement, so nobody has to look first."""
        event = Event(message=message, source=source, status=status, error_code=error_code)
        self.bulk_create([event], ignore_conflicts=True)


class Event(models.Model):
    """One report about a text, kept once however often it is repeated."""

    class Source(models.TextChoices):
        SERVICE = "service", _("this service")
        CALLBACK = "callback", _("provider's callback")
        POLL = "poll", _("asked the provider")
        PERSON = "person", _("a person")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events")
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    status = models.CharField(_("status"), max_length=30)  # ours or the provider's word
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("received_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("message", "source", "status", "error_code"), name="sms_event_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.status} by {self.source}"
