"""Django's error handlers: the shape of the path, and nothing of the inside."""

import re

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.test import Client

from config import errors, health
from core import errors as core_errors
from core import middleware as core_middleware
from tests.core.test_middleware import assert_shape

LANGUAGES = ["en", "de", "en"]
HANDLED = [
    (BadRequest("marker"), 400, "bad_request", "The request could not be understood."),
    (PermissionDenied("marker"), 403, "permission_denied", "You may not do this."),
    (ValueError("marker"), 500, "error", "Something went wrong on our side."),
]


@pytest.mark.undocumented("the view of /hello/ is replaced by one that fails")
@pytest.mark.parametrize(("error", "status", "code", "detail"), HANDLED, ids=str)
def test_an_error_of_a_view_is_short_and_silent(settings, monkeypatch, error, status, code, detail):
    settings.DEBUG = False

    def fail(request: object) -> None:
        raise error

    monkeypatch.setattr(health, "JsonResponse", fail)
    response = Client(raise_request_exception=False).get("/hello/")
    assert_shape("/hello/", response, status, code, detail)
    assert "marker" not in response.content.decode()


@pytest.mark.parametrize("path", ["/api/x", "/service/x", "/x"])
@pytest.mark.parametrize(
    ("handler", "status", "code"),
    [
        (errors.bad_request, 400, "bad_request"),
        (errors.forbidden, 403, "permission_denied"),
        (errors.csrf_failure, 403, "csrf_failed"),
        (errors.not_found, 404, "not_found"),
    ],
)
def test_every_handler_speaks_the_shape_of_the_path(rf, path, handler, status, code):
    response = handler(rf.get(path), PermissionDenied())
    assert response.status_code == status
    assert (code in response.content.decode()) is (path == "/api/x")
    assert response["Content-Type"].startswith("text/html" if path == "/x" else "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/service/nothing/"])
def test_a_path_that_there_is_not_asks_for_no_token_of_a_form(path):
    response = Client(enforce_csrf_checks=True).post(path)
    assert (response.status_code, "csrf" in response.text) == (404, False)


@pytest.fixture
def _shouted(monkeypatch) -> None:
    """As if there were a catalogue of our sentences."""
    for module in (errors, core_errors, core_middleware):
        monkeypatch.setattr(module, "_", str.upper)


@pytest.mark.usefixtures("_shouted")
@pytest.mark.parametrize(
    "handler", [errors.bad_request, errors.forbidden, errors.csrf_failure, errors.not_found]
)
@pytest.mark.parametrize("path", ["/x", "/api/x", "/service/x"])
def test_what_people_read_of_an_error_is_translated(rf, handler, path):
    assert re.search(r"[A-Z ]{9,}", handler(rf.get(path), PermissionDenied()).text)


@pytest.mark.usefixtures("_shouted")
def test_what_people_read_of_a_refusal_is_translated(rf, monkeypatch):
    client = Client()
    assert "THIS SERVER DOES NOT SERVE THIS HOST." in client.get("/", HTTP_HOST="evil.example").text
    assert "CONTENT-LENGTH IS NOT A NUMBER." in client.get("/", CONTENT_LENGTH="x").text
    monkeypatch.setattr(core_middleware, "_", lambda text: text.replace("body", "letter"))
    large = client.post("/", b"x" * 70_000, content_type="text/plain")
    assert "The letter may hold at most 65536 bytes." in large.text
    assert "PLEASE WAIT A MINUTE" in errors.too_many(rf.get("/")).text
    assert "SOMETHING WENT WRONG ON OUR SIDE." in errors.server_error(rf.get("/")).text
    assert "NOTHING WAS CHANGED" in core_errors.database_unavailable(rf.get("/")).text
    assert "NOT FOUND." in errors.api_not_found(rf.get("/")).text


def test_a_refusal_is_in_the_language_of_its_own_request(settings):
    """Not in that of the request which the thread served before."""
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    asked = [Client().get("/", HTTP_HOST="evil", headers={"Accept-Language": c}) for c in LANGUAGES]
    assert [answer["Content-Language"] for answer in asked] == LANGUAGES
