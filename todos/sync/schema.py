"""Descriptions of the sync views for the OpenAPI document.

The server validates the fields of an operation by its kind; the document lists those of all kinds.
"""

import copy
from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from core.api.fields import StrictSerializer
from core.api.schema import ApiErrorItemSerializer, ApiErrorSerializer, documented
from todos.api.moves import MoveSerializer
from todos.sync.bulk import BulkOperationSerializer, BulkSerializer
from todos.sync.changes import REMINDER_SETS
from todos.sync.kinds import KINDS
from todos.sync.operations import OUTCOMES
from todos.sync.shapes import MAX_OPERATIONS, BatchSerializer, OperationSerializer, PullSerializer

_OBJECTS: dict[str, type[Any]] = {name: kind.serializer for name, kind in KINDS.items()}


def _members() -> dict[str, Any]:
    """The fields of an operation: the writable members of every kind."""
    shapes = [serializer() for serializer in _OBJECTS.values()]
    named = {name: it for shape in shapes for name, it in shape.fields.items() if name != "id"}
    members = {name: it for name, it in named.items() if not it.read_only}
    places = MoveSerializer().fields
    tags = {name: type(named["tags"])() for name in ("tags_added", "tags_removed")}
    fate = serializers.ChoiceField(
        choices=["move", "trash"], help_text="For the to-dos of a purged list."
    )
    copies = {
        name: copy.deepcopy(it)
        for name, it in {**members, **places, **tags, **REMINDER_SETS}.items()
    }
    for member in copies.values():
        member.required = False
    fate.required = False
    return {**copies, "todos": fate}


class OperationFields(StrictSerializer):
    """The members of all kinds; an operation names those that it changes."""

    def get_fields(self) -> dict[str, Any]:
        """Make all fields optional at each call, because DRF copies the declared fields."""
        return _members()


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
    """The present object, or its permanent deletion."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    id = serializers.UUIDField()
    op = serializers.ChoiceField(choices=["upsert", "purge"])
    version = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **_shown()}


class SyncResultSerializer(serializers.Serializer[Any]):
    """The result of one operation."""

    op_id = serializers.CharField(allow_null=True, help_text="Null if it had none.")
    kind = serializers.ChoiceField(
        choices=list(KINDS), required=False, help_text="Missing if the operation could not be read."
    )
    id = serializers.UUIDField(
        required=False, help_text="Missing if the operation could not be read."
    )
    status = serializers.ChoiceField(choices=list(OUTCOMES))
    code = serializers.CharField(required=False, help_text="Why, if there are several reasons.")
    version = serializers.IntegerField(required=False, help_text="If there is or was an object.")
    conflicting = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="The members that others have changed, in a conflict.",
    )

    def get_fields(self) -> dict[str, Any]:
        errors = ApiErrorItemSerializer(many=True, required=False)
        return {**super().get_fields(), **_shown(), "errors": errors}


class SyncPageSerializer(serializers.Serializer[Any]):
    """The changes after a cursor."""

    account = serializers.UUIDField()
    changes = SyncChangeSerializer(many=True)
    cursor = serializers.CharField()
    has_more = serializers.BooleanField()


class SyncAnswerSerializer(SyncPageSerializer):
    """The result of each operation, and the changes after the cursor."""

    results = SyncResultSerializer(many=True)


class DocumentedBulkOperationSerializer(BulkOperationSerializer):
    """One change of one to-do."""

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "fields": OperationFields(required=False)}


class BulkRequestSerializer(BulkSerializer):
    """The operations, in this order."""

    operations: Any = DocumentedBulkOperationSerializer(many=True, max_length=MAX_OPERATIONS)  # type: ignore[call-arg]


class BulkResultSerializer(serializers.Serializer[Any]):
    """The result of one operation."""

    id = serializers.UUIDField(
        allow_null=True, help_text="Null if the operation could not be read."
    )
    status = serializers.ChoiceField(choices=[it for it in OUTCOMES if it != "replayed"])
    version = serializers.IntegerField(required=False, help_text="If there is or was a to-do.")
    todo = _OBJECTS["todo"](
        required=False,
        help_text="The present to-do; omitted after the first megabyte of a response.",
    )
    error = ApiErrorSerializer(required=False, help_text="Why nothing was changed.")


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """The results, in the order of the operations."""

    results = BulkResultSerializer(many=True)


class BulkTodos(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.sync.bulk.BulkViewSet"

    def view_replacement(self) -> Any:
        return extend_schema_view(
            create=extend_schema(
                operation_id="changeTodos",
                summary="Change many to-dos with one request",
                request=BulkRequestSerializer,
                responses={200: BulkAnswerSerializer},
            )
        )(documented(self.target_class))


class Sync(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "todos.sync.views.SyncViewSet"

    def view_replacement(self) -> Any:
        gone = {410: ApiErrorSerializer}
        return extend_schema_view(
            retrieve=extend_schema(
                operation_id="pullChanges",
                summary="Get the changes after a cursor",
                parameters=[PullSerializer],
                responses={200: SyncPageSerializer, **gone},
            ),
            create=extend_schema(
                operation_id="pushOperations",
                summary="Send offline changes",
                request=NewSyncBatchSerializer,
                responses={200: SyncAnswerSerializer, **gone},
            ),
        )(documented(self.target_class))


EXAMPLES = {
    "conflicting": ["title"],
    "cursor": "WyI3ZjFjMWEwZSIsNDIsMF0:1vO",
    "tags_added": ["shop"],
    "tags_removed": ["home"],
}
