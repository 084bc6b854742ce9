"""Reads the rows of an account in batches, so that large exports need little memory."""

from collections.abc import Iterator
from typing import Any, Final

from accounts.models import User
from core.api.pagination import page_after
from todos.models import Todo, TodoQuerySet

BATCH: Final = 500


def walk(rows: Any, ordering: tuple[str, ...] = ("pk",)) -> Iterator[Any]:
    """Page by key, because Django's iterator reads all rows if a pooler allows no cursors."""
    key: list[Any] = []
    while some := page_after(rows, ordering, key, BATCH):
        yield from some
        key = [getattr(some[-1], name) for name in ordering]


def todos_of(person: User) -> Iterator[Todo]:
    """The to-dos outside the trash, in manual order."""
    return walk(_shown(Todo.objects.owned_by(person)), ("position", "pk"))


def all_todos_of(person: User) -> Iterator[Todo]:
    return walk(_shown(Todo.objects.of(person.pk)))


def _shown(rows: TodoQuerySet) -> TodoQuerySet:
    return rows.select_related("list").prefetch_related("tags").defer("folded", "folded_tags")
