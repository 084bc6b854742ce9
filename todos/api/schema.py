"""Descriptions of the views of lists and to-dos for the OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from core.api.schema import documented
from todos.api.clearing import ClearField
from todos.api.filters import ListFilterSerializer, RemovalSerializer, TodoFilterSerializer
from todos.api.moves import MoveSerializer, TodoMoveSerializer
from todos.api.occurrences import OccurrencesFilterSerializer
from todos.api.quick import (
    QuickAddFilterSerializer,
    QuickAddSerializer,
    TodoPreviewSerializer,
)
from todos.api.saved_filters import SavedFilterSerializer
from todos.api.serializers import (
    FinishSerializer,
    ListSerializer,
    TodoSerializer,
    TodoTagSerializer,
)
from todos.api.summary import SummarySerializer
from todos.api.tags import MergeSerializer


def _clear_of(serializer: type[Any]) -> ClearField:
    """A PATCH body, with the names of the members that `clear` accepts."""
    names = sorted(serializer().empty_values())
    return ClearField(child=serializers.ChoiceField(choices=names))


class ListUpdateSerializer(ListSerializer):
    """The members that change."""

    clear = _clear_of(ListSerializer)

    class Meta(ListSerializer.Meta):
        fields = (*ListSerializer.Meta.fields, "clear")


class TodoUpdateSerializer(TodoSerializer):
    """The members that change."""

    clear = _clear_of(TodoSerializer)

    class Meta(TodoSerializer.Meta):
        fields = (*TodoSerializer.Meta.fields, "clear")


class TodoTagUpdateSerializer(TodoTagSerializer):
    """The members that change."""

    clear = _clear_of(TodoTagSerializer)

    class Meta(TodoTagSerializer.Meta):
        fields = (*TodoTagSerializer.Meta.fields, "clear")


class SavedFilterUpdateSerializer(SavedFilterSerializer):
    """The members that change."""

    clear = _clear_of(SavedFilterSerializer)

    class Meta(SavedFilterSerializer.Meta):
        fields = (*SavedFilterSerializer.Meta.fields, "clear")


class Lists(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.views.ListViewSet"

    def view_replacement(self) -> Any:
        """A creation sent again answers 200 with the object that is there."""
        created = extend_schema(responses={201: ListSerializer, 200: ListSerializer})
        return extend_schema_view(
            create=created,
            update=created,
            partial_update=extend_schema(request=ListUpdateSerializer),
            list=extend_schema(parameters=[ListFilterSerializer]),
            destroy=extend_schema(parameters=[RemovalSerializer]),
            move=extend_schema(request=MoveSerializer, responses=ListSerializer),
        )(documented(self.target_class))


class Todos(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.views.TodoViewSet"

    def view_replacement(self) -> Any:
        """A creation sent again answers 200 with the object that is there."""
        created = extend_schema(responses={201: TodoSerializer, 200: TodoSerializer})
        changed = extend_schema(request=None, responses=TodoSerializer)
        return extend_schema_view(
            create=created,
            update=created,
            partial_update=extend_schema(request=TodoUpdateSerializer),
            list=extend_schema(parameters=[TodoFilterSerializer]),
            finish=extend_schema(request=FinishSerializer, responses=TodoSerializer),
            move=extend_schema(request=TodoMoveSerializer, responses=TodoSerializer),
            reopen=changed,
        )(documented(self.target_class))


class QuickAdd(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.quick.QuickAddView"

    def view_replacement(self) -> Any:
        """A preview answers 200 and creates nothing."""
        return documented(
            self.target_class,
            quick_add=extend_schema(
                summary="Add a to-do with a sentence",
                parameters=[QuickAddFilterSerializer],
                request=QuickAddSerializer,
                responses={201: TodoSerializer, 200: TodoPreviewSerializer},
            ),
        )


class Occurrences(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.occurrences.OccurrencesView"

    def view_replacement(self) -> Any:
        described = extend_schema(
            summary="Preview the occurrences of a to-do", parameters=[OccurrencesFilterSerializer]
        )
        return documented(self.target_class, retrieve=described)


class Summary(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.summary.SummaryView"

    def view_replacement(self) -> Any:
        described = extend_schema(summary="Count open to-dos", responses=SummarySerializer)
        return documented(self.target_class, retrieve=described)


class SavedFilters(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.saved_filters.SavedFilterViewSet"

    def view_replacement(self) -> Any:
        """A creation sent again answers 200 with the object that is there."""
        created = extend_schema(responses={201: SavedFilterSerializer, 200: SavedFilterSerializer})
        return extend_schema_view(
            create=created,
            update=created,
            partial_update=extend_schema(request=SavedFilterUpdateSerializer),
            move=extend_schema(request=MoveSerializer, responses=SavedFilterSerializer),
        )(documented(self.target_class))


class Tags(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.tags.TagViewSet"

    def view_replacement(self) -> Any:
        """A used name answers 200 with its tag."""
        created = extend_schema(responses={201: TodoTagSerializer, 200: TodoTagSerializer})
        return extend_schema_view(
            create=created,
            update=created,
            partial_update=extend_schema(request=TodoTagUpdateSerializer),
            merge=extend_schema(request=MergeSerializer, responses=TodoTagSerializer),
        )(documented(self.target_class))


class Trash(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.views.TrashViewSet"

    def view_replacement(self) -> Any:
        return documented(
            self.target_class,
            list=extend_schema(operation_id="listTrash", summary="List the trash"),
            empty=extend_schema(
                operation_id="emptyTrash",
                summary="Empty the trash",
                request=None,
            ),
            destroy=extend_schema(operation_id="purgeTodo", summary="Delete a to-do permanently"),
            restore=extend_schema(
                operation_id="restoreTodo",
                summary="Restore a to-do",
                request=None,
                responses=TodoSerializer,
            ),
        )


EXAMPLES = {
    "name": "Shopping",
    "color": "#2f9e44",
    "title": "Buy milk",
    "text": "Pay rent every month #home tomorrow 9am",
    "notes": "Two litres.",
    "tags": ["shop"],
    "q": "milk",
    "query": "tag:shop is:open",
    "ids": ["7f1c1a0e-3f52-4a8e-9a55-0c8f2f9f5b10"],
    "archived": False,
    "position": "a1V",
    "reminders": [
        {
            "id": "b2c1f7d4-6a0e-4c53-9d1b-2f8e7a6c5d40",
            "remind_at": None,
            "minutes_before": 30,
            "channel": "",
        }
    ],
}
FORMATS = {
    "q": "visible",
    "title": "visible",
    "name": "visible",
    "text": "visible",
    "tag": "visible",
    "tags": "visible",
    "due_before": "date-or-date-time",
    "due_after": "date-or-date-time",
}
