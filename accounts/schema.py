"""One OpenAPI document: allauth's routes beside the product's own."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


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


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document names accounts.authentication.BearerAuthentication."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A device's session token."}
