"""Under /api/auth/ a wrong request is a clear 4xx in the one shape, never 500."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import LimitPlace, User
from tests.accounts.conftest import AUTH, PASSWORD, Phone, assert_error
from tests.conftest import bearer_token

ROUTES = [
    "auth/login",
    "auth/signup",
    "auth/password/request",
    "auth/password/reset",
    "auth/email/verify",
    "auth/email/verify/resend",
    "auth/reauthenticate",
    "auth/session",
    "auth/sessions",
    "account/email",
    "account/password/change",
    "config",
    "unknown",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["email", "password", "key", "sessions", "primary", "current_password", "new_password", "x"]
)
PLAUSIBLE = st.sampled_from(["alice@example.com", PASSWORD, "ABCD-EFGH", [1], True, "\0", "\ud800"])
BODIES = st.dictionaries(NAMES, JSON | PLAUSIBLE, max_size=4) | JSON


def send(client: APIClient, method: str, route: str, body: Any) -> Any:
    return client.generic(method, AUTH + route, body, content_type="application/json")


def assert_clear(response) -> None:
    assert response.status_code < 500
    if response.status_code >= 400:
        body = response.json()
        assert body["type"] in {"validation_error", "client_error"}
        assert body["errors"]
        for error in body["errors"]:
            assert {"code", "detail", "attr"} <= set(error)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"not json", "The body is not JSON."),
        (b"\xff\xfe", "The body is not JSON."),
        (b'{"email": ' + b"9" * 5000 + b"}", "The body is not JSON."),
        (b"[" * 6000, "The JSON is nested too deeply."),
        (b'{"a":' * 6000 + b"1" + b"}" * 6000, "The JSON is nested too deeply."),
        (b'{"email": "a@example.com", "email": "b@example.com"}', "Duplicate object member."),
        (b"[]", "The body must be a JSON object."),
        (b'"text"', "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
    ],
)
def test_a_body_that_is_no_json_object_is_400(body, detail):
    response = send(APIClient(), "POST", "auth/login", body)
    errors = [{"code": "parse_error", "detail": detail, "attr": None}]
    assert response.status_code == 400
    assert response.json() == {"status": 400, "type": "validation_error", "errors": errors}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_deep_body_is_refused_by_every_method(alice, api, method, route):
    expected = 404 if route == "unknown" else 400
    for client in (APIClient(), api(alice)):
        assert send(client, method, route, b"[" * 6000).status_code == expected


@pytest.mark.parametrize(
    "value", [1234567890, 1.5, True, None, ["a"], {"a": "b"}, "a\0b", "\ud800"]
)
@pytest.mark.parametrize("name", ["email", "password"])
def test_text_must_be_text(name, value):
    """A number or a list would otherwise become a password that nobody can type again."""
    body = {"email": "carol@example.com", "password": PASSWORD, name: value}
    response = Phone().client.generic(
        "POST", f"{AUTH}auth/signup", json.dumps(body), content_type="application/json"
    )
    error = {"code": "invalid", "detail": "Not a valid string.", "attr": name}
    assert (response.status_code, response.json()["errors"]) == (400, [error])
    assert User.objects.count() == 0


@pytest.mark.parametrize("value", ["1", [True], ["1"], [0], [2**63], [1.0], None, {"id": 1}])
def test_sessions_are_named_by_a_list_of_ids(api, alice, value):
    response = api(alice).delete(f"{AUTH}auth/sessions", {"sessions": value})
    assert_error(response, 400, "invalid", "sessions")


@pytest.mark.parametrize("value", ["true", 1, None])
def test_primary_is_a_boolean(api, alice, value):
    body = {"email": alice.email, "primary": value}
    assert_error(api(alice).patch(f"{AUTH}account/email", body), 400, "invalid", "primary")


def test_a_missing_field_is_named():
    response = APIClient().post(f"{AUTH}auth/login", {"email": "alice@example.com"})
    assert_error(response, 400, "required", "password")
    assert response.json()["errors"][0]["message"] == response.json()["errors"][0]["detail"]


def test_a_wrong_method_is_405_and_keeps_its_headers(alice):
    response = APIClient().get(f"{AUTH}auth/login")
    assert_error(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST, OPTIONS"


def test_an_unknown_route_is_404_whatever_it_is_sent():
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert_error(send(APIClient(), method, "auth/nothing", b"{"), 404, "not_found")


def test_a_second_log_in_is_409(api, alice):
    body = {"email": alice.email, "password": PASSWORD}
    assert_error(api(alice).post(f"{AUTH}auth/login", body), 409, "conflict")


def test_a_closed_sign_up_is_403(monkeypatch):
    monkeypatch.setattr(
        "accounts.allauth.adapter.AccountAdapter.is_open_for_signup", lambda *_: False
    )
    body = {"email": "carol@example.com", "password": PASSWORD}
    assert_error(APIClient().post(f"{AUTH}auth/signup", body), 403, "signup_closed")


def test_what_needs_a_fresh_proof_says_so(api, alice):
    response = api(alice).post(f"{AUTH}account/email", {"email": "new@example.com"})
    assert_error(response, 401, "reauthentication_required")
    assert {"id": "reauthenticate"} in response.json()["data"]["flows"]


def test_an_unforeseen_error_is_a_500_without_details(monkeypatch):
    def fail(*args: object, **kwargs: object) -> None:
        raise ValueError("marker")

    monkeypatch.setattr("accounts.allauth.adapter.AccountAdapter.pre_authenticate", fail)
    client = APIClient(raise_request_exception=False)
    response = client.post(f"{AUTH}auth/login", {"email": "a@example.com", "password": PASSWORD})
    assert response.status_code == 500
    assert response.json()["type"] == "server_error"
    assert "marker" not in response.content.decode()


HALF = settings().max_examples // 2  # each is a request or more


@pytest.mark.wide
@pytest.mark.parametrize("route", ROUTES)
@settings(
    max_examples=HALF,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_json_is_answered_with_500(alice, route, data):
    LimitPlace.objects.all().delete()  # otherwise most examples would meet a limit
    body = json.dumps(data.draw(BODIES)).encode()
    method = data.draw(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]))
    client = APIClient()
    if data.draw(st.booleans()):
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(alice)}")
    assert_clear(send(client, method, route, body))


@pytest.mark.usefixtures("mandatory")
@settings(
    max_examples=HALF,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(key=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30))
def test_no_key_in_a_header_is_answered_with_500(alice, key):
    LimitPlace.objects.all().delete()
    phone = Phone()
    phone.post("auth/password/request", {"email": alice.email})
    assert_clear(phone.get("auth/password/reset", **{"X-Password-Reset-Key": key}))
    assert_clear(phone.get("auth/email/verify", **{"X-Email-Verification-Key": key}))


@settings(max_examples=HALF)
@given(body=st.binary(max_size=60))
def test_no_bytes_are_answered_with_500(body):
    LimitPlace.objects.all().delete()
    assert_clear(send(APIClient(), "POST", "auth/login", body))


def test_pages_are_left_alone():
    assert Client().get("/auth/nothing/")["Content-Type"] == "text/html; charset=utf-8"
