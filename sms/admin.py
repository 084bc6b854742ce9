from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from sms.models import Message
from sms.numbers import masked

_MASKED = {"to": "masked_to", "from_number": "masked_from"}


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The log of texts. Whole numbers are for superusers: shown, searched and filtered by."""

    list_display = ("created_at", "to", "sender", "state", "provider", "error_code", "finished_at")
    list_filter = ("state", "provider", "created_at")
    list_select_related = ("sender",)
    search_fields = ("body", "provider_sid", "sender__email", "to")
    date_hierarchy = "created_at"
    show_full_result_count = False
    fields = (
        "id",
        "sender",
        "to",
        "from_number",
        "body",
        "provider",
        "provider_sid",
        "state",
        "error_code",
        "error_message",
        "created_at",
        "finished_at",
    )

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return _allowed(request, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Message | None = None) -> list[Any]:
        return _allowed(request, self.fields)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        names = super().get_search_fields(request)
        return [name for name in names if name not in _MASKED or _sees_numbers(request)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Without this, ?to__startswith= would tell the digits one by one."""
        if lookup.partition("__")[0] in _MASKED and not _sees_numbers(request):
            return False
        return super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("to"))
    def masked_to(self, row: Message) -> str:
        return masked(row.to)

    @admin.display(description=_("from"))
    def masked_from(self, row: Message) -> str:
        return masked(row.from_number)


def _sees_numbers(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _allowed(request: HttpRequest, names: Sequence[Any]) -> list[Any]:
    """The same columns, with the numbers masked for people who are not superusers."""
    return [name if _sees_numbers(request) else _MASKED.get(name, name) for name in names]
