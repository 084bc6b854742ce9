"""One OpenAPI document: allauth's routes beside the product's own."""

import re
from typing import Any


def merge_allauth(
    result: dict[str, Any], generator: object, request: object, public: bool
) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook; operation ids make generated clients nameable."""
    from allauth.headless.spec.internal.schema import get_schema  # internal: a test watches it

    schema = get_schema()
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                name = re.sub(r"\W+", "_", path.split("/v1/")[-1])
                operation.setdefault("operationId", f"auth_{name}_{method}")
        result["paths"][path] = item
    for kind, components in schema.get("components", {}).items():
        result.setdefault("components", {}).setdefault(kind, {}).update(components)
    return result
