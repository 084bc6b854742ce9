"""The to-do model."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.conditions import days_in_range, in_range, is_line, is_note
from core.errors import Refused
from core.feed import writing
from core.models import Versioned
from core.values import DayField, FoldedField, LineField, MomentField, NoteField, fold
from todos.models import subtasks
from todos.models.columns import FormerPositionField, PositionField, is_key
from todos.models.due import NEVER, OF_DUE, DueField, is_due
from todos.models.lists import List
from todos.models.planning import affected, plan
from todos.models.queries import Priority, Status, TodoQuerySet
from todos.models.recurrence import RecurrenceFrom, RuleField, follow
from todos.models.reminders import RemindersField
from todos.models.tags import Tag

if TYPE_CHECKING:
    from uuid import UUID

    from accounts.models import User


TITLE_LENGTH = 128
NOTES_LENGTH = 10_000


class Todo(Versioned):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="todos",
        verbose_name=_("owner"),
    )
    # RESTRICT: deleting a list never deletes its to-dos, except together with their owner.
    list = models.ForeignKey(
        List, on_delete=models.RESTRICT, related_name="todos", verbose_name=_("list")
    )
    # No constraint, because a release without the column may delete parents.
    parent = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("below"),
    )
    # The to-do or list that was finished or trashed and took this one along.
    finished_with = models.UUIDField(null=True, editable=False)
    trashed_with = models.UUIDField(null=True, editable=False)
    # No foreign key, because deleting an account would change other rows without a new version.
    created_by = models.UUIDField(
        _("created by"), db_column="created_by_id", null=True, editable=False
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
    due = DueField(_("due"))
    due_at = MomentField(_("due at"), null=True, editable=False)
    due_on = DayField(null=True, editable=False)  # for the former release; the next one drops it
    due_order = models.DateTimeField(_("due"), default=NEVER, editable=False)
    start_on = DayField(_("not before"), null=True, blank=True)
    recurrence = RuleField(_("comes again"))
    recurrence_from = models.CharField(
        _("counted from"),
        max_length=10,
        choices=RecurrenceFrom.choices,
        default=RecurrenceFrom.DUE,
        db_default=RecurrenceFrom.DUE,
    )
    reminders = RemindersField(verbose_name=_("reminders"), editable=False)
    # The version at its creation by a recurrence; as long as it is equal, nobody has changed it.
    made_in = models.PositiveBigIntegerField(null=True, editable=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="todos", verbose_name=_("tags"))
    position = PositionField()
    former_position = FormerPositionField()
    finished_at = MomentField(_("finished at"), null=True, blank=True, editable=False)
    deleted_at = MomentField(_("in the trash since"), null=True, editable=False)
    status_at = MomentField(null=True, editable=False)  # when it was last finished or reopened

    feed_kind, derived = (
        "todo",
        frozenset(
            {*OF_DUE, "finished_with", "former_position", "made_in", "status_at", "trashed_with"}
        ),
    )
    outside_trash = Q(deleted_at=None)
    has_reached_others = False  # whether a change of this object has also changed other to-dos
    objects = TodoQuerySet.as_manager()

    class Meta:
        verbose_name = _("to-do")
        verbose_name_plural = _("to-dos")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(condition=is_key("position"), name="todos_todo_position_key"),
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
            ),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("id")), name="todos_todo_not_below_itself"
            ),
            models.CheckConstraint(condition=is_due("due"), name="todos_todo_due_form"),
            models.CheckConstraint(
                condition=days_in_range("start_on"), name="todos_todo_start_on_range"
            ),
            models.CheckConstraint(
                condition=Q(recurrence_from__in=RecurrenceFrom.values),
                name="todos_todo_recurrence_from",
            ),
            models.CheckConstraint(
                condition=Q(priority__lte=Priority.URGENT), name="todos_todo_priority_range"
            ),
        )
        indexes = (
            models.Index(fields=("owner", "position", "id"), name="todos_todo_by_place"),
            models.Index(
                fields=("owner", "status", "position", "id"), name="todos_todo_by_status_place"
            ),
            models.Index(fields=("list", "position", "id"), name="todos_todo_by_list_place"),
            models.Index(
                fields=("parent", "position", "id"),
                condition=Q(parent__isnull=False),
                name="todos_todo_by_parent_place",
            ),
            models.Index(fields=("owner", "due_order", "id"), name="todos_todo_by_due"),
            models.Index(fields=("owner", "priority", "id"), name="todos_todo_by_priority"),
            models.Index(fields=("owner", "created_at", "id"), name="todos_todo_by_created"),
            models.Index(fields=("owner", "updated_at", "id"), name="todos_todo_by_updated"),
            models.Index(
                fields=("owner", "start_on"),
                condition=Q(start_on__isnull=False),
                name="todos_todo_start",
            ),
            models.Index(
                fields=("owner", "deleted_at", "id"),
                condition=Q(deleted_at__isnull=False),
                name="todos_todo_trash",
            ),
        )

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Check the owners of list and parent, because constraints cannot read other tables."""
        chosen: List | None = getattr(self, "list", None)  # missing in a form with errors
        if chosen and self.owner_id not in (None, chosen.owner_id):
            raise ValidationError({"list": _("Choose a list of the same owner.")})
        if self.parent and self.owner_id is not None:
            try:
                subtasks.check(self, self.parent)
            except Refused as refusal:
                raise ValidationError({"parent": str(refusal)}) from refusal

    def save(self, **options: Any) -> None:
        """Also handle the parent and the reminders of a new to-do."""
        if not (self._state.adding and (self.parent_id or self.reminders)):
            super().save(**options)
            return
        with writing(self.owner_id), subtasks.joining(self):
            super().save(**options)
            if self.reminders:
                plan(self.owner_id, [self.pk])

    def delete(
        self,
        using: str | None = None,
        keep_parents: bool = False,  # noqa: FBT001, FBT002
    ) -> tuple[int, dict[str, int]]:
        """Delete permanently, with the subtasks that were trashed along with it."""
        with writing(self.owner_id, savepoint=True):
            return Todo.objects.of(self.owner_id).filter(pk=self.pk).delete()

    def purge(self) -> None:
        """As `delete`, with fewer statements for a to-do without subtasks."""
        if subtasks.levels_below(self)[0].exists():
            Todo.objects.of(self.owner_id).filter(pk=self.pk).delete()
        else:
            super().purge()

    @classmethod
    @contextmanager
    def dying(cls, account_id: "UUID", rows: "models.QuerySet[Any]") -> Iterator[None]:
        subtasks.release(account_id, rows)
        with super().dying(account_id, rows):
            yield

    @property
    def is_finished(self) -> bool:
        return self.status == Status.FINISHED

    def is_overdue(self, at: datetime) -> bool:
        """As `overdue` of the queryset, for one row."""
        return not self.is_finished and self.due_order < at

    def change(
        self, *, at: datetime | None = None, tags: Collection[str] | None = None, **columns: Any
    ) -> bool:
        """As `Synced.change`; `tags` has names, `at` is when it was finished or reopened."""
        if columns.get("status", self.status) != self.status:
            finished = columns["status"] == Status.FINISHED
            self.status_at = at or timezone.now()
            columns["finished_at"] = self.status_at if finished else None
        differing = self.set(**columns)
        if tags is not None and self.set_tags(tags):
            differing.append("tags")
        if differing:
            self.save_changes(*differing)
        return bool(differing)

    def save_changes(self, *members: str) -> None:
        if subtasks.SHARED.isdisjoint(members):
            super().save_changes(*members)
            return
        with subtasks.taking_along(self, members) as names:
            super().save_changes(*names)
            if "status" in names:
                follow(self)

    def set_tags(self, names: Collection[str]) -> bool:
        """Set exactly these tags; returns whether they differ. The caller saves the to-do."""
        before = {tag.pk for tag in self.tags.all()}
        wanted = Tag.objects.named(self.owner, names)
        kept = {tag.pk for tag in wanted}
        if kept == before:
            return False
        if gone := before - kept:
            Todo.tags.through.objects.filter(todo=self, tag__in=gone).delete()
        self._link(kept - before)
        self._shows(wanted)
        self._hold(wanted)
        return True

    def insert(self, names: Collection[str]) -> None:
        """Insert a new to-do with these tags."""
        tags = Tag.objects.named(self.owner, names)
        self._shows(tags)
        self.save()
        self._link({tag.pk for tag in tags})
        self._hold(tags)

    @classmethod
    def insert_all(
        cls, owner: "User", rows: "Sequence[Todo]", names: Sequence[Collection[str]]
    ) -> None:
        """Insert new to-dos with their tags. Call it in `writing()`, with their positions set."""
        every = sorted({name for each in names for name in each})
        tags = {fold(tag.name): tag for tag in Tag.objects.named(owner, every)}
        links = cls.tags.through
        made = []
        for row, its in zip(rows, names, strict=True):
            shown = {tag.pk: tag for tag in (tags[fold(name)] for name in its)}
            row._shows(shown.values())  # noqa: SLF001 - of its own
            made += [links(todo_id=row.pk, tag_id=key) for key in sorted(shown)]
        cls.objects.bulk_create(rows)
        links.objects.bulk_create(made)

    def _link(self, keys: Collection[int]) -> None:
        links = Todo.tags.through.objects
        links.bulk_create(links.model(todo=self, tag_id=key) for key in sorted(keys))

    def _hold(self, tags: Collection[Tag]) -> None:
        """Keep the tags as prefetch_related does, because an answer shows them."""
        known = self.tags.all()
        known._result_cache = [*tags]  # noqa: SLF001 - no public way
        self.__dict__.setdefault("_prefetched_objects_cache", {})["tags"] = known

    def _shows(self, tags: Collection[Tag]) -> None:
        """Set the search column of tags, and drop the prefetched tags."""
        self.__dict__.get("_prefetched_objects_cache", {}).pop("tags", None)
        self.folded_tags = "\n".join(tag.folded or fold(tag.name) for tag in tags)

    def finish(self, at: datetime | None = None) -> None:
        """Mark as finished. A repeat changes nothing: the first time and the version stay."""
        self._change_now(status=Status.FINISHED, at=at)

    def reopen(self) -> None:
        """Mark as open. A repeat changes nothing."""
        self._change_now(status=Status.OPEN)

    def rename(self, title: str) -> None:
        self._change_now(title=title)

    def trash(self) -> None:
        """Move to the trash. A repeat changes nothing: the first time stays."""
        with writing(self.owner_id):
            self.refresh_from_db()
            self.change(deleted_at=self.deleted_at or timezone.now())

    def restore(self) -> None:
        """Move from the trash to its former place."""
        self._change_now(deleted_at=None)

    @classmethod
    @contextmanager
    def rippling(
        cls,
        account_id: "UUID",
        rows: models.QuerySet[Any],
        members: Collection[str],
        *,
        dying: bool = False,
    ) -> Iterator[None]:
        """Plan the reminders again after a change of due or status."""
        keys = [] if dying else affected(rows, members)
        yield
        plan(account_id, keys)

    def rippling_from(
        self, members: Collection[str], *, dying: bool = False
    ) -> AbstractContextManager[None]:
        """Skip the queries if the to-do has no reminders."""
        concerns = (self.reminders or "reminders" in members) and not dying
        return super().rippling_from(members) if concerns else nullcontext()

    def _change_now(self, **changes: Any) -> None:
        """Change the current row, which may differ from the row that was read."""
        with writing(self.owner_id):
            self.refresh_from_db()
            self.change(**changes)

    def _columns(self, members: Sequence[str]) -> Sequence[str]:
        """Write computed columns only with the due: this object may be older than the time zone."""
        kept = frozenset() if "due" in members else OF_DUE
        members = [*members, "folded_tags"] if "tags" in members else members
        return [name for name in super()._columns(members) if name not in kept]
