from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from todos.models import List, Tag, Todo


@admin.register(List)
class ListAdmin(admin.ModelAdmin[List]):
    list_display = ("name", "owner", "is_inbox", "todo_count", "archived_at", "created_at")
    list_filter = ("is_inbox", ("archived_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    autocomplete_fields = ("owner",)
    readonly_fields = ("id", "is_inbox", "created_at", "updated_at", "version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[List]:
        return super().get_queryset(request).annotate(todo_count=Count("todos"))

    @admin.display(description=_("to-dos"), ordering="todo_count")
    def todo_count(self, row: List) -> int:
        count: int = row.todo_count  # type: ignore[attr-defined]  # annotated above
        return count


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin[Tag]):
    list_display = ("name", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email")
    autocomplete_fields = ("owner",)


@admin.register(Todo)
class TodoAdmin(admin.ModelAdmin[Todo]):
    list_display = (
        "title",
        "owner",
        "list",
        "status",
        "priority",
        "due_at",
        "due_on",
        "created_at",
    )
    list_filter = ("status", "priority", "created_at", "due_at")
    list_select_related = ("owner", "list")
    search_fields = ("title", "owner__email")
    date_hierarchy = "created_at"
    autocomplete_fields = ("owner", "list", "tags")
    readonly_fields = ("id", "created_by", "created_at", "updated_at", "finished_at", "version")
    show_full_result_count = False
