"""`POST /api/v1/todos/bulk/`: many changes of to-dos, for clients without a local copy."""

import uuid
from typing import Any, ClassVar, Final

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import StrictChoiceField, StrictSerializer, StrictUUIDField
from core.api.scopes import TODOS
from core.api.viewsets import ApiViewSet
from core.idempotency import idempotent
from todos.sync.changes import Operation
from todos.sync.merge import Seen
from todos.sync.operations import DONE, Push, Result
from todos.sync.pull import PAGE_BYTES, size_of
from todos.sync.shapes import LARGEST, MAX_OPERATIONS, OperationSerializer

OPERATIONS: Final = ("create", "update", "move", "finish", "reopen", "trash", "restore", "purge")
SHOWN: Final = ("id", "status", "version", "todo")
DETAILS: Final = {
    "already_exists": "You have made this object; it has changed since.",
    "cycle": "A to-do cannot be its own subtask.",
    "conflict": "The operation conflicts with the stored data.",
    "deleted": "This to-do is in the trash, or was deleted for good.",
    "id_taken": "Another object has this id.",
    "not_found": "Not found.",
    "quota_reached": "Your account has reached its quota.",
    "too_deep": "To-dos have at most three levels.",
    "version_mismatch": "This member has changed since the version you sent.",
}


class BulkOperationSerializer(OperationSerializer):
    """A change of a to-do."""

    id = StrictUUIDField(required=False, help_text="Required, except for a creation.")
    op = StrictChoiceField(choices=list(OPERATIONS))

    def get_fields(self) -> dict[str, Any]:
        kept = super().get_fields()
        return {name: it for name, it in kept.items() if name not in ("op_id", "after", "kind")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "id" not in attrs and attrs["op"] != "create":
            raise serializers.ValidationError(
                {"id": ["This member is required: the id of the to-do."]}, code="required"
            )
        return {"id": uuid.uuid4(), **attrs, "op_id": uuid.uuid4(), "kind": "todo"}


class BulkSerializer(StrictSerializer):
    """The operations, in this order."""

    operations = serializers.ListField(max_length=MAX_OPERATIONS)


class Bulk(Push):
    """Operations without a version accept the to-do as it is. They are not recorded."""

    shape: ClassVar[type[OperationSerializer]] = BulkOperationSerializer

    def _seen(self, operation: Operation) -> Seen:
        return Seen(operation.base_version or LARGEST)

    def _keep(self) -> None:
        """Record nothing: the Idempotency-Key identifies a repeated request."""


class BulkViewSet(ApiViewSet):
    """Change many of your to-dos with one request."""

    token_scopes = TODOS

    @idempotent
    def create(self, request: Request) -> Response:
        """Apply up to 100 operations in their order. A refused operation does not affect others."""
        bulk = BulkSerializer(data=request.data)
        bulk.is_valid(raise_exception=True)
        with self.writing():
            results = Bulk(request, self.caller, timezone.now()).run(
                bulk.validated_data["operations"]
            )
        return Response({"results": _fitting([_shown_result(result) for result in results])})


def _shown_result(result: Result) -> Result:
    """A result without the members of the sync protocol, and with an error in the API's shape."""
    shown: Result = {"id": None}
    shown |= {name: value for name, value in result.items() if name in SHOWN}
    return shown if result["status"] in DONE else {**shown, "error": _error(result)}


def _error(result: Result) -> dict[str, Any]:
    if result["status"] == "invalid":
        return {"type": "validation_error", "errors": result["errors"]}
    code = {"conflict": "version_mismatch"}.get(result["status"]) or result.get("code", "deleted")
    about = result.get("conflicting") or [None]
    errors = [{"code": code, "detail": DETAILS[code], "attr": name} for name in about]
    return {"type": "client_error", "errors": errors}


def _fitting(results: list[Result]) -> list[Result]:
    """Drop objects beyond about a megabyte, but keep all results."""
    size = 0
    for result in results:
        size += size_of(result.get("todo"))
        if size > PAGE_BYTES:
            result.pop("todo", None)
    return results
