"""The OpenAPI document says what every route may answer, errors included."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

ALWAYS = (400, 401, 404, 405, 406, 413, 429, 500, 503)
WITH_BODY = (409, 415)
WITH_VERSION = (412,)

ERROR = inline_serializer(
    "Error",
    {
        "type": serializers.ChoiceField(
            choices=["validation_error", "client_error", "server_error"]
        ),
        "errors": inline_serializer(
            "ErrorItem",
            {
                "code": serializers.CharField(),
                "detail": serializers.CharField(),
                "attr": serializers.CharField(allow_null=True),
            },
            many=True,
        ),
    },
)


class DocumentedSchema(AutoSchema):
    """Adds the errors that every authenticated route shares, all of the one shape."""

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def _error_statuses(self) -> list[int]:
        statuses = [*ALWAYS]
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses += [403, *WITH_BODY]
        if self.method in ("PUT", "PATCH", "DELETE"):
            statuses += WITH_VERSION
        if self.method == "PUT":
            statuses.append(428)
        return sorted(statuses)

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses: dict[str, Any] = super()._get_response_bodies(direction=direction)
        if direction != "response" or not self.path.startswith("/api/v1/"):
            return responses
        for status in self._error_statuses():
            if str(status) not in responses:
                body = self._get_response_for_code(ERROR, str(status))  # type: ignore[no-untyped-call]
                responses[str(status)] = {**body, "description": HTTPStatus(status).phrase}
        return responses
