"""Pages of ordered rows by the key of the last one: each costs the same wherever it lies."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet


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


def reversed_order(ordering: Sequence[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in ordering]
