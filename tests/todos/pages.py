"""Words that the tests of the plain page share."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from todos.models import Todo

PAGE = "/todos/plain/"


def act(name: str, todo: Todo, query: str = "") -> str:
    return reverse(f"todos:{name}", args=[todo.pk]) + query


def titles(response: HttpResponse) -> list[str]:
    return [todo.title for todo in response.context["todos"]]  # type: ignore[attr-defined]


def row(todo: Todo) -> dict[str, Any]:
    """What the database holds of it now."""
    return dict(Todo.objects.filter(pk=todo.pk).values().get())
