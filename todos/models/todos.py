"""The to-do and its queries."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.columns import DayField, FoldedField, LineField, MomentField, NoteField
from core.conditions import days_in_range, in_range, is_line, is_note
from core.models import Versioned, bump_version
from core.text import fold, line
from todos.models.columns import PositionField
from todos.models.lists import List
from todos.models.tags import Tag, folded_names

if TYPE_CHECKING:
    from accounts.models import User

TITLE_LENGTH = 128
NOTES_LENGTH = 10_000
NEVER = datetime(9999, 12, 31, tzinfo=UTC)  # due_order of a to-do that is never due


class Status(models.TextChoices):
    OPEN = "open", _("open")
    FINISHED = "finished", _("finished")


class Priority(models.IntegerChoices):
    NONE = 0, _("none")
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    URGENT = 4, _("urgent")


class TodoQuerySet(models.QuerySet["Todo"]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(owner=user)

    def open(self) -> Self:
        return self.filter(status=Status.OPEN)

    def tagged(self, name: str) -> Self:
        return self.filter(tags__folded=fold(name))

    def mentioning(self, text: str) -> Self:
        """Every word of the text stands in the title, the notes or a tag, however spelt."""
        query = Q()
        for word in fold(text).split():
            query &= Q(folded__contains=word) | Q(folded_tags__contains=word)
        return self.filter(query)

    def fold_tags(self) -> int:
        """Renew what `mentioning` finds of the tags; call it after tags were set or renamed."""
        return self.update(folded_tags=folded_names(Tag))

    def overdue(self, at: datetime, zone: ZoneInfo) -> Self:
        """Open and past its moment, or past its day in this time zone."""
        today = at.astimezone(zone).date()
        return self.open().filter(Q(due_at__lt=at) | Q(due_on__lt=today))

    def due_today(self, at: datetime, zone: ZoneInfo) -> Self:
        """Due within the person's own day, passed or not."""
        begin, end = day_bounds(at, zone)
        return self.filter(
            Q(due_at__gte=begin, due_at__lt=end) | Q(due_on=at.astimezone(zone).date())
        )

    def upcoming(self, at: datetime, zone: ZoneInfo) -> Self:
        """Due after the person's today."""
        _begin, end = day_bounds(at, zone)
        return self.filter(Q(due_at__gte=end) | Q(due_on__gt=at.astimezone(zone).date()))

    def without_due(self) -> Self:
        return self.filter(due_at=None, due_on=None)

    def due_before(self, moment: datetime, zone: ZoneInfo) -> Self:
        """Due before the moment; a day counts from its first minute in this time zone."""
        day = moment.astimezone(zone).date()
        starts_before = Q(due_on__lt=day)
        if moment > datetime.combine(day, time.min, zone):
            starts_before |= Q(due_on=day)
        return self.filter(Q(due_at__lt=moment) | starts_before)

    def due_after(self, moment: datetime, zone: ZoneInfo) -> Self:
        """Due at the moment or later; a day counts from its first minute in this time zone."""
        day = moment.astimezone(zone).date()
        starts_later = Q(due_on__gt=day)
        if moment <= datetime.combine(day, time.min, zone):
            starts_later |= Q(due_on=day)
        return self.filter(Q(due_at__gte=moment) | starts_later)


