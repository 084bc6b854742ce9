"""The outbox: every message is stored before the provider gets it, so that none is lost."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.conditions import in_range
from core.values import check_range
from sms.results import Result
from sms.states import ARRIVED, BELOW, FAILURES, FINAL, LOST, RANK, WAITING, State
from sms.telephony import with_masked_numbers

BODY_LENGTH = 1600  # the limit of providers per message, in any encoding
NUMBER_LENGTH = 64
SID_LENGTH = 64
ERROR_LENGTH = 500
KEY_LENGTH = 255
LIST_KEPT = timedelta(days=1)  # how long answers may use the numbers of a list
DISPATCH_HOLDS = timedelta(minutes=3)  # after this, the process that has the task must be dead


class MessageQuerySet(models.QuerySet["Message"]):
    def sent_by(self, account: Any) -> Self:
        return self.filter(sender=account)

    def sending(self) -> Self:
        return self.filter(state=State.SENDING)

    def abandoned(self, claimed_before: datetime) -> Self:
        """Claimed so long ago that the claiming process must be dead."""
        return self.sending().filter(claimed_at__lte=claimed_before)

    def unknown(self) -> Self:
        return self.filter(state=State.UNKNOWN)

    def lost(self) -> Self:
        return self.filter(state=State.FAILED, error_code=LOST)

    def in_flight(self) -> Self:
        """Accepted by the provider, without a final status yet."""
        return self.filter(state__in=(State.ACCEPTED, State.SENT)).exclude(provider_sid="")

    def lists_on(self, number: str, *, of: Any, at: datetime) -> Self:
        """The numbered lists that were sent to this phone in the last day, newest first."""
        sent = self.filter(sender=of, to=number, state__in=ARRIVED, refers_to__isnull=False)
        sent = sent.filter(claimed_at__lte=at, claimed_at__gt=at - LIST_KEPT)
        return sent.order_by("-claimed_at", "-created_at")

    def unreached(self) -> Self:
        """Failed permanently, and not yet reported to the other app."""
        return self.exclude(unreached="").filter(unreached_told_at=None, sender__isnull=False)

    def poll_due(self, at: datetime) -> Self:
        return self.filter(next_attempt_at__lte=at)

    def waiting(self) -> Self:
        return self.filter(state__in=WAITING)

    def due(self, at: datetime) -> Self:
        return self.waiting().filter(next_attempt_at__lte=at).exclude(expires_at__lte=at)

    def overdue(self, at: datetime) -> Self:
        return self.waiting().filter(expires_at__lte=at)

    def to_dispatch(self, at: datetime) -> Self:
        """Due, and no task may still run for it."""
        handed = Q(dispatched_at__gt=at - DISPATCH_HOLDS)
        return self.due(at).exclude(handed & Q(dispatched_at__isnull=False))

    def dispatched(self, at: datetime) -> Self:
        """Handed to a process that has not claimed it yet."""
        return self.due(at).filter(dispatched_at__gt=at - DISPATCH_HOLDS)


class Lane(models.IntegerChoices):
    """The priority of messages, if more are due than a minute allows."""

    CODE = 0, _("code")  # a person is waiting for it
    REMINDER = 1, _("reminder")
    ORDINARY = 2, _("ordinary")


class Message(models.Model):
    """One message to one number, with its status.

    New columns need a database default, because the former release still inserts rows during a
    deploy.
    """

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
    encoding = models.CharField(_("encoding"), max_length=5, default="GSM-7", db_default="GSM-7")
    segments = models.PositiveSmallIntegerField(_("segments"), default=1, db_default=1)
    region = models.CharField(_("region"), max_length=3, blank=True, db_default="")
    idempotency_key = models.CharField(_("idempotency key"), max_length=KEY_LENGTH, null=True)  # noqa: DJ001 - many messages have none
    provider = models.CharField(_("provider"), max_length=20)
    provider_sid = models.CharField(_("provider's id"), max_length=SID_LENGTH, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    error_message = models.CharField(_("error"), max_length=ERROR_LENGTH, blank=True)
    # The database refuses a second successor.
    retry_of = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="successor",
        verbose_name=_("sent again after"),
    )
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    # The database refuses one that is out of range, so reading clamps none (as MomentField would).
    send_at = models.DateTimeField(_("to be sent at"), null=True, validators=[check_range])
    expires_at = models.DateTimeField(_("expires at"), null=True)
    next_attempt_at = models.DateTimeField(
        _("next attempt at"), default=timezone.now, db_default=Now()
    )
    lane = models.PositiveSmallIntegerField(
        _("lane"), choices=Lane.choices, default=Lane.ORDINARY, db_default=Lane.ORDINARY.value
    )
    # The ids for the numbers of a list in the body, for answers; ids of another app.
    refers_to = models.JSONField(_("refers to"), null=True, editable=False)
    # Why no message reaches the number, if permanent, and when the other app got the report.
    unreached = models.CharField(_("unreached"), max_length=20, blank=True, db_default="")
    unreached_told_at = models.DateTimeField(null=True, editable=False)
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True)  # by the sweep
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, editable=False)

    # The result of the present attempt. Not a column, so only the caller that sent it sees it.
    result: Result | None = None

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("text message")
        verbose_name_plural = _("text messages")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("provider", "provider_sid"),
                condition=~Q(provider_sid=""),
                name="sms_message_one_of_a_sid",
            ),
            models.UniqueConstraint(
                fields=("sender", "idempotency_key"),
                name="sms_message_one_of_a_key",
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
            models.CheckConstraint(condition=in_range("send_at"), name="sms_message_send_at_range"),
        )
        indexes = (
            models.Index(fields=("-created_at", "id"), name="sms_message_newest"),
            models.Index(fields=("sender", "-created_at", "id"), name="sms_message_by_sender"),
            models.Index(
                fields=("state", "next_attempt_at"),
                condition=~Q(state__in=FINAL),
                name="sms_message_open",
            ),
            models.Index(fields=("to", "-created_at"), name="sms_message_by_number"),
            models.Index(
                fields=("created_at",),
                condition=~Q(unreached="") & Q(unreached_told_at=None),
                name="sms_message_unreached",
            ),
            models.Index(
                fields=("dispatched_at",),
                condition=Q(dispatched_at__isnull=False),
                name="sms_message_dispatched",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} ({self.state})"

    @property
    def due_at(self) -> datetime:
        """When the message was first due: it counts against the limits of that day and month.

        Unlike `next_attempt_at` it never changes, so that the share can be returned later.
        """
        return max(self.created_at, self.send_at or self.created_at)

    @property
    def is_lost(self) -> bool:
        """Failed with an unknown result: the provider neither refused nor reported it."""
        return self.state == State.FAILED and self.error_code == LOST

    def claim(self, at: datetime, **changes: Any) -> bool:
        """Claim a due message for one attempt; True for exactly one of all concurrent calls.

        Commit the claim before the provider is called: after a crash the message is still
        `sending`, and is not sent a second time. Clears the error of an earlier attempt, which its
        Attempt still has.
        """
        return self._move(
            Message.objects.due(at),
            state=State.SENDING,
            claimed_at=at,
            attempt_count=F("attempt_count") + 1,
            error_code="",
            error_message="",
            **changes,
        )

    def dispatch(self, at: datetime) -> bool:
        """Mark a due message as handed out; True for exactly one of all concurrent calls."""
        waiting = Message.objects.to_dispatch(at).filter(pk=self.pk)
        return waiting.update(dispatched_at=at) == 1

    def release(self, next_attempt_at: datetime, code: str, reason: str) -> bool:
        """Undo the claim of a message that certainly was not sent, for a retry."""
        return self._move(
            Message.objects.sending(),
            state=State.QUEUED,
            next_attempt_at=next_attempt_at,
            dispatched_at=None,
            error_code=code,
            error_message=_error(reason),
        )

    def cancel(self) -> bool:
        waiting = Message.objects.waiting()
        return self._move(waiting, state=State.CANCELED, finished_at=timezone.now())

    def expire(self, at: datetime) -> bool:
        overdue = Message.objects.overdue(at)
        return self._move(overdue, state=State.EXPIRED, finished_at=timezone.now())

    def abandon(self, claimed_before: datetime, reason: str) -> bool:
        """Mark as unknown: the claiming process died, perhaps after the provider accepted it."""
        abandoned = Message.objects.abandoned(claimed_before)
        return self._move(abandoned, state=State.UNKNOWN, error_message=_error(reason))

    def mark_lost(self, reason: str) -> bool:
        return self._move(
            Message.objects.unknown(),
            state=State.FAILED,
            error_code=LOST,
            error_message=_error(reason),
            finished_at=timezone.now(),
        )

    def schedule_poll(self, at: datetime, later: datetime) -> bool:
        """Claim the next poll of the provider; True for exactly one of all concurrent calls."""
        waiting = Message.objects.poll_due(at).filter(state=self.state)
        return self._move(waiting, next_attempt_at=later)

    def advance(self, state: str, *, code: str = "", reason: str = "", **changes: Any) -> bool:
        """Move forward; False, and no change, if the message is in this state or a later one.

        A report without an error clears only the error LOST.
        """
        error = {"error_code": code, "error_message": _error(reason)}
        known = {name: value for name, value in error.items() if value}
        finished_at = timezone.now() if state in FINAL else None
        ended = {"finished_at": finished_at} if finished_at else {}
        below = Message.objects.filter(state__in=BELOW[state])
        if self._move(below, state=state, **changes, **known, **ended):
            return True
        if not self.is_lost or RANK[state] <= RANK[State.UNKNOWN]:
            return False
        changes |= {**error, "finished_at": finished_at}
        return self._move(Message.objects.lost(), state=state, **changes)

    def accept(self, sid: str) -> bool:
        """Mark as accepted with this provider id, which is stored even if a callback came first."""
        at = timezone.now()
        moved = self.advance(State.ACCEPTED, provider_sid=sid, accepted_at=at)
        if not moved and not self.provider_sid:
            self._move(Message.objects.filter(provider_sid=""), provider_sid=sid, accepted_at=at)
        return moved

    def mark_unreached(self, reason: str) -> bool:
        """Mark a failed message as unreached; only the first reason counts."""
        failed = Message.objects.filter(state__in=FAILURES, unreached="")
        return self._move(failed, unreached=reason)

    def mark_unreached_told(self, at: datetime) -> bool:
        """True for exactly one of all concurrent calls."""
        return self._move(Message.objects.unreached(), unreached_told_at=at)

    def mark_unknown(self, reason: str) -> bool:
        return self.advance(State.UNKNOWN, reason=reason)

    def add_event(self, source: str, *, status: str = "", error_code: str = "") -> None:
        """Add a status to the history, by default the state of the message.

        Repeats are stored once. One statement, so that concurrent calls do not fail.
        """
        event = Event(
            message=self, source=source, status=status or self.state, error_code=error_code
        )
        Event.objects.bulk_create([event], ignore_conflicts=True)

    def _move(self, candidates: MessageQuerySet, **changes: Any) -> bool:
        """Run one conditional UPDATE and reload the row; True if it changed the row."""
        moved = candidates.filter(pk=self.pk).update(**changes) == 1
        self.refresh_from_db()
        return moved


class Attempt(models.Model):
    """One call of the provider."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), default=timezone.now)
    outcome = models.CharField(_("outcome"), max_length=12)  # a class of sms.results, lower case
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


class Event(models.Model):
    """A report about a message; repeats are stored once."""

    class Source(models.TextChoices):
        SERVICE = "service", _("this service")
        CALLBACK = "callback", _("provider's callback")
        POLL = "poll", _("asked the provider")
        PERSON = "person", _("a person")

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events")
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    status = models.CharField(_("status"), max_length=30)  # our state or the provider's status
    error_code = models.CharField(_("error code"), max_length=20, blank=True)
    received_at = models.DateTimeField(_("received at"), default=timezone.now)

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


def _error(reason: str) -> str:
    return with_masked_numbers(reason)[:ERROR_LENGTH]
