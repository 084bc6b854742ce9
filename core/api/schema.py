"""The OpenAPI document says what every route may answer, errors included."""

from typing import Any

from drf_standardized_errors.openapi import AutoSchema


class DocumentedSchema(AutoSchema):
    """Operations named resource_action; the error answers every authenticated route shares."""

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]
