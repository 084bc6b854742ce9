"""Django's error handlers: the shape of the path, and nothing of the inside."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.test import Client

from config import errors, health
from tests.core.test_middleware import assert_shape

HANDLED = [
    (BadRequest("marker"), 400, "bad_request", "The request could not be understood."),
    (PermissionDenied("marker"), 403, "permission_denied", "You may not do this."),
    (ValueError("marker"), 500, "error", "Something went wrong on our side."),
]


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
