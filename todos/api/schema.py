"""What the OpenAPI document says of lists and to-dos beyond what their views say themselves."""

import copy
from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from core.api.fields import StrictSerializer
from core.api.schema import ApiErrorItemSerializer, ApiErrorSerializer, documented
from todos.api.filters import ListFilterSerializer, RemovalSerializer, TodoFilterSerializer
from todos.api.serializers import ListSerializer, TodoSerializer
from todos.sync.kinds import KINDS
from todos.sync.operations import OUTCOMES
from todos.sync.shapes import MAX_OPERATIONS, BatchSerializer, OperationSerializer


class Lists(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.views.ListViewSet"

    def view_replacement(self) -> Any:
        """A creation sent again answers 200 with the object that is there."""
        created = extend_schema(responses={201: ListSerializer, 200: ListSerializer})
        return extend_schema_view(
            create=created,
            update=created,
            list=extend_schema(parameters=[ListFilterSerializer]),
            destroy=extend_schema(parameters=[RemovalSerializer]),
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
            list=extend_schema(parameters=[TodoFilterSerializer]),
            finish=changed,
            reopen=changed,
        )(documented(self.target_class))


class Trash(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.views.TrashViewSet"

    def view_replacement(self) -> Any:
        return extend_schema_view(
            list=extend_schema(operation_id="listTrash", summary="List the trash"),
            empty=extend_schema(operation_id="emptyTrash", summary="Empty the trash"),
            destroy=extend_schema(operation_id="purgeTodo", summary="Delete a to-do for good"),
            restore=extend_schema(
                operation_id="restoreTodo",
                summary="Restore a to-do",
                request=None,
                responses=TodoSerializer,
            ),
        )(documented(self.target_class))


# --- Sync: a server reads members by the kind of each operation; the document knows all ----------

_OBJECTS: dict[str, type[Any]] = {name: kind.serializer for name, kind in KINDS.items()}


def _members() -> dict[str, Any]:
    """What the fields of an operation may name: the writable members of every kind."""
    shapes = [serializer() for serializer in _OBJECTS.values()]
    named = {name: it for shape in shapes for name, it in shape.fields.items() if name != "id"}
    members = {name: it for name, it in named.items() if not it.read_only}
    tags = {name: type(named["tags"])() for name in ("tags_added", "tags_removed")}
    fate = serializers.ChoiceField(
        choices=["move", "trash"], help_text="Of the to-dos of a list that is purged."
    )
    copies = {name: copy.deepcopy(it) for name, it in {**members, **tags}.items()}
    for member in copies.values():
        member.required = False
    fate.required = False
    return {**copies, "todos": fate}


OperationFields = type("OperationFieldsSerializer", (StrictSerializer,), _members())


class DocumentedOperationSerializer(OperationSerializer):
    """What a device did with one object."""

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": OperationFields(required=False)}


class NewSyncBatchSerializer(BatchSerializer):
    """What a device did since it last reached the server."""

    operations: Any = DocumentedOperationSerializer(many=True, max_length=MAX_OPERATIONS)  # type: ignore[call-arg]


def _shown() -> dict[str, Any]:
    """The object, under the name of its kind."""
    return {name: serializer(required=False) for name, serializer in _OBJECTS.items()}


class SyncChangeSerializer(serializers.Serializer[Any]):
    """The object as it is now, or that it was deleted for good."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    id = serializers.UUIDField()
    op = serializers.ChoiceField(choices=["upsert", "purge"])
    version = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **_shown()}


class SyncResultSerializer(serializers.Serializer[Any]):
    """What became of one operation."""

    op_id = serializers.CharField(allow_null=True, help_text="Null if it had none.")
    kind = serializers.ChoiceField(choices=list(KINDS), required=False)
    id = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(choices=list(OUTCOMES))
    code = serializers.CharField(required=False)
    version = serializers.IntegerField(required=False)
    conflicting = serializers.ListField(child=serializers.CharField(), required=False)

    def get_fields(self) -> dict[str, Any]:
        errors = ApiErrorItemSerializer(many=True, required=False)
        return {**super().get_fields(), **_shown(), "errors": errors}


class SyncPageSerializer(serializers.Serializer[Any]):
    """What has changed behind a cursor."""

    account = serializers.UUIDField()
    changes = SyncChangeSerializer(many=True)
    cursor = serializers.CharField()
    has_more = serializers.BooleanField()


class SyncAnswerSerializer(SyncPageSerializer):
    """What became of each operation, and what has changed behind the cursor."""

    results = SyncResultSerializer(many=True)


class Sync(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.api.sync.SyncView"

    def view_replacement(self) -> Any:
        gone = {410: ApiErrorSerializer}
        limit = OpenApiParameter("limit", type={"type": "integer", "minimum": 1, "maximum": 500})
        cursor = OpenApiParameter("cursor", type={"type": "string"})
        return extend_schema_view(
            get=extend_schema(
                operation_id="pullChanges",
                summary="Read what has changed",
                parameters=[limit, cursor],
                responses={200: SyncPageSerializer, **gone},
            ),
            post=extend_schema(
                operation_id="pushOperations",
                summary="Send what was done offline",
                request=NewSyncBatchSerializer,
                responses={200: SyncAnswerSerializer, **gone},
            ),
        )(documented(self.target_class))


EXAMPLES = {
    "name": "Shopping",
    "color": "#2f9e44",
    "title": "Buy milk",
    "notes": "Two litres.",
    "tags": ["shop"],
    "q": "milk",
    "ids": ["7f1c1a0e-3f52-4a8e-9a55-0c8f2f9f5b10"],
    "archived": False,
    "position": 1024,
}
FORMATS = {
    "title": "visible",
    "tag": "visible",
    "tags": "visible",
    "due_before": "date-or-date-time",
    "due_after": "date-or-date-time",
}
