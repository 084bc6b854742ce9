"""The OpenAPI document, once per process."""

import functools
from typing import Any


@functools.cache
def document() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415 - slow to import

    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema
