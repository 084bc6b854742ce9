"""Which scripts of other origins may call which paths, and what of the answer they may read."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.builders import make_todo
from tests.documented import document

ORIGIN = "https://app.example.com"
TODOS = "/api/v1/todos/"
LOG_IN = "/api/auth/app/v1/auth/login"
SEND = "/service/sms/send"
METHODS = "DELETE, GET, OPTIONS, PATCH, POST, PUT"
REQUEST_HEADERS = (
    "accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with, "
    "device-token, idempotency-key, if-match, if-none-match, x-email-verification-key, "
    "x-password-reset-key, x-request-id, x-session-token"
)
ANSWER = {
    "access-control-allow-origin": ORIGIN,
    "access-control-expose-headers": (
        "Deprecation, Device-Token, ETag, Idempotency-Replayed, Link, Location, RateLimit, "
        "RateLimit-Policy, Retry-After, Sunset, WWW-Authenticate, X-Request-Id"
    ),
}
PREFLIGHT = {
    **ANSWER,
    "access-control-allow-headers": REQUEST_HEADERS,
    "access-control-allow-methods": METHODS,
    "access-control-max-age": "86400",
}
PAGES = [
    "/",
    "/todos/",
    "/account/",
    "/auth/login/",
    "/admin/",
    "/hello/",
    "/healthz/",
    "/unknown/",
]
OTHERS = [
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://evil.example/https://app.example.com",
    "https://sub.app.example.com",
    "https://example.com",
    "https://app-example.com",
    "null",
    "*",
]


@pytest.fixture(autouse=True)
def _one_origin(settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def told(response) -> dict[str, str]:
    """What the answer says to a browser about other origins."""
    return {
        name.lower(): value
        for name, value in response.items()
        if name.lower().startswith("access-control-")
    }


def preflight(path: str, origin: str = ORIGIN, method: str = "PATCH", **extra: Any):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,if-match",
    }
    return APIClient().options(path, headers=headers, **extra)


@pytest.mark.parametrize("path", [TODOS, "/api/v1/account/", LOG_IN, SEND, "/api/unknown/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_a_preflight_needs_no_token_and_no_database(path, method):
    response = preflight(path, method=method)

    assert (response.status_code, response.content) == (200, b"")
    assert told(response) == PREFLIGHT
    assert "origin" in response["Vary"]


@pytest.mark.django_db
def test_a_script_of_an_allowed_origin_reads_answers_and_their_headers(api, alice, bob):
    make_todo(alice, "hers")
    make_todo(bob, "his")

    response = api(alice).get(TODOS, headers={"Origin": ORIGIN})

    assert [row["title"] for row in response.json()["results"]] == ["hers"]
    assert told(response) == ANSWER
    assert "origin" in response["Vary"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "extra", "status"),
    [
        (TODOS, {}, 401),
        (LOG_IN, {}, 400),
        (SEND, {}, 401),
        ("/api/unknown/", {}, 404),
        (TODOS, {"CONTENT_LENGTH": "65537"}, 413),
        (TODOS, {"CONTENT_LENGTH": "many"}, 400),
    ],
)
def test_a_script_of_an_allowed_origin_reads_errors_too(path, extra, status):
    response = APIClient().post(path, {}, format="json", headers={"Origin": ORIGIN}, **extra)

    assert (response.status_code, told(response)) == (status, ANSWER)


@pytest.mark.django_db
@pytest.mark.parametrize("origin", OTHERS)
def test_a_script_of_another_origin_reads_no_answer(api, alice, origin):
    assert told(api(alice).get(TODOS, headers={"Origin": origin})) == {}
    assert told(preflight(TODOS, origin)) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_no_script_of_another_origin_reads_a_page(web, alice, path):
    assert told(web(alice).get(path, headers={"Origin": ORIGIN})) == {}
    assert told(preflight(path)) == {}


@pytest.mark.django_db
def test_without_a_setting_no_other_origin_is_allowed(settings_of, settings, api, alice):
    settings.CORS_ALLOWED_ORIGINS = settings_of()["CORS_ALLOWED_ORIGINS"]

    assert told(api(alice).get(TODOS, headers={"Origin": ORIGIN})) == {}
    assert told(preflight(TODOS)) == {}


def test_origins_come_from_the_environment(settings_of):
    values = settings_of(CORS_ALLOWED_ORIGINS=f"{ORIGIN}, http://localhost:3000")

    assert values["CORS_ALLOWED_ORIGINS"] == [ORIGIN, "http://localhost:3000"]


def test_cookies_are_for_our_own_origin(settings_of):
    """A script of another origin has a token: with cookies it would act for whoever visits it."""
    assert "access-control-allow-credentials" not in told(preflight(TODOS))
    assert "CORS_ALLOW_CREDENTIALS" not in settings_of()


def headers_of(place: str) -> set[str]:
    """The names of all headers of requests, or of answers, in the OpenAPI document."""
    paths = document()["paths"].values()
    operations = [operation for item in paths for operation in item.values()]
    if place == "requests":
        named = [each for operation in operations for each in operation.get("parameters", [])]
        return {each["name"].lower() for each in named if each["in"] == "header"}
    answers = [each for operation in operations for each in operation["responses"].values()]
    answers += document()["components"]["responses"].values()
    return {name.lower() for answer in answers for name in answer.get("headers", {})}


def test_every_header_of_the_document_may_be_sent_and_read(settings):
    allowed = set(settings.CORS_ALLOW_HEADERS)
    exposed = {name.lower() for name in settings.CORS_EXPOSE_HEADERS}
    assert {"x-password-reset-key", "if-match"} <= headers_of("requests") <= allowed
    assert {"ratelimit", "location", "retry-after"} <= headers_of("answers") <= exposed
    assert "x-session-token" in allowed  # instead of Authorization, in clients of allauth


def test_the_stage_of_an_api_gateway_is_no_part_of_the_path():
    assert told(preflight(TODOS, SCRIPT_NAME="/dev")) == PREFLIGHT
    assert told(preflight("/todos/", SCRIPT_NAME="/api")) == {}
