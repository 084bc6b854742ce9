"""The OpenAPI document is usable, not only valid: what generators choke on cannot come back.

Each rule is a habit and is asked of the whole document; none names a route or a schema.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from core.api.document import METHODS, add_routes, operations
from tests.documented import document

# Names that a generated class must not have: those of Kotlin, Swift, TypeScript, Python and Dart
# that code uses without an import, in any case.
RESERVED = set(
    """
    any array bool boolean byte char class collection comparable data date default dict
    double duration enum error event exception float function generic int integer iterable
    iterator key list long map model nil none nothing null number object optional option
    pair promise range record regex request response result self sequence set short string
    struct symbol tag task tuple type unit url uuid value void
    """.split()  # noqa: SIM905 - a line for each would hide the rules
)


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return document()


def nodes(node: Any, at: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, object) of everything in the document."""
    if isinstance(node, dict):
        yield at, node
        for key, value in node.items():
            yield from nodes(value, f"{at}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from nodes(value, f"{at}/{number}")


def schemas(whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, schema) of every object that describes values; not of examples."""
    for place, node in nodes(whole):
        described = {"type", "enum", "oneOf", "anyOf", "allOf", "properties"} & node.keys()
        is_names = place.endswith(("/properties", "/schemas", "/examples")) or "security" in place
        if described and not is_names:
            yield place, node


def bodies(whole: dict[str, Any], side: str) -> set[str]:
    """The names of the components that only requests, or answers, are made of."""
    found: set[str] = set()
    waiting: list[Any] = []
    for _, _, operation in operations(whole):
        waiting.append(
            operation.get("requestBody") if side == "request" else operation["responses"]
        )
    while waiting:
        for _, node in nodes(waiting.pop()):
            kind, name = node.get("$ref", "//").split("/")[-2:]
            if kind in ("schemas", "responses") and f"{kind}/{name}" not in found:
                found.add(f"{kind}/{name}")
                waiting.append(whole["components"][kind][name])
    return {name.removeprefix("schemas/") for name in found if name.startswith("schemas/")}


def test_the_document_is_valid(whole):
    assert whole["openapi"].startswith("3.1")
    validate(whole)  # by the rules of drf-spectacular: make check


def test_no_union_that_a_class_cannot_hold(whole):
    """A union is a reference or null; of texts or of objects it becomes an empty class."""
    unions = {
        place: node for place, node in schemas(whole) if {"oneOf", "anyOf", "allOf"} & node.keys()
    }
    nullable = {
        place
        for place, node in unions.items()
        for parts in [node.get("oneOf", ())]
        if len(parts) == 2 and "$ref" in parts[0] and parts[1] == {"type": "null"}
    }
    assert set(unions) == nullable


def test_an_answer_with_a_type_of_its_own_has_no_pattern(whole):
    """A client checks the pattern against the moment that it has read, and refuses it."""
    components = whole["components"]["schemas"]
    wrong = [
        f"{name}.{member}"
        for name in sorted(bodies(whole, "response"))
        for member, schema in components[name].get("properties", {}).items()
        if "pattern" in schema and schema.get("format") in ("date", "date-time", "uuid")
    ]
    assert wrong == []


def test_a_choice_is_a_text_with_a_name(whole):
    """No empty value, no boolean of one value, no mixture of types."""
    wrong = [
        place
        for place, node in schemas(whole)
        for value in node.get("enum", ())
        if not (node.get("type") == "string" and re.fullmatch(r"-?[A-Za-z0-9][\w .-]*", value))
    ]
    assert wrong == []


def test_a_choice_of_several_is_one_component(whole):
    inline = [
        place
        for place, node in schemas(whole)
        if len(node.get("enum", ())) > 1 and not re.fullmatch(r"#/components/schemas/\w+", place)
    ]
    several = [place for place in inline if "/parameters/" not in place]
    assert several == []


def test_every_type_is_named_and_at_most_nullable(whole):
    """Of two types one is null; what has no type is a reference or a union with one."""
    wrong = [
        place
        for place, node in schemas(whole)
        for kind in [node.get("type")]
        if (kind is None and "oneOf" not in node)
        or (isinstance(kind, list) and (len(kind) != 2 or kind[1] != "null"))
    ]
    assert wrong == []


def test_no_component_has_a_name_that_a_language_uses(whole):
    names = whole["components"]["schemas"]
    assert [name for name in names if name.lower() in RESERVED] == []
    assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z]+", name)] == []
    assert len({name.lower() for name in names}) == len(names)  # files on a Mac
    assert [name for name in names if re.search(r"(\w{4,})\1|Inline|Paginated|Enum$", name)] == []


def test_no_answer_is_an_object_without_members(whole):
    """Nothing can be read from `object` alone."""
    wrong = [
        place
        for place, node in schemas(whole)
        if node.get("type") == "object"
        if not (node.get("properties") or "type" in node.get("additionalProperties", {}))
    ]
    assert wrong == []


def test_requests_and_answers_have_components_of_their_own(whole):
    """What a request may leave out an answer always sends; so no object is both."""
    both = bodies(whole, "request") & bodies(whole, "response")
    both = {name for name in both if "properties" in whole["components"]["schemas"][name]}
    assert both == set()
    flags = [place for place, node in schemas(whole) if {"readOnly", "writeOnly"} & node.keys()]
    assert flags == []


def test_requests_are_closed_and_answers_may_grow(whole):
    components = whole["components"]["schemas"]
    objects = {name for name, schema in components.items() if "properties" in schema}
    closed = {name for name in objects if components[name].get("additionalProperties") is False}
    assert closed == objects & bodies(whole, "request")


def test_a_member_that_an_answer_may_lack_says_when_it_is_there(whole):
    """All others are required: a client need not ask whether an id is there."""
    components = whole["components"]["schemas"]
    silent = [
        f"{name}.{member}"
        for name in sorted(bodies(whole, "response"))
        for member, schema in components[name].get("properties", {}).items()
        if member not in components[name]["required"]
        if not ("description" in schema or "$ref" in schema or "items" in schema)
    ]
    assert silent == []


def test_an_operation_of_sync_need_not_name_all_members(whole):
    fields = whole["components"]["schemas"]["OperationFieldsRequest"]
    assert {"title", "name", "time_zone", "tags_added", "todos"} <= set(fields["properties"])
    assert "required" not in fields


def test_every_component_is_used(whole):
    used = bodies(whole, "request") | bodies(whole, "response")
    used |= {node["$ref"].split("/")[-1] for _, node in nodes(whole["paths"]) if "$ref" in node}
    assert set(whole["components"]["schemas"]) == used & set(whole["components"]["schemas"])


def test_every_operation_is_named_for_people(whole):
    names = [operation["operationId"] for _, _, operation in operations(whole)]
    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)] == []
    words = RESERVED | {"delete", "import", "return", "continue"}
    assert [name for name in names if name.lower() in words] == []


def test_every_operation_has_a_summary_of_its_own(whole):
    summaries = [operation["summary"] for _, _, operation in operations(whole)]
    assert len(set(summaries)) == len(summaries)
    assert [text for text in summaries if not re.fullmatch(r"[A-Z].{3,90}[^.]", text)] == []


def test_every_tag_is_described(whole):
    described = {tag["name"]: tag["description"] for tag in whole["tags"]}
    used = {tag for _, _, operation in operations(whole) for tag in operation["tags"]}
    assert set(described) == used
    assert all(len(text) > 10 for text in described.values())


def test_every_answer_is_described_and_has_a_request_id(whole):
    shared = whole["components"]["responses"]
    for path, method, operation in operations(whole):
        for status, written in operation["responses"].items():
            answer = shared.get(written.get("$ref", "").split("/")[-1], written)
            assert answer["description"], (path, method, status)
            assert answer["headers"]["X-Request-Id"]["required"], (path, method, status)


def test_every_example_fits_and_every_pattern_has_one(whole):
    checker = FormatChecker()
    for place, node in schemas(whole):
        schema = {**node, "components": whole["components"]}
        for example in node.get("examples", ()):
            errors = Draft202012Validator(schema, format_checker=checker).iter_errors(example)
            assert [error.message for error in errors] == [], place
        if "pattern" in node and re.search(r"/schemas/\w+/properties/\w+$", place):
            assert node.get("examples"), place


def test_the_token_is_a_bearer_token(whole):
    scheme = whole["components"]["securitySchemes"]["deviceToken"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "X-Session-Token" not in str(whole)


def mounted(resolver: Any, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        route = prefix + re.sub(r"<(?:\w+:)?\w+>", "{id}", str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from mounted(pattern, route)
        else:
            yield route, pattern.callback


def test_the_account_routes_are_those_that_are_mounted(whole):
    """By path and method: nothing that is not served, and all that is."""
    served = set()
    for route, view in mounted(get_resolver()):
        if route.startswith("/api/auth/") and is_offered(route, view):
            served |= {(route, m) for m in METHODS if hasattr(view.view_class, m)}
    documented = {
        (path, method) for path, method, _ in operations(whole) if path.startswith("/api/auth/")
    }
    assert documented == served
    assert len(documented) > 15


def is_offered(route: str, view: Any) -> bool:
    """Whether this view answers there, and not one that is mounted before it."""
    return hasattr(view, "view_class") and get_resolver().resolve(route).func is view


def test_two_schemas_of_one_name_are_refused():
    made: dict[str, Any] = {"paths": {}, "components": {"schemas": {"Todo": {}}}}
    with pytest.raises(ValueError, match=r"^Two schemas have one name: \['Todo'\]$"):
        add_routes(made, {}, {"Todo": {}, "Other": {}}, {"name": "a"})
