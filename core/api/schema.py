"""The OpenAPI document says what every route may answer, errors included."""

from http import HTTPStatus
from typing import Any

from django.core.validators import RegexValidator
from django.urls import get_script_prefix
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.api.fields import (
    StrictCharField,
    StrictDateField,
    StrictDateTimeField,
    StrictLineField,
    StrictNoteField,
    StrictSerializer,
)
from core.idempotency import HEADER, REPLAYED

ALWAYS = (400, 401, 404, 405, 406, 413, 429, 500, 503)
WITH_BODY = (409, 415)
WITH_KEY = (422,)
# Not e-mail addresses and their like.
PLAIN_TEXT = (StrictCharField, StrictLineField, StrictNoteField, serializers.CharField)
CHANGING = ("PUT", "PATCH", "DELETE")

WITHOUT_NUL = r"^[^\u0000]+$"  # where blank is allowed drf-spectacular adds "or empty" itself
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
IN_RANGE = r"^(19[0-9]{2}|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-"


class ErrorItemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong."""

    code = serializers.CharField(help_text="Stable; docs/api.md lists them.")
    detail = serializers.CharField(help_text="A sentence for people.")
    attr = serializers.CharField(allow_null=True, help_text="The member or parameter it is about.")


class ErrorSerializer(serializers.Serializer[Any]):
    """The one shape of every error."""

    type = serializers.ChoiceField(choices=["validation_error", "client_error", "server_error"])
    errors = ErrorItemSerializer(many=True)  # type: ignore[assignment]  # a method of that name


class StaleErrorSerializer(ErrorSerializer):
    """Somebody changed the object meanwhile: both sides, for a merge."""

    current = serializers.DictField(help_text="The object as it is now.")


IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag you hold; the answer is 304 while it is still true.",
    type={"type": "string"},
)


def if_match(*, required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        "If-Match",
        location=OpenApiParameter.HEADER,
        required=required,
        description="The version you read, as its ETag was written; `*` for any.",
        type={"type": "string", "pattern": r'^((W/)?"[0-9]{1,18}"|\*)$'},
    )


def _pattern(field: serializers.Field[Any, Any, Any, Any]) -> str | None:
    """What the fields of core.api.fields refuse and drf-spectacular does not know."""
    if isinstance(field, (StrictDateTimeField, StrictDateField)):
        return IN_RANGE
    has_own = any(isinstance(validator, RegexValidator) for validator in field.validators)
    if isinstance(field, serializers.CharField) and type(field) in PLAIN_TEXT and not has_own:
        return WITHOUT_NUL if field.allow_blank else NOT_BLANK
    return None


def _header(name: str, description: str, response: list[int]) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        location=OpenApiParameter.HEADER,
        response=response,
        description=description,
        type={"type": "string"},
    )


LOCATION = _header("Location", "Where the new object is.", [201])
ETAG = _header("ETag", "The version, quoted.", [200, 201, 304, 412])
RETRY_AFTER = _header("Retry-After", "Seconds to wait.", [409, 429, 503])
CHALLENGE = _header("WWW-Authenticate", '`Bearer realm="api"`', [401])
IDEMPOTENCY = [
    OpenApiParameter(
        HEADER,
        location=OpenApiParameter.HEADER,
        description="Sent again with the same body within 24 hours, the stored answer comes back.",
        type={"type": "string", "pattern": r"^[!#-+\--~]{1,255}$"},
    ),
    OpenApiParameter(
        REPLAYED,
        location=OpenApiParameter.HEADER,
        description="This is the stored answer to an earlier request with the same key.",
        type={"type": "string", "enum": ["true"]},
        response=[200, 201, 202, 400, 404, 409],
    ),
]


def documented(view: Any) -> Any:
    """A copy of the view to extend for the document, so that the served view stays unchanged.

    Views are described beside them and not by decorators on them, which would load drf-spectacular
    with every view (OpenApiViewExtension is its own way).
    """
    return type(view.__name__, (view,), {})


class DocumentedSchema(AutoSchema):
    """Adds what every authenticated route shares: errors of one shape, If-Match, strict bodies."""

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_override_parameters(self) -> list[Any]:
        parameters = [RETRY_AFTER, CHALLENGE, *(IDEMPOTENCY if self._is_idempotent() else ())]
        if not self._is_versioned():
            return parameters
        parameters += [ETAG, LOCATION]
        if self._changes_one():
            parameters.append(if_match(required=self.method == "PUT"))
        if self._reads_one():
            parameters.append(IF_NONE_MATCH)
        return parameters

    def _is_versioned(self) -> bool:
        return hasattr(self.view, "locked_object")

    def _changes_one(self) -> bool:
        return self._is_versioned() and self.method != "GET" and "{id}" in self.path

    def _reads_one(self) -> bool:
        return self._is_versioned() and self.method == "GET" and "{id}" in self.path

    def _is_idempotent(self) -> bool:
        name = getattr(self.view, "action", None) or self.method.lower()
        return hasattr(getattr(self.view, name, None), "idempotent")

    def _get_serializer_name(
        self,
        serializer: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002 - the framework's signature
    ) -> Any:
        """Bodies of PUT and PATCH have a shape of their own: the id is chosen once, by POST."""
        name = super()._get_serializer_name(serializer, direction, bypass_extensions)
        if direction == "request" and self.method == "PUT" and isinstance(name, str):
            return name.removesuffix("Request") + "Replacement"
        return name

    def _map_serializer_field(
        self,
        field: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002 - the framework's signature
    ) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if direction == "request" and (pattern := _pattern(field)):
            schema.setdefault("pattern", pattern)
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        instance = serializer() if isinstance(serializer, type) else serializer
        if direction == "request" and isinstance(instance, StrictSerializer):
            schema["additionalProperties"] = False
            if self.method in CHANGING:
                schema["properties"].pop("id", None)
        return schema

    def _error_statuses(self) -> list[int]:
        statuses = [*ALWAYS]
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses += [403, *WITH_BODY]
        if self._is_idempotent():
            statuses += WITH_KEY
        if self._changes_one():
            statuses.append(412)
        if self.method == "PUT":
            statuses.append(428)
        return sorted(statuses)

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses: dict[str, Any] = super()._get_response_bodies(direction=direction)
        if direction != "response" or not self.path.startswith("/api/v1/"):
            return responses
        if self._reads_one():
            responses["304"] = {"description": "You hold this version already."}
        errors = {str(status): self._error_body(status) for status in self._error_statuses()}
        return {**errors, **responses}

    def _error_body(self, status: int) -> dict[str, Any]:
        shape = StaleErrorSerializer if status == 412 else ErrorSerializer
        body = self._get_response_for_code(shape, str(status))  # type: ignore[no-untyped-call]
        return {**body, "description": HTTPStatus(status).phrase}


def name_server(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: under the stage of an API Gateway the API is not at the root."""
    return {**result, "servers": [{"url": get_script_prefix().rstrip("/") or "/"}]}