def day_bounds(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of the person's day and of the next; 23 or 25 hours apart across DST."""
    today = at.astimezone(zone).date()
    begin = datetime.combine(today, time.min, zone)
    end = datetime.combine(today + timedelta(days=1), time.min, zone)
    return begin, end


def due_order(due_at: datetime | None, due_on: date | None) -> datetime:
    """One column to sort both kinds of due by, never null: a day stands at its first minute."""
    if due_at:
        return due_at
    return datetime.combine(due_on, time.min, UTC) if due_on else NEVER


class Todo(Versioned):
    """Something to be done by its owner, open or finished."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="todos",
        verbose_name=_("owner"),
    )
    # RESTRICT: a list never takes its to-dos with it, unless both go with their owner.
    list = models.ForeignKey(
        List, on_delete=models.RESTRICT, related_name="todos", verbose_name=_("list")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    title = LineField(_("title"), max_length=TITLE_LENGTH)
    notes = NoteField(_("notes"), max_length=NOTES_LENGTH, blank=True)
    folded = FoldedField(of=("title", "notes"), db_default="")
    folded_tags = FoldedField(default="", db_default="")
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.OPEN
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        choices=Priority.choices,
        default=Priority.NONE,
        validators=[MaxValueValidator(Priority.URGENT)],
    )
    due_at = MomentField(_("due at"), null=True, blank=True)
    due_on = DayField(_("due on"), null=True, blank=True)
    due_order = models.DateTimeField(default=NEVER, editable=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="todos", verbose_name=_("tags"))
    position = PositionField()
    finished_at = MomentField(_("finished at"), null=True, blank=True, editable=False)

    objects = TodoQuerySet.as_manager()

    class Meta:
        verbose_name = _("to-do")
        verbose_name_plural = _("to-dos")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(
                condition=is_line("title", TITLE_LENGTH), name="todos_todo_title_line"
            ),
            models.CheckConstraint(
                condition=is_note("notes", NOTES_LENGTH), name="todos_todo_notes_note"
            ),
            models.CheckConstraint(condition=in_range("due_at"), name="todos_todo_due_at_range"),
            models.CheckConstraint(
                condition=days_in_range("due_on"), name="todos_todo_due_on_range"
            ),
            models.CheckConstraint(
                condition=in_range("finished_at"), name="todos_todo_finished_at_range"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.OPEN, finished_at=None)
                | Q(status=Status.FINISHED, finished_at__isnull=False),
                name="todos_todo_finished_at_with_status",
            ),
            models.CheckConstraint(
                condition=Q(due_at=None) | Q(due_on=None),
                name="todos_todo_one_due",
                violation_error_message=_("Due at a moment or on a day: leave one of them empty."),
            ),
            models.CheckConstraint(
                condition=Q(priority__lte=Priority.URGENT), name="todos_todo_priority_range"
            ),
        )
        indexes = (
            models.Index(fields=("owner", "position", "id"), name="todos_todo_order"),
            models.Index(fields=("owner", "status", "position", "id"), name="todos_todo_by_status"),
            models.Index(fields=("list", "position", "id"), name="todos_todo_by_list"),
            models.Index(fields=("owner", "due_order", "id"), name="todos_todo_by_due"),
            models.Index(fields=("owner", "due_at"), name="todos_todo_due_at"),
            models.Index(fields=("owner", "due_on"), name="todos_todo_due_on"),
        )

    def __str__(self) -> str:
        return self.title

    def save(
        self,
        *,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        self.due_order = due_order(self.due_at, self.due_on)
        if update_fields is not None:
            update_fields = {*update_fields, "due_order"}
        super().save(
            force_insert=force_insert,
            force_update=force_update,
            using=using,
            update_fields=update_fields,
        )

    def clean(self) -> None:
        """No constraint can look into another table, so every form asks here."""
        chosen: List | None = getattr(self, "list", None)  # none yet in a form with mistakes
        if chosen and self.owner_id not in (None, chosen.owner_id):
            raise ValidationError({"list": _("Choose a list of the same owner.")})

    @property
    def is_finished(self) -> bool:
        return self.status == Status.FINISHED

    def is_overdue(self, at: datetime, zone: ZoneInfo) -> bool:
        """What `overdue` of the query says, for one row at hand."""
        if self.status != Status.OPEN:
            return False
        if self.due_on:
            return self.due_on < at.astimezone(zone).date()
        return self.due_at is not None and self.due_at < at

    def finish(self) -> None:
        """Mark as done. Doing it again changes nothing: the first moment and the version stay."""
        self._switch(Status.OPEN, Status.FINISHED, timezone.now())

    def reopen(self) -> None:
        """Mark as not done. Doing it again changes nothing."""
        self._switch(Status.FINISHED, Status.OPEN, None)

    def _switch(self, before: Status, after: Status, finished_at: datetime | None) -> None:
        """One conditional UPDATE, so that of two at once only one counts."""
        changes: dict[str, Any] = bump_version(status=after, finished_at=finished_at)
        Todo.objects.filter(pk=self.pk, status=before).update(**changes)
        self.refresh_from_db(fields=["status", "finished_at", "version", "updated_at"])

    def rename(self, title: str) -> None:
        """Give another title; the same one changes nothing. The caller holds the row's lock."""
        before, self.title = self.title, line(title)
        if self.title != before:
            self.save_changes("title")
