"""Keyset pagination: no row is skipped or repeated, whatever happens in between.

A page begins behind the key of the last row, so each costs the same wherever it lies.

DRF's CursorPagination compares the first ordering field only and counts an offset among equals;
this one compares the whole key, which always ends in the primary key.
"""

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from core.api.errors import InvalidCursor

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_SALT = "core.api.pagination"


def page_after(
    queryset: QuerySet[Any], ordering: Sequence[str], key: Sequence[Any], limit: int
) -> list[Any]:
    """Up to `limit` rows behind `key` (empty: from the start) in the order of non-null fields."""
    if key:
        queryset = queryset.filter(_behind(ordering, key))
    return list(queryset.order_by(*ordering)[:limit])


def _behind(ordering: Sequence[str], key: Sequence[Any]) -> Q:
    """(a, b) > (x, y) spelt out: a >= x and (a > x or (a = x and b > y)); the first part is
    what lets the database walk its index."""
    first, *rest = ordering
    name, beyond = first.removeprefix("-"), "lt" if first.startswith("-") else "gt"
    strictly = Q(**{f"{name}__{beyond}": key[0]})
    if not rest:
        return strictly
    at_least = Q(**{f"{name}__{beyond}e": key[0]})
    return at_least & (strictly | (Q(**{name: key[0]}) & _behind(rest, key[1:])))


def _reversed(ordering: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in ordering]


class KeysetPagination(BasePagination):
    """`?limit=50` (1-200), `?cursor=`; answers `next`, `previous`, `results`.

    The view names its order in `get_ordering()`: non-null fields or annotations, the key last.
    """

    def paginate_queryset(  # type: ignore[override]  # sequences have no key to walk
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.base_url = remove_query_param(request.build_absolute_uri(), "cursor")
        self.ordering: Sequence[str] = view.get_ordering()  # type: ignore[union-attr]
        limit = self._limit(request)
        backwards, key = self._read_cursor(request)
        ordering = _reversed(self.ordering) if backwards else self.ordering
        rows = page_after(queryset, ordering, key, limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        if backwards:
            rows.reverse()
        self.has_next = backwards or more
        self.has_previous = more if backwards else bool(key)
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self.rows[-1], "next") if self._shows("has_next") else None,
                "previous": (
                    self._link(self.rows[0], "previous") if self._shows("has_previous") else None
                ),
                "results": data,
            }
        )

    def _shows(self, side: str) -> bool:
        return bool(self.rows) and bool(getattr(self, side))

    def _link(self, row: Model, direction: str) -> str:
        key = [_plain(getattr(row, name.removeprefix("-"))) for name in self.ordering]
        cursor = signing.dumps([direction[0], list(self.ordering), key], salt=_SALT)
        return replace_query_param(self.base_url, "cursor", cursor)

    def _read_cursor(self, request: Request) -> tuple[bool, Sequence[Any]]:
        text = request.query_params.get("cursor")
        if text is None:
            return False, ()
        try:
            direction, ordering, key = signing.loads(text, salt=_SALT)
        except signing.BadSignature as error:
            raise InvalidCursor("Invalid cursor.") from error
        if ordering != list(self.ordering):
            raise InvalidCursor("This cursor belongs to another ordering.")
        return direction == "p", key

    def _limit(self, request: Request) -> int:
        text = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT:
            return int(text)
        problem = {"limit": [f"Choose a whole number from 1 to {MAX_LIMIT}."]}
        raise ValidationError(problem, code="invalid")

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": f"How many results a page holds; {DEFAULT_LIMIT} unless told.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where a page begins: taken from `next` or `previous`, opaque.",
                "schema": {"type": "string"},
            },
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, str)) else str(value)
