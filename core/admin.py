from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from core.ids import found_in
from core.models import Counter, FeedCounter, FeedEntry, IdempotencyKey
from core.values import FoldedField, composed, fold, isolated


class Isolated:
    """A row whose name is isolated, so that its writing direction does not affect a sentence."""

    def __init__(self, row: models.Model) -> None:
        self.pk = row.pk
        self.name = isolated(str(row))

    def __str__(self) -> str:
        return self.name


class SearchableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a base for any model
    """Finds text in any spelling, and rows by any UUID of their columns, such as one from a log.

    static/css/admin.css isolates the writing direction of users' text. This class does the same for
    names in sentences, which have no element of their own.
    """

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        pasted = found_in(search_term)
        term = str(pasted) if pasted else composed(search_term)
        found, may_repeat = super().get_search_results(request, queryset, term)
        if any(isinstance(column, FoldedField) for column in self._searched(request)):
            folded, _same = super().get_search_results(request, queryset, fold(term))
            found |= folded
        if pasted:
            found |= queryset.filter(self._has_id(pasted))
        return found, may_repeat

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        return super().render_delete_form(
            request, {**context, "object": Isolated(context["object"])}
        )

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        return super().response_delete(request, isolated(obj_display), obj_id)

    def _searched(self, request: HttpRequest) -> list[Any]:
        names = {*self.get_search_fields(request)}
        return [column for column in self.opts.concrete_fields if column.name in names]

    def _has_id(self, key: UUID) -> Q:
        query = Q()
        columns: tuple[Any, ...] = self.opts.concrete_fields
        for column in columns:
            target = column.target_field if column.is_relation else column
            if isinstance(target, models.UUIDField):
                query |= Q(**{column.attname: key})
        return query


def reads_titles(request: HttpRequest) -> bool:
    """Whether this member of staff may read what users write."""
    reads: bool = settings.ADMIN_SHOWS_TITLES or getattr(request.user, "is_superuser", False)
    return reads


class PrivateAdmin(SearchableAdmin):
    """Hides `private` columns, also in search and filters, from staff who may not read titles."""

    private: ClassVar[frozenset[str]] = frozenset()

    def get_search_fields(self, request: HttpRequest) -> list[Any]:
        return self.readable(request, super().get_search_fields(request))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Without this, ?title__startswith= would disclose a title letter by letter."""
        if lookup.partition("__")[0] in self.private and not reads_titles(request):
            return False
        return super().lookup_allowed(lookup, value, request)

    def readable(
        self, request: HttpRequest, names: Sequence[Any], *, instead: str = ""
    ) -> list[Any]:
        if reads_titles(request):
            return list(names)
        left = [name for name in names if name not in self.private]
        return [instead, *left] if instead else left


class NamedValuesFilter(admin.AllValuesFieldListFilter):
    """Django shows no text for an empty value; this filter shows "none"."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or _("none")}


class ReadOnlyAdmin(PrivateAdmin):
    """Rows that only the service writes."""

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
    """Hides the stored responses, because they are personal data."""

    exclude = ("headers", "body")
    list_display = ("endpoint", "scope", "key", "status", "claimed_at")
    list_filter = ("status", "claimed_at")
    search_fields = ("scope", "endpoint", "key")
    ordering = ("-claimed_at",)


@admin.register(FeedCounter)
class FeedCounterAdmin(ReadOnlyAdmin):
    list_display = ("account", "seq", "epoch")
    list_select_related = ("account",)
    search_fields = ("account__email",)
    ordering = ("-seq",)


@admin.register(FeedEntry)
class FeedEntryAdmin(ReadOnlyAdmin):
    """The entries that devices sync, the latest change first."""

    list_display = ("account", "kind", "object_id", "version", "deleted", "seq", "changed_at")
    list_filter = ("kind", "deleted", "changed_at")
    list_select_related = ("account",)
    search_fields = ("account__email", "object_id")
    ordering = ("account", "-seq")
    show_full_result_count = False
