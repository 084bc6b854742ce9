"""Queries of to-dos; each starts from an owner or an account."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.feed import SyncedQuerySet, writing
from core.values import fold
from todos.models import subtasks
from todos.models.due import NEVER, day_bounds
from todos.models.planning import plan
from todos.models.tags import Tag, folded_names

if TYPE_CHECKING:
    from accounts.models import User

TRASH_KEPT = timedelta(days=30)


class Status(models.TextChoices):
    OPEN = "open", _("open")
    FINISHED = "finished", _("finished")


class Priority(models.IntegerChoices):
    NONE = 0, _("none")
    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")
    URGENT = 4, _("urgent")


class TodoQuerySet(SyncedQuerySet):
    def trash_of(self, user: "User") -> Self:
        return self.filter(owner=user, deleted_at__isnull=False)

    def expired(self, at: datetime) -> Self:
        """To-dos that have been in the trash for longer than TRASH_KEPT."""
        return self.filter(deleted_at__lte=at - TRASH_KEPT)

    def open(self) -> Self:
        return self.filter(status=Status.OPEN)

    def tagged(self, name: str) -> Self:
        return self.filter(tags__folded=fold(name))

    def mentioning(self, text: str) -> Self:
        """Every word of the text is in the title, the notes or a tag, compared folded."""
        found = self
        for word in fold(text).split():
            found = found.containing(word)
        return found

    def containing(self, text: str) -> Self:
        """The whole text is in the title and notes, or in the tags."""
        part = fold(text)
        return self.filter(Q(folded__contains=part) | Q(folded_tags__contains=part))

    def bulk_create(  # type: ignore[override]  # as in SyncedQuerySet
        self, objs: Iterable[Any], batch_size: int | None = None
    ) -> list[Any]:
        rows = list(objs)
        with writing(*{row.owner_id for row in rows}):
            made = super().bulk_create(rows, batch_size)
            reminded = [row for row in made if row.reminders]
            for owner in sorted({row.owner_id for row in reminded}):
                plan(owner, [row.pk for row in reminded if row.owner_id == owner])
        return made

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def fold_tags(self) -> int:
        """Update the search column of tags; call it after tags were set or renamed."""
        return self.update(folded_tags=folded_names(Tag))

    def overdue(self, at: datetime) -> Self:
        """Open and past its due; a day ends in the owner's time zone."""
        return self.open().filter(due_order__lt=at)

    def due_today(self, at: datetime, zone: ZoneInfo) -> Self:
        """Due on the person's today, past or not, without to-dos that start later."""
        begin, end = day_bounds(at, zone)
        return self.filter(due_order__gte=begin, due_order__lt=end).started(at, zone)

    def upcoming(self, at: datetime, zone: ZoneInfo) -> Self:
        """Due after the person's today."""
        return self.due_after(day_bounds(at, zone)[1])

    def without_due(self) -> Self:
        return self.filter(due_order=NEVER)

    def due_before(self, moment: datetime) -> Self:
        """Due before the moment; a day counts as its last moment in the person's time zone."""
        return self.filter(due_order__lt=moment)

    def due_after(self, moment: datetime) -> Self:
        """Due at the moment or later; a day counts as its last moment in the person's time zone."""
        return self.filter(due_order__gte=moment, due_order__lt=NEVER)

    def started(self, at: datetime, zone: ZoneInfo) -> Self:
        """Without to-dos that start after the person's today."""
        return self.exclude(start_on__gt=at.astimezone(zone).date())

    def waiting(self, at: datetime, zone: ZoneInfo) -> Self:
        """Only to-dos that start after the person's today."""
        return self.filter(start_on__gt=at.astimezone(zone).date())

    def delete(self) -> tuple[int, dict[str, int]]:
        """Also delete the subtasks that were trashed along with them."""
        with writing(*self.accounts()):
            rows: Any = subtasks.with_parts(self)
            return SyncedQuerySet.delete(rows)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]
