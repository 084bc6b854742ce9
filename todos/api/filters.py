"""The filters of `GET /api/v1/todos/`; a misspelt parameter is an error and not ignored."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from core.api.fields import StrictLineField, StrictUUIDField
from core.api.parameters import FlagField, NoFilters, SeveralField
from core.values import clamped, read_day, read_moment
from todos.models import ListQuerySet, Priority, SavedFilter, Status, TodoQuerySet
from todos.models.search import check_query, matching
from todos.models.tags import NAME_LENGTH

ORDERINGS = {
    "position": ("position", "id"),
    "created_at": ("created_at", "id"),
    "updated_at": ("updated_at", "id"),
    "priority": ("priority", "id"),
    "due": ("due_order", "id"),
}
ORDERING_CHOICES = [f"{sign}{name}" for name in ORDERINGS for sign in ("", "-")]


@extend_schema_field(
    {
        "type": "string",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$",
        "description": "A moment with an offset, or a date, for its first minute in your zone.",
        "examples": ["2026-12-01T08:00:00Z", "2026-12-01"],
    }
)
class MomentField(serializers.Field[datetime, str, str, Any]):
    """ISO 8601 with an offset; a date means its first minute in the person's time zone."""

    default_error_messages = {
        "invalid": "Write a moment such as 2026-11-20T09:00:00Z or a day such as 2026-11-20."
    }

    def to_internal_value(self, data: str) -> datetime:
        text = re.sub(r" (?=\d\d:?\d\d$)", "+", data)  # `+` in a query string arrives as a blank
        moment = read_moment(text) or self._first_minute(text)
        if moment is None or moment.tzinfo is None:
            self.fail("invalid")
        return clamped(moment)

    def _first_minute(self, text: str) -> datetime | None:
        day = read_day(text)
        return datetime.combine(day, time.min, self.context["user"].zone) if day else None

    def to_representation(self, value: datetime) -> str:
        raise NotImplementedError  # filters are never in responses


@extend_schema_field(
    {
        "type": "string",
        "pattern": "^(none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$",
        "examples": ["none"],
    }
)
class ParentField(StrictUUIDField):
    """The id of a to-do, or `none`."""

    def to_internal_value(self, data: Any) -> Any:
        return None if data == "none" else super().to_internal_value(data)


class ListFilterSerializer(NoFilters):
    """Each parameter narrows the list further."""

    ids = SeveralField(child=StrictUUIDField(), required=False)
    archived = FlagField(
        required=False, help_text="`true`: only archived lists; `false`: only others."
    )


class TodoFilterSerializer(NoFilters):
    """Each parameter narrows the list further."""

    ids = SeveralField(child=StrictUUIDField(), required=False)
    archived = FlagField(
        required=False, help_text="`true`: only to-dos in archived lists; `false`: only others."
    )
    list = StrictUUIDField(required=False)
    parent = ParentField(  # type: ignore[assignment]  # a serializer has one of its own
        required=False,
        help_text="`none`: only to-dos without a parent; an id: only the to-dos directly below it.",
    )
    tag = StrictLineField(required=False, max_length=NAME_LENGTH)
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    priority = SeveralField(
        child=serializers.ChoiceField(choices=[str(level.value) for level in Priority]),
        required=False,
    )
    due = serializers.ChoiceField(
        choices=["overdue", "today", "upcoming", "none"],
        required=False,
        help_text="`today` is in the time zone of your profile.",
    )
    started = FlagField(
        required=False,
        help_text="`false`: only to-dos that start after today; `true`: only others.",
    )
    due_before = MomentField(required=False)
    due_after = MomentField(required=False)
    q = StrictLineField(
        required=False,
        max_length=200,
        validators=[check_query],
        help_text=(
            "Words in the title, the notes or the tags, in any spelling of case; `tag:`, `list:`,"
            " `due:`, `priority:` and `is:` with a value."
        ),
    )
    filter = StrictUUIDField(required=False, help_text="A saved filter.")
    ordering = serializers.ChoiceField(choices=ORDERING_CHOICES, required=False)


def apply_list_filters(lists: ListQuerySet, filters: Mapping[str, Any]) -> ListQuerySet:
    return lists.filter(**_plain(filters))


def _plain(filters: Mapping[str, Any], of_lists: str = "") -> dict[str, Any]:
    """The lookups of parameters that compare a column with values."""
    lookups = {"ids": "pk__in", "list": "list", "priority": "priority__in", "status": "status"}
    chosen = {lookup: filters[name] for name, lookup in lookups.items() if name in filters}
    if "archived" in filters:
        chosen[f"{of_lists}archived_at__isnull"] = not filters["archived"]
    return chosen


class RemovalSerializer(NoFilters):
    """Whether to move or to trash the to-dos of a deleted list."""

    todos = serializers.ChoiceField(choices=["move", "trash"], required=False)


def apply_filters(todos: TodoQuerySet, filters: Mapping[str, Any], user: User) -> TodoQuerySet:
    todos = todos.filter(**_plain(filters, of_lists="list__"))
    if "parent" in filters:
        todos = todos.filter(parent=filters["parent"])
    if "tag" in filters:
        todos = todos.tagged(filters["tag"])
    now = timezone.now()
    if "q" in filters:
        todos = matching(todos, filters["q"], now, user.zone)
    if "filter" in filters:
        todos = _saved(todos, filters["filter"], now, user)
    return _due(todos, filters, now, user)


def _saved(todos: TodoQuerySet, key: UUID, at: datetime, user: User) -> TodoQuerySet:
    saved = SavedFilter.objects.owned_by(user).filter(pk=key).first()
    if saved is None:
        message = "There is no such object."
        raise serializers.ValidationError({"filter": [message]}, code="does_not_exist")
    try:
        return matching(todos, saved.query, at, user.zone)
    except DjangoValidationError as error:  # written by a release with more search keys
        raise serializers.ValidationError({"filter": error.messages}, code="bad_query") from error


def _due(todos: TodoQuerySet, filters: Mapping[str, Any], at: datetime, user: User) -> TodoQuerySet:
    """Filter by `due`, in the person's time zone."""
    match filters.get("due"):
        case "overdue":
            todos = todos.overdue(at)
        case "today":
            todos = todos.due_today(at, user.zone)
        case "upcoming":
            todos = todos.upcoming(at, user.zone)
        case "none":
            todos = todos.without_due()
    if "due_before" in filters:
        todos = todos.due_before(filters["due_before"])
    if "due_after" in filters:
        todos = todos.due_after(filters["due_after"])
    if "started" in filters:
        chosen = todos.started if filters["started"] else todos.waiting
        todos = chosen(at, user.zone)
    return todos


def ordering_fields(name: str) -> list[str]:
    """The sort keys of an `ordering` value: its column and the id, in the same direction."""
    sign = "-" if name.startswith("-") else ""
    return [f"{sign}{column}" for column in ORDERINGS[name.removeprefix("-")]]
