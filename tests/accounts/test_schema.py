"""One OpenAPI document, valid, that tells of /api/auth/ what really happens there."""

from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import validate

from tests.accounts.conftest import AUTH, PASSWORD, Phone

ROUTES = {
    "config",
    "auth/login",
    "auth/signup",
    "auth/email/verify",
    "auth/email/verify/resend",
    "auth/reauthenticate",
    "auth/password/request",
    "auth/password/reset",
    "auth/session",
    "auth/sessions",
    "account/email",
    "account/password/change",
}
ERROR = {"$ref": "#/components/schemas/AuthError"}


@pytest.fixture(scope="module")
def document() -> Any:
    return Client().get("/api/schema/").json()


def auth_operations(document: dict) -> dict[str, dict]:
    return {
        f"{method} {path.removeprefix(AUTH)}": operation
        for path, item in document["paths"].items()
        if path.startswith("/api/auth/")
        for method, operation in item.items()
    }


def test_the_document_is_valid(document):
    assert document["openapi"].startswith("3.1")
    validate(document)  # by the rules of drf-spectacular: make check


def test_the_routes_are_those_that_are_mounted(document):
    paths = {path for path in document["paths"] if path.startswith("/api/auth/")}
    assert paths == {AUTH + route for route in ROUTES}
    assert "{client}" not in str(document)
    assert "_allauth" not in "".join(document["paths"])


def test_every_operation_has_a_name_of_its_own(document):
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert len(names) == len(set(names))
    assert "auth_auth_login_post" in names


def test_errors_have_our_shape_and_our_statuses(document):
    for name, operation in auth_operations(document).items():
        failures = {s: a for s, a in operation["responses"].items() if s >= "400"}
        assert {"401", "429", "503"} <= set(failures), name
        assert "410" not in failures
        for status, answer in failures.items():
            assert answer["content"]["application/json"]["schema"] == ERROR
            assert ("Retry-After" in answer.get("headers", {})) == (status in {"429", "503"})


def test_the_token_is_a_bearer_token(document):
    scheme = document["components"]["securitySchemes"]["deviceToken"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "X-Session-Token" not in str(document)
    for operation in auth_operations(document).values():
        assert operation["security"] == [{"deviceToken": []}, {}]


def test_components_of_both_sides_never_meet(document):
    schemas = document["components"]["schemas"]
    assert "AuthUser" in schemas
    assert not {name for name in schemas if "MFA" in name and "Configuration" not in name}


@pytest.mark.django_db
def test_what_a_phone_sees_is_what_the_document_says(document, alice):
    operations = auth_operations(document)
    phone = Phone()
    for method, route, body in [
        ("get", "config", None),
        ("get", "auth/session", None),
        ("post", "auth/login", {"email": alice.email}),
        ("post", "auth/login", {"email": alice.email, "password": PASSWORD}),
        ("post", "auth/login", {"email": alice.email, "password": PASSWORD}),
        ("get", "auth/sessions", None),
        ("post", "account/password/change", {"current_password": PASSWORD, "new_password": "x"}),
        (
            "post",
            "account/password/change",
            {"current_password": PASSWORD, "new_password": "another fine password"},
        ),
        ("post", "auth/email/verify", {"key": "x"}),
        ("post", "auth/email/verify/resend", {}),
        ("get", "account/email", None),
        ("delete", "auth/session", None),
        ("post", "auth/password/reset", {"key": "x", "password": "y"}),
    ]:
        response = phone.call(method, route, body)
        known = operations[f"{method} {route}"]["responses"]
        assert str(response.status_code) in known, (method, route, response.content)
        if response.status_code >= 400:
            members = document["components"]["schemas"]["AuthError"]["properties"]
            assert set(response.json()) <= set(members)
