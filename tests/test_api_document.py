"""docs/api.md is true: its routes, members, filters and error codes are compared with the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import password_validation
from django.urls import resolve
from rest_framework.exceptions import APIException

from accounts.allauth.mfa import MFAAdapter
from accounts.api.serializers import ProfileSerializer
from sms import policy
from sms.api.phone import PhoneSerializer
from sms.api.serializers import (
    MessageDetailSerializer,
    MessageFilterSerializer,
    SegmentsSerializer,
)
from tests.documented import document
from todos.api.filters import ORDERINGS, TodoFilterSerializer
from todos.api.serializers import ListSerializer, TodoSerializer

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "config", "core", "serverless", "sms", "todos")
API = (ROOT / "docs" / "api.md").read_text()

# Codes of Django REST framework that requests can provoke; a test elsewhere proves each.
FRAMEWORK_CODES = {
    "authentication_failed",
    "blank",
    "invalid_choice",
    "max_length",
    "max_value",
    "method_not_allowed",
    "min_value",
    "not_a_list",
    "not_acceptable",
    "not_authenticated",
    "null",
    "null_characters_not_allowed",
    "required",
    "surrogate_characters_not_allowed",
    "unsupported_media_type",
}
PASSWORD_CODES = {
    "password_entirely_numeric": password_validation.NumericPasswordValidator,
    "password_too_common": password_validation.CommonPasswordValidator,
    "password_too_short": password_validation.MinimumLengthValidator,
    "password_too_similar": password_validation.UserAttributeSimilarityValidator,
}


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one of the same or a higher level."""
    found = re.search(
        rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, heading
    body = found[2]
    return re.split(rf"^#{{1,{len(found[1])}}} ", body, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row that begins with `code`, without back-ticks in the first."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    return [[row[0].strip("`"), *row[1:]] for row in cells]


def first_cells(heading: str) -> list[str]:
    found = [row[0] for row in rows(section(API, heading))]
    assert len(found) == len(set(found)), heading
    return found


# --- Routes and members -------------------------------------------------------------------------


def documented_routes() -> list[tuple[str, str]]:
    return re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`", API, re.MULTILINE)


def schema_routes() -> set[tuple[str, str]]:
    paths = document()["paths"]
    verbs = ("get", "post", "put", "patch", "delete")
    return {(verb.upper(), path) for path, item in paths.items() for verb in verbs if verb in item}


@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/auth/"])
def test_the_routes_are_the_schema(prefix):
    documented = [route for route in documented_routes() if route[1].startswith(prefix)]
    assert len(documented) == len(set(documented))
    assert set(documented) == {route for route in schema_routes() if route[1].startswith(prefix)}


def test_every_route_that_is_named_resolves():
    others = [path for _, path in documented_routes() if not path.startswith("/api/v1/")]
    others += re.findall(r"`(?:POST )?(/service/[^`]+)`", API)
    assert "/service/sms/send" in others
    assert [path for path in others if resolve(path).view_name == "api-not-found"] == []


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Filters", set(TodoFilterSerializer().fields)),
        ("Orderings", set(ORDERINGS)),
        ("Profile", set(ProfileSerializer.Meta.fields)),
        ("Phone number", set(PhoneSerializer().fields)),
        ("Lists", set(ListSerializer.Meta.fields)),
        ("To-dos", set(TodoSerializer.Meta.fields)),
        ("Messages", set(MessageDetailSerializer.Meta.fields)),
        ("Filters of messages", set(MessageFilterSerializer().fields)),
        ("Segments", set(SegmentsSerializer().fields)),
    ],
)
def test_the_members_of_a_table_are_the_code(heading, names):
    text = section(API, heading)
    if heading == "To-dos":  # its own subsections have tables of their own
        text = text.split("### ")[0]
    found = [row[0] for row in rows(text) if " /" not in row[0]]
    assert len(found) == len(set(found))
    assert set(found) == names


# --- Error codes ---------------------------------------------------------------------------------


def sources() -> Iterator[Path]:
    for app in APPS:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def strings(nodes: list) -> list[str]:
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def codes_in(node: ast.AST) -> list[str]:
    """The error codes that this node names, in any of the ways the source has of naming one."""
    match node:
        case ast.keyword(arg="code", value=value):
            return strings([value])
        case ast.Assign(targets=[ast.Name(id="default_code")], value=value):
            return strings([value])
        case ast.Assign(targets=[ast.Name(id="default_error_messages")], value=ast.Dict(keys=keys)):
            return strings(keys)
        case ast.Call(func=ast.Name(id="error_response"), args=[_, _, code, *_]):
            return strings([code])
        case ast.Call(func=ast.Name(id="SendError" | "_fault" | "_error"), args=[code, *_]):
            return strings([code])
        case ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant(value=str(sentence))]):
            return [code] if re.fullmatch(r"[a-z_]+", code) and sentence.endswith(".") else []
    return []


def product_codes() -> set[str]:
    nodes = (node for path in sources() for node in ast.walk(ast.parse(path.read_text())))
    return {code for node in nodes for code in codes_in(node)}


def exceptions(base: type[APIException] = APIException) -> Iterator[type[APIException]]:
    yield base
    for child in base.__subclasses__():
        yield from exceptions(child)


# A request has an account or is refused before; sending again is an action of the admin.
NOT_OVER_HTTP = {"sender_required", "not_repeatable"}


def test_the_table_of_codes_is_what_the_product_can_raise():
    codes = (product_codes() | FRAMEWORK_CODES) - NOT_OVER_HTTP
    assert set(first_cells("Error codes")) == codes


def test_the_statuses_of_the_codes_are_those_of_their_exceptions():
    table = {row[0]: row[1] for row in rows(section(API, "Error codes"))}
    raised = {e.default_code: str(int(e.status_code)) for e in exceptions()}
    raised |= {code: str(int(status)) for code, status in policy.STATUS.items()}
    shared = set(table) & set(raised) - {"throttled"}
    assert {code: table[code] for code in shared} == {code: raised[code] for code in shared}
    assert {"conflict", "not_found", "version_mismatch", "database_unavailable"} <= shared


@pytest.mark.parametrize("code", sorted(FRAMEWORK_CODES))
def test_every_code_of_the_framework_is_proved_elsewhere(code):
    here = Path(__file__)
    tests = (path for path in here.parent.rglob("test_*.py") if path != here)
    assert any(f'"{code}"' in path.read_text() for path in tests)


def test_the_codes_of_the_account_api_exist():
    named = set(first_cells("Codes of the account API"))
    password = {code for code in named if code.startswith("password_")}
    assert password == set(PASSWORD_CODES)
    adapters = (DefaultAccountAdapter, MFAAdapter)
    assert named - password <= {code for each in adapters for code in each.error_messages}
    assert named & set(first_cells("Error codes")) == set()


def test_the_password_validators_are_those_documented(settings):
    active = password_validation.get_password_validators(settings.AUTH_PASSWORD_VALIDATORS)
    assert {type(v) for v in active} == set(PASSWORD_CODES.values())
