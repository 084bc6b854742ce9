"""Documents every response of every route in OpenAPI, including the errors.

What a view does not declare is derived from its name and its serializers: operation ids, summaries,
names of components, statuses, headers. core.api.document has the hooks that finish the document.
"""

import functools
import re
from http import HTTPStatus
from typing import Any, Literal

from django.core.validators import RegexValidator
from drf_spectacular.drainage import isolate_view_method
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.api.deprecation import deprecation_of
from core.api.fields import (
    StrictCharField,
    StrictDateField,
    StrictDateTimeField,
    StrictLineField,
    StrictNoteField,
    StrictSerializer,
)
from core.idempotency import HEADER, PATTERN, REPLAYED
from core.write_limit import SAFE_METHODS

ALWAYS = (400, 401, 403, 404, 405, 406, 413, 429, 500, 503)
WITH_BODY = (409, 415)
WITH_KEY = (422,)
# Without subclasses that have a format of their own, such as e-mail addresses.
PLAIN_TEXT = (StrictCharField, StrictLineField, StrictNoteField, serializers.CharField)
CHANGING = ("PUT", "PATCH", "DELETE")

WITHOUT_NUL = r"^[^\u0000]*$"
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
IN_RANGE = r"^(19[0-9]{2}|[2-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])-"

# The verb of an operation, by the action of a viewset or the method of another view.
VERBS = {
    "list": "list",
    "create": "create",
    "retrieve": "get",
    "update": "replace",
    "partial_update": "update",
    "destroy": "delete",
    "get": "get",
    "post": "create",
    "put": "replace",
    "patch": "update",
    "delete": "delete",
}
BODIES = {"PUT": "Replacement", "PATCH": "Update"}


class ApiErrorItemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong."""

    code = serializers.CharField(help_text="Stable; docs/api.md lists them.")
    detail = serializers.CharField(help_text="A sentence for people.")
    attr = serializers.CharField(allow_null=True, help_text="The member or parameter it is about.")


class ApiErrorSerializer(serializers.Serializer[Any]):
    """The one shape of every error."""

    type = serializers.ChoiceField(choices=["validation_error", "client_error", "server_error"])
    errors = ApiErrorItemSerializer(many=True)  # type: ignore[assignment]  # a method of that name


@functools.cache
def stale_error(noun: str, shape: type[Any]) -> Any:
    """The error of an outdated If-Match, with the present object for a merge."""
    current = shape(help_text="The object as it is now.")
    return type(f"Stale{noun}", (ApiErrorSerializer,), {"current": current})


@functools.cache
def taken_error(noun: str, shape: type[Any]) -> Any:
    """The error of a used id, with the object if it belongs to the caller."""
    current = shape(help_text="The present object with this id.", required=False)
    return type(f"Taken{noun}", (ApiErrorSerializer,), {"current": current})


IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag you hold; the response is 304 if it still matches.",
    type={"type": "string"},
)


IF_NONE_YET = OpenApiParameter(
    "If-None-Match",
    location=OpenApiParameter.HEADER,
    description="Creates the object under this id. A PUT names either this or If-Match.",
    type={"type": "string", "examples": ["*"]},
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag of the version you read; `*` for any version.",
    type={
        "type": "string",
        "format": "entity-tag",
        "pattern": r'^((W/)?"[0-9]{1,18}"|\*)$',
        "examples": ['"1"'],
    },
)


def _pattern(field: serializers.Field[Any, Any, Any, Any]) -> str | None:
    """A pattern for the rules of core.api.fields, which drf-spectacular does not know."""
    if isinstance(field, (StrictDateTimeField, StrictDateField)):
        return IN_RANGE
    has_own = any(isinstance(validator, RegexValidator) for validator in field.validators)
    if isinstance(field, serializers.CharField) and type(field) in PLAIN_TEXT and not has_own:
        return WITHOUT_NUL if field.allow_blank else NOT_BLANK
    return None


def or_empty(pattern: str) -> str:
    """The pattern, or the empty string."""
    return f"^({pattern.removeprefix('^').removesuffix('$')})?$"


def response_header(
    name: str, description: str, statuses: "list[int] | Literal[True]", **schema: Any
) -> OpenApiParameter:
    """A header of responses with these statuses (True: all); pass `required` if always present."""
    required = schema.pop("required", False)
    return OpenApiParameter(
        name,
        location=OpenApiParameter.HEADER,
        response=statuses,
        description=description,
        required=required,
        type={"type": "string", **schema},
    )


REQUEST_ID = response_header(
    "X-Request-Id", "The id of the request in the logs.", statuses=True, required=True
)
LOCATION = response_header(
    "Location", "The URL of the new object.", [201], required=True, format="uri"
)
ETAG = response_header(
    "ETag", "The quoted version, or a digest of the response.", [200, 201, 304, 409, 412]
)
WAIT = response_header(
    "Retry-After", "Seconds to wait.", [429, 503], required=True, pattern="^[0-9]+$"
)
WAIT_IN_FLIGHT = response_header(
    "Retry-After",
    "Seconds to wait, if a request with the same key is running.",
    [409],
    pattern="^[0-9]+$",
)
CHALLENGE = response_header("WWW-Authenticate", '`Bearer realm="api"`', [401], required=True)
CHALLENGE_OF_SCOPE = response_header(
    "WWW-Authenticate",
    'With an API token: `error="insufficient_scope"`, and which `scope` it lacks (RFC 6750).',
    [403],
)
RATE_LIMIT = [
    response_header(
        "RateLimit",
        "How many writes are left in this window, and in how many seconds it ends.",
        statuses=True,
    ),
    response_header(
        "RateLimit-Policy", "How many writes are allowed in how many seconds.", statuses=True
    ),
]
IDEMPOTENCY = [
    OpenApiParameter(
        HEADER,
        location=OpenApiParameter.HEADER,
        description="Repeat the request with the same key and body within 24 hours"
        " to get the stored response.",
        type={"type": "string", "pattern": f'^({PATTERN}|"{PATTERN}")$'},
    ),
    response_header(
        REPLAYED,
        "This is the stored response to an earlier request with the same key.",
        [200, 201, 202, 400, 404, 409],
        enum=["true"],
    ),
    WAIT_IN_FLIGHT,
]


def documented(view: Any, **operations: Any) -> Any:
    """Extend a copy of the view for the document, so that the served view stays unchanged.

    The views have no decorators for the document, because these would load drf-spectacular with
    every view. The descriptions are in modules of their own, through OpenApiViewExtension.
    `operations` maps methods of the view to an extend_schema(). It also accepts methods that only a
    route names, as in `as_view({"delete": "empty"})`; extend_schema_view() would not find these.
    """
    copied = type(view.__name__, (view,), {"__doc__": view.__doc__})
    for name, describe in operations.items():
        describe(isolate_view_method(copied, name))  # type: ignore[no-untyped-call]
    return copied


def words(name: str) -> str:
    """`TodoList` as words: todo list."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()


