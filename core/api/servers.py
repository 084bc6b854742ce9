"""The OpenAPI document says what its paths are relative to."""

from typing import Any

from django.urls import get_script_prefix


def name_server(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Under the stage of an API Gateway the API is not at the root of its host."""
    return {**result, "servers": [{"url": get_script_prefix().rstrip("/") or "/"}]}
