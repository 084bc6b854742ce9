"""What holds for every request: id, host, cache, body size (config/settings/apps.py)."""

import uuid

import pytest
from django.test import Client
from django.utils.translation import get_language

from core.http import NO_REQUEST, current_request_id

MIB = 1024 * 1024
TOO_LARGE = "The body may hold at most 65536 bytes."
WRONG_HOST = "This server does not serve this host."
NO_NUMBER = "Content-Length is not a number."


def assert_shape(path: str, response, status: int, code: str, detail: str) -> None:
    """One shape under /api/, the seed's under /service/, a page elsewhere."""
    assert response.status_code == status
    assert response["Cache-Control"].find("no-store") >= 0
    if path.startswith("/api/"):
        kind = "server_error" if status >= 500 else "client_error"
        errors = [{"code": code, "detail": detail, "attr": None}]
        assert response.json() == {"type": kind, "errors": errors}
    elif path.startswith("/service/"):
        assert response.json() == {"status": "failure", "message": detail}
    else:
        assert response["Content-Type"] == "text/html; charset=utf-8"
        assert detail in response.content.decode()


PATHS = ["/api/v1/account/", "/api/auth/app/v1/auth/login", "/service/sms/send", "/auth/login/"]


def test_every_answer_carries_an_id(client):
    kept = client.get("/healthz/", HTTP_X_REQUEST_ID="chosen-by-a-client")
    assert kept["X-Request-Id"] == "chosen-by-a-client"
    answers = [client.get("/healthz/", HTTP_X_REQUEST_ID="chosen by a client") for _ in range(2)]
    ids = [uuid.UUID(answer["X-Request-Id"]) for answer in answers]
    assert ids[0] != ids[1]
    assert current_request_id.get() == NO_REQUEST


def test_the_language_of_a_request_ends_with_it(client):
    """A thread that has answered in Chinese may run a task for somebody else next."""
    page = client.get("/auth/login/", HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert page["Content-Language"] == "zh-hans"
    assert get_language() == "en"


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_host_is_400_in_the_shape_of_the_path(settings, path, debug):
    """SEED-16."""
    settings.DEBUG = debug
    response = Client().get(path, HTTP_HOST="evil.example")
    assert_shape(path, response, 400, "invalid_host", WRONG_HOST)
    assert "evil.example" not in response.content.decode()
    uuid.UUID(response["X-Request-Id"])  # raises ValueError if it is none


def test_a_forwarded_host_is_not_believed(client):
    """SEED-16."""
    response = client.get("/todos/", HTTP_X_FORWARDED_HOST="evil.example")
    assert response.status_code == 302
    assert response["Location"] == "/auth/login/?next=/todos/"


@pytest.mark.parametrize("path", PATHS)
def test_a_body_over_the_limit_is_413_in_the_shape_of_the_path(client, path):
    response = client.post(path, b"x" * (65_536 + 1), content_type="application/json")
    assert_shape(path, response, 413, "body_too_large", TOO_LARGE)


def test_a_body_at_the_limit_is_read(client):
    body = b'"' + b"x" * (65_536 - 2) + b'"'
    response = client.post("/api/auth/app/v1/auth/login", body, content_type="application/json")
    assert response.json()["errors"][0]["detail"] == "The body must be a JSON object."


@pytest.mark.parametrize("length", [7, 9, 10, 70, 99, 100, 999, 7_000, 9_999, 10_000, 65_535])
def test_a_shorter_body_is_read_whatever_its_first_digit(client, length):
    body = b'"' + b"x" * (length - 2) + b'"'
    response = client.post("/api/auth/app/v1/auth/login", body, content_type="application/json")
    assert response.json()["errors"][0]["detail"] == "The body must be a JSON object."


@pytest.mark.parametrize("length", ["65537", "70000", "100000", "1000000", "9" * 19, "0065537"])
def test_a_longer_body_is_413_whatever_its_first_digit(client, length):
    response = client.post(PATHS[0], b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert_shape(PATHS[0], response, 413, "body_too_large", TOO_LARGE)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 20, "12,12", "+5"])
def test_a_content_length_that_is_no_number_is_400(client, path, length):
    response = client.post(path, b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert_shape(path, response, 400, "invalid_length", NO_NUMBER)


def test_an_empty_content_length_is_no_body(client):
    assert client.get("/healthz/", CONTENT_LENGTH="").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/healthz/", "/hello/", "/readyz/", "/auth/login/", "/api/schema/", "/api/x/", "/x/"]
)
def test_no_cache_may_keep_an_answer(client, path):
    """ASVS 14.3.2."""
    assert "no-store" in client.get(path)["Cache-Control"]


@pytest.mark.parametrize("path", ["/api/unknown/", "/api/", "/api/v2/todos/"])
def test_an_unknown_route_of_the_api_is_json_even_in_debug(client, settings, path):
    settings.DEBUG = True
    assert_shape(path, client.get(path), 404, "not_found", "Not found.")


@pytest.mark.django_db
def test_an_unknown_page_is_a_page(client):
    response = client.get("/nothing/here/")
    assert_shape("/nothing/here/", response, 404, "not_found", "Not found.")