class DocumentedSchema(AutoSchema):
    """Adds what all authenticated routes share: names, the error shape, If-Match."""

    def get_tags(self) -> list[str]:
        return [re.sub(r"^/(api/v1|service)/", "", self.path).split("/")[0]]

    def get_auth(self) -> Any:
        """Add an empty entry if a route needs no log-in, because Redocly refuses a missing one."""
        return super().get_auth() or [{}]

    # --- Names for people --------------------------------------------------------------------

    @property
    def _action(self) -> str:
        return str(getattr(self.view, "action", None) or self.method.lower())

    def _noun(self) -> str:
        """The name of the response component, otherwise that of the view."""
        shape = getattr(self.view, "serializer_class", None)
        if shape is None:
            return re.sub(r"(ViewSet|View)$", "", type(self.view).__name__)
        return str(self._get_serializer_name(shape(), "response"))

    def get_operation_id(self) -> str:
        """`listTodos`, `createTodo`, `finishTodo`."""
        verb = VERBS.get(self._action) or re.sub("_(.)", lambda m: m[1].upper(), self._action)
        return verb + self._noun() + ("s" if verb == "list" else "")

    def get_summary(self) -> str:
        """`List to-dos`, `Create a to-do`, `Get the profile`."""
        verb = (VERBS.get(self._action) or self._action.replace("_", " ")).capitalize()
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return f"{verb} the {words(self._noun())}"
        names = queryset.model._meta
        if verb == "List":
            return f"{verb} {names.verbose_name_plural}"
        return f"{verb} {'an' if names.verbose_name[0] in 'aeiou' else 'a'} {names.verbose_name}"

    def _get_serializer_name(
        self,
        serializer: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002 - the framework's signature
    ) -> Any:
        """Give the bodies of PUT and PATCH names of their own, because only POST sets the id."""
        name = super()._get_serializer_name(serializer, direction, bypass_extensions)
        if direction != "request" or not isinstance(name, str):
            return name
        is_whole = hasattr(getattr(serializer, "Meta", None), "model")  # not only a part of one
        kind = BODIES.get(self.method, "Request") if is_whole else "Request"
        name = name.removeprefix("Patched").removesuffix("Request").removesuffix(kind)
        return name if name.startswith("New") else name + kind

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    # --- Members -----------------------------------------------------------------------------

    def _map_serializer_field(
        self,
        field: Any,
        direction: Any,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002 - the framework's signature
    ) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if direction == "request" and (pattern := _pattern(field)):
            schema.setdefault("pattern", pattern)
        if direction == "response":
            schema.pop("readOnly", None)  # requests have separate components
        schema.pop("title", None)  # a column's label, perhaps in another language
        return _as_text(schema) if "" in schema.get("enum", ()) else schema

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """Avoid a union for text that may be empty: most generators cannot read one."""
        super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        match schema:
            case {"oneOf": [dict(text), {"type": "string", "maxLength": 0}]}:
                del schema["oneOf"]
                schema.update(_maybe_empty(text))

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        instance = serializer() if isinstance(serializer, type) else serializer
        if direction == "response":
            schema["required"] = sorted(_always_sent(instance, schema["properties"]))
        else:
            schema["additionalProperties"] = False
            if self.method in CHANGING:
                schema["properties"].pop("id", None)
        return schema

    def is_deprecated(self) -> bool:
        return deprecation_of(self.view) is not None

    def _get_parameters(self) -> list[dict[str, Any]]:
        """Document list parameters as comma-separated values."""
        parameters: list[dict[str, Any]] = super()._get_parameters()
        for parameter in parameters:
            if parameter["in"] == "query" and parameter["schema"].get("type") == "array":
                parameter |= {"style": "form", "explode": False}
        return parameters

    # --- Answers -----------------------------------------------------------------------------

    def get_override_parameters(self) -> list[Any]:
        parameters = [
            REQUEST_ID,
            WAIT,
            CHALLENGE,
            CHALLENGE_OF_SCOPE,
            *(IDEMPOTENCY if self._is_idempotent() else ()),
        ]
        parameters += [ETAG, IF_NONE_MATCH] if self.method in SAFE_METHODS else RATE_LIMIT
        if not self._is_versioned():
            return parameters
        parameters += [ETAG, LOCATION]
        if self._changes_one():
            parameters.append(IF_MATCH)
        if self.method == "PUT":
            parameters.append(IF_NONE_YET)
        return parameters

    def _is_versioned(self) -> bool:
        return hasattr(self.view, "locked_object")

    def _changes_one(self) -> bool:
        names_one = "{id}" in self.path or self.method in CHANGING
        return self._is_versioned() and self.method != "GET" and names_one

    def _is_idempotent(self) -> bool:
        return hasattr(getattr(self.view, self._action, None), "idempotent")

    def _error_statuses(self) -> list[int]:
        statuses = [*ALWAYS]
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses += WITH_BODY
        if self._is_idempotent():
            statuses += WITH_KEY
        if self._changes_one():
            statuses.append(412)
        if self.method == "PUT":
            statuses.append(428)
        return sorted(statuses)

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses: dict[str, Any] = super()._get_response_bodies(direction=direction)
        if self.path.startswith("/api/v1/"):
            if self.method in SAFE_METHODS:
                held = self._get_response_for_code(None, "304")  # type: ignore[no-untyped-call]
                responses["304"] = {**held, "description": "Your copy is current."}
            usual = self._get_response_for_code(ApiErrorSerializer, "400")  # type: ignore[no-untyped-call]
            statuses = self._error_statuses()
            errors = {str(status): self._error_body(status, usual) for status in statuses}
            responses = {**errors, **responses}
        for status, answer in responses.items():
            answer["headers"] = self._get_response_headers_for_code(status)
            answer["description"] = answer["description"] or HTTPStatus(int(status)).phrase
        return responses

    def _error_body(self, status: int, usual: dict[str, Any]) -> dict[str, Any]:
        """`usual`: what answers most statuses, made once because to make it takes a while."""
        shape: Any = None
        view: Any = self.view
        if status == 412:
            shape = stale_error(self._noun(), view.get_serializer_class())
        if status == 409 and self._is_versioned() and view.action == "create":
            shape = taken_error(self._noun(), view.get_serializer_class())
        body = self._get_response_for_code(shape, str(status)) if shape else usual  # type: ignore[no-untyped-call]
        return {**body, "description": HTTPStatus(status).phrase}


def _as_text(schema: dict[str, Any]) -> dict[str, Any]:
    """Plain text instead of an enum with an empty value, which generators cannot name."""
    values = schema.pop("enum")
    schema.pop("description", None)
    pattern = "|".join(re.escape(value) for value in values if value)
    named = ", ".join(f"`{value}`" if value else "empty" for value in values)
    return {**schema, "pattern": f"^({pattern})?$", "description": f"One of: {named}."}


def _maybe_empty(text: dict[str, Any]) -> dict[str, Any]:
    text = {name: value for name, value in text.items() if name != "minLength"}
    if (pattern := text.get("pattern")) and not re.search(pattern, ""):
        text["pattern"] = or_empty(pattern)
    return text


def _always_sent(serializer: Any, properties: dict[str, Any]) -> set[str]:
    """The members of every response; a serializer that only writes responses may omit some.

    In a serializer that also reads requests, `required` is about the request.
    """
    if isinstance(serializer, StrictSerializer):
        return set(properties)
    return {name for name in properties if _is_sent(serializer.fields[name])}


def _is_sent(field: Any) -> bool:
    return bool(field.required or field.read_only)
