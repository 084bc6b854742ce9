"""allauth's routes in the product's OpenAPI document, with the product's statuses and errors."""

import copy
import functools
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from django.urls import resolve
from drf_spectacular.extensions import OpenApiAuthenticationExtension

Json = dict[str, Any]

SECURITY_SCHEME = "deviceToken"
_METHODS = ("get", "post", "put", "patch", "delete")
_TOKEN_PARAMETER = {"$ref": "#/components/parameters/SessionToken"}
_ERRORS = {
    "400": "The body or one of its values is invalid.",
    "401": "Not signed in, or a step is missing: `data.flows` lists the next steps.",
    "403": "Not allowed.",
    "404": "Not found.",
    "409": "Conflicts with the current state of the session.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
    "503": "The database cannot be reached; `Retry-After` says how many seconds to wait.",
}
_TEXT = {"type": "string"}
_ERROR_SCHEMA = {
    "type": "object",
    "description": "The error shape of the whole API, with the members that allauth adds.",
    "required": ["type", "errors"],
    "properties": {
        "type": {"enum": ["validation_error", "client_error", "server_error"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail", "attr"],
                "properties": {
                    "code": _TEXT,
                    "detail": _TEXT,
                    "attr": {"type": ["string", "null"]},
                    "message": _TEXT,
                    "param": _TEXT,
                },
            },
        },
        "status": {"type": "integer"},
        "data": {
            "type": "object",
            "properties": {
                "flows": {"type": "array", "items": {"$ref": "#/components/schemas/Flow"}}
            },
        },
        "meta": {"$ref": "#/components/schemas/AuthenticationMeta"},
    },
}


class DeviceToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes BearerAuthentication for drf-spectacular."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = SECURITY_SCHEME

    def get_security_definition(self, auto_schema: object) -> Json:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`meta.session_token` of a sign-up or log-in under /api/auth/.",
        }


def merge_allauth(result: Json, generator: object, request: object, public: bool) -> Json:  # noqa: FBT001 - the hook's signature
    """A drf-spectacular postprocessing hook; prefixes allauth's components with Auth."""
    document = copy.deepcopy(_allauth_document())
    result["paths"].update(document["paths"])
    for kind, components in document["components"].items():
        result.setdefault("components", {}).setdefault(kind, {}).update(components)
    return result


@functools.cache
def _allauth_document() -> Json:
    document = _read_document()
    paths = {path: item for path, item in document["paths"].items() if _is_mounted(path)}
    document["components"]["schemas"]["Error"] = _ERROR_SCHEMA
    for path, item in paths.items():
        for method in _METHODS:
            if method in item:
                _correct(item[method], path, method)
    used = _used_components(paths, document["components"])
    return _prefixed({"paths": paths, "components": used})


def _read_document() -> Json:
    """allauth's document, fitted to our settings by its own code (internal: a test watches)."""
    import yaml
    from allauth.headless.spec.internal import schema as steps

    package = resources.files("allauth.headless.spec")
    document: Json = yaml.safe_load((package / "doc" / "openapi.yaml").read_text("utf-8"))
    steps.specify_user(document)
    paths = document["paths"].items()
    document["paths"] = {path.replace("/_allauth/", "/api/auth/"): item for path, item in paths}
    steps.pin_client(document)
    steps.specify_signup_fields(document)
    return document


def _is_mounted(path: str) -> bool:
    """Compares the app, because every path under /api/ resolves: unknown ones to our 404."""
    return "headless" in resolve(path).app_names


def _correct(operation: Json, path: str, method: str) -> None:
    """Our errors and statuses, Bearer instead of allauth's header, an operation id for clients."""
    name = re.sub(r"\W+", "_", path.rpartition("/v1/")[2])
    operation["operationId"] = f"auth_{name}_{method}"
    operation["tags"] = ["auth"]
    parameters = operation.pop("parameters", [])
    if others := [parameter for parameter in parameters if parameter != _TOKEN_PARAMETER]:
        operation["parameters"] = others
    operation["security"] = [{SECURITY_SCHEME: []}, {}]  # a step of signing in needs none yet
    answers = operation["responses"]
    if path.endswith("/password/change"):  # the new token of this device is in `meta`
        answers["200"] = {"$ref": "#/components/responses/Authenticated"}
    wanted = {*answers, "401", "429", "503"} | ({"400"} if method != "get" else set())
    succeeded = {status: answers[status] for status in answers if status < "400"}
    failed = {status: _error_answer(status) for status in sorted(wanted) if status in _ERRORS}
    operation["responses"] = succeeded | failed


def _error_answer(status: str) -> Json:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    answer: Json = {"description": _ERRORS[status], "content": content}
    if status in ("429", "503"):
        wait = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        answer["headers"] = {"Retry-After": wait}
    return answer


def _references(node: object) -> Iterator[tuple[str, str]]:
    """(kind, name) of every component that this part of the document refers to."""
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            kind, name = reference.split("/")[-2:]
            yield kind, name
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _used_components(paths: Json, components: Json) -> Json:
    used: Json = {}
    waiting = list(_references(paths))
    while waiting:
        kind, name = waiting.pop()
        if name not in used.setdefault(kind, {}):
            used[kind][name] = components[kind][name]
            waiting.extend(_references(components[kind][name]))
    return used


def _prefixed(document: Json) -> Json:
    """With Auth before each name, so that none collides with one of the product's own."""
    components = document["components"]
    renamed = {
        kind: {f"Auth{name}": part for name, part in parts.items()}
        for kind, parts in components.items()
    }
    return {"paths": _renamed(document["paths"]), "components": _renamed(renamed)}


def _renamed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _renamed_value(key, value) for key, value in node.items()}
    return [_renamed(value) for value in node] if isinstance(node, list) else node


def _renamed_value(key: str, value: Any) -> Any:
    if key == "$ref" and isinstance(value, str):
        path, _, name = value.rpartition("/")
        return f"{path}/Auth{name}"
    return _renamed(value)
