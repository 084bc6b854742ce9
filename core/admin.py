from django.contrib import admin
from django.http import HttpRequest

from core.models import Counter, IdempotencyKey


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


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Who repeated what, and when; the answers themselves are personal."""

    exclude = ("headers", "body")
    list_display = ("endpoint", "scope", "key", "status", "claimed_at")
    list_filter = ("status", "claimed_at")
    search_fields = ("scope", "endpoint", "key")
    ordering = ("-claimed_at",)
