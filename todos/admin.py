"""The admin of lists, to-dos and tags. It changes them with the same functions as the API."""

import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Count, F, QuerySet
from django.db.models.query import ModelIterable
from django.forms import ModelForm
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.sessions import signed_in_user
from core.admin import PrivateAdmin, ReadOnlyAdmin, reads_titles
from core.feed import stamp, writing
from core.selection import is_too_large
from core.values import FoldedField, isolated
from todos import ordering, service
from todos.forms import TodoAdminForm
from todos.models import List, Notice, SavedFilter, Tag, Todo

MOST_CHANGED = 1_500  # to-dos per action: each is an UPDATE, and API Gateway waits for 29 s
MOST_SECONDS = 15  # per action, without the history and the commit; the page says if some are left
MOST_MERGED = 100
FACTS = ("id", "position", "version", "created_at", "updated_at")


class OwnedAdmin(PrivateAdmin):
    """Rows with a fixed owner. Shows the columns that the service sets as read-only.

    `fields` and `facts` define the order. Columns that neither they nor `hidden` name are also
    shown.
    """

    list_select_related: ClassVar[tuple[str, ...]] = ("owner",)
    autocomplete_fields: ClassVar[tuple[str, ...]] = ("owner",)
    facts: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[tuple[str, ...]] = ("changed_in", "former_position")
    private: ClassVar[frozenset[str]] = frozenset({"name", "folded"})  # text of the owner

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        facts = self.get_readonly_fields(request, obj) if obj else ()
        asked = (*(self.fields or ()), *self._others(editable=True))
        whole = (*asked, *(name for name in facts if name not in asked))
        return self.readable(request, whole)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.facts, *self._others(editable=False))

    def _others(self, *, editable: bool) -> list[str]:
        named = (*(self.fields or ()), *self.facts, *self.hidden)
        columns = self.opts.get_fields()
        return [
            column.name
            for column in columns
            if not (column.auto_created or isinstance(column, FoldedField))
            and column.editable is editable
            and column.name not in named
        ]

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """Disable the owner instead of a read-only field: uniqueness is checked for form fields
        only.
        """
        form = super().get_form(request, obj, change, **kwargs)
        if "owner" in form.base_fields:
            form.base_fields["owner"].disabled = change
        return form

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self.readable(request, super().get_list_display(request), instead="id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if not reads_titles(request):
            rows._iterable_class = _Untitled  # noqa: SLF001 - as values() does
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and reads_titles(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Requires permission to read titles, because the confirmation lists them."""
        return super().has_delete_permission(request, obj) and reads_titles(request)


def _change(row: Any, **changes: Any) -> None:
    """Change the current row, which may differ from the row that the form validated."""
    with writing(row.account_id):
        get_object_or_404(type(row), pk=row.pk).change(**changes)


@admin.register(List)
class ListAdmin(OwnedAdmin):
    list_display = ("name", "owner", "is_inbox", "todo_count", "archived_at", "created_at")
    list_filter = ("is_inbox", ("archived_at", admin.EmptyFieldListFilter), "created_at")
    most_deleted = 200  # one by one: the to-dos of each move to an inbox
    search_fields = ("folded", "owner__email")
    fields = ("owner", "name", "color", "archived_at")
    facts = ("is_inbox", *FACTS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(todo_count=Count("todos"))
        return rows

    @admin.display(description=_("to-dos"), ordering="todo_count")
    def todo_count(self, row: Any) -> int:
        count: int = row.todo_count
        return count

    def get_readonly_fields(self, request: HttpRequest, obj: List | None = None) -> Any:
        own = ("archived_at",) if obj and obj.is_inbox else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_inbox)

    def save_model(
        self,
        request: HttpRequest,
        obj: List,
        form: ModelForm[List],
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        if not change:
            obj.position = ordering.after_last(List.objects.of(obj.owner_id))
            obj.save()
        elif form.changed_data:
            _change(obj, **{name: form.cleaned_data[name] for name in form.changed_data})

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """List only the lists themselves, because their to-dos move to the inbox, and obstacles."""
        inboxes = [row for row in objs if row.is_inbox]
        strays = Todo.objects.filter(list__in=[row.pk for row in objs])
        strays = strays.exclude(owner=F("list__owner"))  # these have no inbox to move to
        going = [_leaving(row) for row in objs]
        return going, {}, set(), [str(row) for row in (*inboxes, *strays)]

    def delete_model(self, request: HttpRequest, obj: List) -> None:
        self.delete_queryset(request, List.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[List]) -> None:
        keys = [row.pk for row in queryset]
        rows = List.objects.select_related("owner").filter(pk__in=keys)
        trashes = request.POST.get("todos") == "trash"
        with writing(*rows.accounts()):
            for todo_list in rows:
                service.remove_list(actor=todo_list.owner, todo_list=todo_list, trashes=trashes)


def _leaving(row: Any) -> str:
    text = ngettext(
        "%(name)s; its %(count)d to-do moves to the inbox",
        "%(name)s; its %(count)d to-dos move to the inbox",
        row.todo_count,
    )
    return text % {"name": row.name, "count": row.todo_count}


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ("name", "owner")
    search_fields = ("folded", "owner__email")
    fields = ("owner", "name", "color")
    actions = ("merge",)

    @admin.action(description=_("Merge selected tags into the most used"), permissions=["delete"])
    def merge(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Merge into the most used tag, and among these into the oldest."""
        if is_too_large(request, self, queryset, MOST_MERGED):
            return
        keys = list(queryset.values_list("pk", flat=True))
        tags = Tag.objects.select_related("owner").filter(pk__in=keys)
        with writing(*tags.accounts()):
            kept, *others = tags.annotate(used=Count("todos")).order_by("-used", "pk")
            if {tag.owner_id for tag in others} - {kept.owner_id}:
                text = _("These tags belong to several people.")
                self.message_user(request, text, messages.ERROR)
                return
            for tag in others:
                service.merge_tags(tag, kept)
        self.log_change(request, kept, _("Others were merged into it."))
        self.message_user(request, _("Merged into “%(tag)s”.") % {"tag": isolated(kept.name)})


@admin.register(SavedFilter)
class SavedFilterAdmin(OwnedAdmin):
    list_display = ("name", "owner", "created_at")
    search_fields = ("name", "owner__email")
    fields = ("owner", "name", "query", "color")
    facts = FACTS
    private = frozenset({"name", "query"})

    def save_model(
        self,
        request: HttpRequest,
        obj: SavedFilter,
        form: ModelForm[SavedFilter],
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        if not change:
            obj.position = ordering.after_last(SavedFilter.objects.of(obj.owner_id))
        obj.save()


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Sent reminders and their results, without their texts."""

    list_display = ("owner", "channel", "state", "reason", "created_at")
    list_filter = ("channel", "state", "created_at")
    list_select_related = ("owner",)
    search_fields = ("owner__email",)


@admin.register(Todo)
class TodoAdmin(OwnedAdmin):
    form = TodoAdminForm
    list_display = (
        "title",
        "owner",
        "list",
        "status",
        "priority",
        "due_words",
        "start_on",
        "created_at",
    )
    list_filter = (
        "status",
        "priority",
        ("deleted_at", admin.EmptyFieldListFilter),
        "created_at",
        "due_order",
        "start_on",
    )
    list_select_related = ("owner", "list")
    search_fields = ("folded", "folded_tags", "owner__email")
    date_hierarchy = "created_at"
    autocomplete_fields = ("owner", "list", "parent", "tags")
    fields = (
        "owner",
        "list",
        "parent",
        "title",
        "notes",
        "priority",
        "start_on",
        "due",
        "recurrence",
        "recurrence_from",
        "tags",
    )
    facts = ("due_at", "status", "finished_at", "deleted_at", "created_by", *FACTS)
    hidden = (
        *OwnedAdmin.hidden,
        "due_on",
        "due_order",
        "finished_with",
        "made_in",
        "status_at",
        "trashed_with",
    )
    actions = ("finish", "reopen", "move_to_trash", "restore")
    show_full_result_count = False
    private = frozenset({"title", "notes", "folded", "folded_tags", "list", "parent", "tags"})

    @admin.display(description=_("due"), ordering="due_order")
    def due_words(self, todo: Todo) -> str:
        """In the owner's time zone, if the due has none."""
        return str(todo.due or "").replace("T", " ", 1).replace("[", " ").removesuffix("]")

    @admin.action(description=_("Finish selected to-dos"), permissions=["change"])
    def finish(self, request: HttpRequest, queryset: QuerySet[Todo]) -> None:
        self._each(request, queryset, Todo.finish, _("status"))

    @admin.action(description=_("Reopen selected to-dos"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Todo]) -> None:
        self._each(request, queryset, Todo.reopen, _("status"))

    @admin.action(description=_("Move selected to-dos to the trash"), permissions=["change"])
    def move_to_trash(self, request: HttpRequest, queryset: QuerySet[Todo]) -> None:
        self._each(request, queryset, Todo.trash, _("in the trash since"))

    @admin.action(description=_("Restore selected to-dos"), permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Todo]) -> None:
        self._each(request, queryset, Todo.restore, _("in the trash since"))

    def _each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Todo],
        change: Callable[[Todo], None],
        member: Any,
    ) -> None:
        """Change only the rows that differ; only these enter the history and the count."""
        if is_too_large(request, self, queryset, MOST_CHANGED):
            return
        # One commit, and one INSERT of the history.
        with writing(*Todo.objects.filter(pk__in=queryset).accounts()):
            changed, left = _changed_in_time(queryset.order_by("pk"), change)
            if not reads_titles(request):
                changed = [_unnamed(todo) for todo in changed]
            if changed:
                fact = [{"changed": {"fields": [str(member)]}}]
                who = signed_in_user(request).pk
                LogEntry.objects.log_actions(who, changed, CHANGE, change_message=fact)
        count = len(changed)
        text = ngettext("%(count)d to-do changed.", "%(count)d to-dos changed.", count)
        self.message_user(request, text % {"count": count})
        if left:
            rest = _("There was no time for all of them: do it again for the rest.")
            self.message_user(request, rest, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Save the tags of a new row after the row; those of an old row are saved with it."""
        super().save_related(request, form, formsets, change)
        if not change and form.cleaned_data["tags"]:
            rows = Todo.objects.filter(pk=form.instance.pk)
            with writing(form.instance.owner_id):
                rows.fold_tags()
                stamp(form.instance.owner_id, rows, "tags")

    def save_model(
        self,
        request: HttpRequest,
        obj: Todo,
        form: ModelForm[Todo],
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        if not change:
            obj.created_by = signed_in_user(request).pk
            obj.position = ordering.before_first(Todo.objects.of(obj.owner_id))
            obj.save()
        elif form.changed_data:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            if "tags" in changes:
                changes["tags"] = [tag.name for tag in changes["tags"]]
            _change(obj, **changes)


def _changed_in_time(
    rows: QuerySet[Todo], change: Callable[[Todo], None]
) -> tuple[list[Todo], bool]:
    """The changed to-dos, and whether some are left because time ran out."""
    changed: list[Todo] = []
    begun = time.monotonic()
    for todo in rows:
        if time.monotonic() - begun > MOST_SECONDS:
            return changed, True
        version = todo.version
        change(todo)
        if todo.version != version:
            changed.append(todo)
    return changed, False


class _Untitled(ModelIterable):  # type: ignore[type-arg]
    """Rows whose names are replaced by their ids, on pages and in the history. Do not save them."""

    def __iter__(self) -> Iterator[Any]:
        return map(_unnamed, super().__iter__())


def _unnamed(row: Any) -> Any:
    setattr(row, "title" if isinstance(row, Todo) else "name", str(row.pk))
    return row
