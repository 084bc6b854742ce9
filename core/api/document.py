"""Hooks that finish the OpenAPI document, so that generators and people can use it.

Each takes and returns the whole document; SPECTACULAR_SETTINGS names them in their order.
"""

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.urls import get_script_prefix

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
_REQUESTS = re.compile(r"^New|(Request|Update|Replacement)$")
_BY_FORMAT = {
    "date": "2026-12-01",
    "date-time": "2026-12-01T08:00:00.000Z",
    "email": "you@example.com",
    "uri": "https://nudge.example.com/",
    "uuid": "7f1c1a0e-3f52-4a8e-9a55-0c8f2f9f5b10",
}


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """(path, method, operation)"""
    for path, item in document["paths"].items():
        yield from ((path, method, item[method]) for method in METHODS if method in item)


# --- Enums --------------------------------------------------------------------------------------


def name_enums(result: Json, **kwargs: Any) -> Json:
    """Make each set of choices one component, named after a response member that uses it."""
    schemas = result["components"]["schemas"]
    named: dict[tuple[str, ...], str] = {}
    for component in sorted(schemas, key=lambda name: (bool(_REQUESTS.search(name)), name)):
        for member, schema in schemas[component].get("properties", {}).items():
            if choices := _choices(schema.get("items", schema)):
                noun = _REQUESTS.sub("", component)
                named.setdefault(choices, noun + member.title().replace("_", ""))
    found = [member for each in schemas.values() for member in each.get("properties", {}).values()]
    found += [p["schema"] for _, _, o in operations(result) for p in o.get("parameters", ())]
    for schema in (each.get("items", each) for each in found):
        schema.pop("x-spec-enum-id", None)
        if name := named.get(_choices(schema)):
            schemas.setdefault(name, {**schema, "enum": list(_choices(schema))})
            schema.clear()
            schema["$ref"] = f"#/components/schemas/{name}"
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _choices(schema: Json) -> tuple[str, ...]:
    """The values of an enum; empty if it has only one, which stays inline."""
    values = tuple(schema.get("enum", ()))
    return values if schema.get("type") == "string" and len(values) > 1 else ()


def unwrap_references(result: Json, **kwargs: Any) -> Json:
    """Replace `allOf` with one component by that component; generators would add a class for it."""
    for schema in result["components"]["schemas"].values():
        for member in schema.get("properties", {}).values():
            if len(member.get("allOf", ())) == 1:
                reference = member["allOf"][0]
                member.clear()
                member.update(reference)
    return result


# --- For people ---------------------------------------------------------------------------------


def describe_tags(result: Json, **kwargs: Any) -> Json:
    """Give each tag the description of its first operation: the docstring of the view."""
    described = {tag["name"]: tag for tag in result.get("tags", ())}
    for _, _, operation in operations(result):
        for tag in operation["tags"]:
            text = operation.get("description") or operation["summary"]
            described.setdefault(tag, {"name": tag, "description": text.split("\n\n")[0]})
    return {**result, "tags": sorted(described.values(), key=lambda tag: str(tag["name"]))}


def add_examples(result: Json, examples: Mapping[str, Any]) -> Json:
    """`examples` maps names of members to values; other members get an example of their type."""
    for component in result["components"]["schemas"].values():
        for name, schema in component.get("properties", {}).items():
            value = examples.get(name, _example(schema))
            if "$ref" not in schema and value is not None:
                schema.setdefault("examples", [value])
    return result


# Formats whose rules a pattern and lengths cannot express; these would mislead generators.
_WHOLE_RULES = frozenset({"iana-time-zone", "message-body", "phone-number"})


def add_formats(result: Json, formats: Mapping[str, str]) -> Json:
    """`formats` maps members of requests to the names of rules that no pattern can express."""
    components = result["components"]["schemas"].values()
    requests = [each for each in components if each.get("additionalProperties") is False]
    found = [pair for each in requests for pair in each["properties"].items()]
    for _, _, operation in operations(result):
        found += [(each["name"], each["schema"]) for each in operation.get("parameters", ())]
    for name, schema in found:
        if name in formats:
            _name_format(schema.get("items", schema), formats[name])
    return result


def _name_format(schema: Json, name: str) -> None:
    schema["format"] = name
    if name in _WHOLE_RULES:
        for rule in ("pattern", "minLength", "maxLength"):
            schema.pop(rule, None)


def several(result: Json, **kwargs: Any) -> Json:
    """Require at least one value in list parameters, because a URL cannot hold an empty list."""
    for _, _, operation in operations(result):
        for parameter in operation.get("parameters", ()):
            if parameter["schema"].get("type") == "array":
                parameter["schema"].setdefault("minItems", 1)
    return result


def _example(schema: Json) -> Any:
    kind: Any = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        item = _example(schema["items"])
        return None if item is None else [item]
    plain = {"integer": max(1, schema.get("minimum", 1)), "number": 1.5, "boolean": True}
    return _BY_FORMAT.get(schema.get("format", ""), plain.get(kind))


# --- Size ---------------------------------------------------------------------------------------


def share_errors(result: Json, **kwargs: Any) -> Json:
    """Move errors that several operations share into components."""
    found = Counter(_text(answer) for _, answer in _errors(result))
    shared: dict[str, str] = {}
    components: Json = {}
    for answers, status in list(_error_places(result)):
        text = _text(answers[status])
        if found[text] > 1:
            if text not in shared:
                shared[text] = _free_name(status, components)
                components[shared[text]] = answers[status]
            answers[status] = {"$ref": f"#/components/responses/{shared[text]}"}
    result["components"]["responses"] = components
    return result


def _error_places(result: Json) -> Iterator[tuple[Json, str]]:
    for _, _, operation in operations(result):
        answers = operation["responses"]
        yield from ((answers, status) for status in answers if status >= "400")


def _errors(result: Json) -> Iterator[tuple[str, Json]]:
    yield from ((status, answers[status]) for answers, status in _error_places(result))


def _text(answer: Json) -> str:
    return json.dumps(answer, sort_keys=True)


def _free_name(status: str, taken: Json) -> str:
    phrase = HTTPStatus(int(status)).phrase.title().replace(" ", "").replace("-", "")
    names = (phrase if number == 1 else f"{phrase}{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def name_server(result: Json, **kwargs: Any) -> Json:
    """Add the path prefix, such as the stage of an API Gateway."""
    return {**result, "servers": [{"url": get_script_prefix().rstrip("/") or "/"}]}


# --- Routes outside Django REST framework --------------------------------------------------------


def json_object(optional: Json | None = None, /, **required: Json) -> Json:
    """The schema of a JSON object whose members are all required, except the `optional` ones."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": sorted(required),
    }


def json_answer(description: str, schema: str, headers: Mapping[str, bool]) -> Json:
    """A response with this component as its body; True marks headers that it always has."""
    return {
        "description": description,
        "headers": {
            name: {"schema": {"type": "string"}, "required": always}
            for name, always in headers.items()
        },
        **content_of(schema),
    }


def content_of(schema: str) -> Json:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def add_routes(result: Json, paths: Json, schemas: Json, tag: Json) -> None:
    """Add routes to those of the views, with their schemas and their tag."""
    paths, schemas = copy.deepcopy(paths), copy.deepcopy(schemas)
    if both := schemas.keys() & result["components"]["schemas"].keys():
        raise ValueError(f"Two schemas have one name: {sorted(both)}")
    result["paths"].update(paths)
    result["components"]["schemas"].update(schemas)
    result.setdefault("tags", []).append(tag)
