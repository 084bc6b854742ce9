from django.contrib import admin
from django.http import HttpRequest

from core.models import Counter


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a base for any model
    """Rows that the service writes and people only read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Counter)
class CounterAdmin(ReadOnlyAdmin):
    list_display = ("scope", "window_start", "used")
    list_filter = ("window_start",)
    search_fields = ("scope",)
    ordering = ("-window_start", "scope")
