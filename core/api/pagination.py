"""Keyset pagination: concurrent changes make no page skip or repeat a row.

A page begins after the key of the last row, so all pages cost the same. It ends after `limit` rows
or about a megabyte: Lambda responses hold six megabytes, and 200 to-dos with full notes take eight.

DRF's CursorPagination compares the first ordering field only and counts an offset among equals;
this one compares the whole key, which always ends in the primary key.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from core.api.errors import InvalidCursor

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_BYTES = 1_000_000  # of all rows of a page
_SALT = "core.api.pagination"


def page_after(
    queryset: QuerySet[Any], ordering: Sequence[str], key: Sequence[Any], limit: int
) -> list[Any]:
    """Up to `limit` rows behind `key` (empty: from the start) in the order of non-null fields."""
    if key:
        queryset = queryset.filter(_behind(ordering, key))
    return list(queryset.order_by(*ordering)[:limit])


def count_fitting(rows: Iterable[Any]) -> int:
    """How many of these rows fit on one page; the first row always does."""
    count, size, render = 0, 0, JSONRenderer().render
    for row in rows:
        size += len(render(row)) + 1  # and a comma
        if size > MAX_BYTES and count:
            break
        count += 1
    return count


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
        self.backwards, key = self._read_cursor(request)
        ordering = _reversed(self.ordering) if self.backwards else self.ordering
        rows = page_after(queryset, ordering, key, limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        if self.backwards:
            rows.reverse()
        self.has_next = self.backwards or more
        self.has_previous = more if self.backwards else bool(key)
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        data = self._fitting(data)
        return Response(
            {
                "next": self._link(self.rows[-1], "next") if self._shows("has_next") else None,
                "previous": (
                    self._link(self.rows[0], "previous") if self._shows("has_previous") else None
                ),
                "results": data,
            }
        )

    def _fitting(self, data: Any) -> Any:
        """Drop the rows that exceed the size of a page: those farthest from its start."""
        if self.backwards:
            left_out = len(data) - count_fitting(reversed(data))
            self.has_previous = self.has_previous or left_out > 0
            self.rows = self.rows[left_out:]
            return data[left_out:]
        count = count_fitting(data)
        self.has_next = self.has_next or count < len(data)
        self.rows = self.rows[:count]
        return data[:count]

    def _shows(self, side: str) -> bool:
        return bool(self.rows) and bool(getattr(self, side))

    def _link(self, row: Model, direction: str) -> str:
        key = [_plain(getattr(row, name.removeprefix("-"))) for name in self.ordering]
        cursor = _Signer(salt=_SALT).sign_object([direction[0], list(self.ordering), key])
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
                "description": (
                    f"How many results a page holds; {DEFAULT_LIMIT} by default. A page of about"
                    " a megabyte ends sooner."
                ),
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins: opaque, from `next` or `previous`.",
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


class _Signer(signing.TimestampSigner):
    """Signs with a constant time, so that the same page has the same links and the same ETag."""

    def timestamp(self) -> str:
        return "0"


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, str)) else str(value)
