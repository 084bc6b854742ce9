"""A database that cannot do its work is 503 with Retry-After, in every shape, and never 500."""

from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, InternalError, OperationalError, connections
from django.db.backends.utils import CursorWrapper
from django.test import Client
from rest_framework.test import APIClient

from accounts.sessions import SessionStore
from core.api.errors import ExceptionHandler, ServiceUnavailable
from core.errors import drop_connection, is_database_away
from tests.core.test_middleware import assert_shape

DETAIL = "The database cannot be reached. Nothing was changed; please try again in a moment."


def read_only() -> InternalError:
    """What Django makes of a write on a PostgreSQL that was demoted while we were connected."""
    error = InternalError("cannot execute INSERT in a read-only transaction")
    error.__cause__ = psycopg.errors.ReadOnlySqlTransaction(str(error))
    return error


AWAY = {
    "refused": lambda: OperationalError("connection refused"),
    "too many": lambda: OperationalError("FATAL: sorry, too many clients already"),
    "closed": lambda: InterfaceError("connection already closed"),
    "read-only": read_only,
}


@pytest.fixture(params=AWAY)
def error(request) -> Exception:
    return AWAY[request.param]()


@pytest.fixture
def broken(monkeypatch):
    """`broken(error)`: every statement fails so from now on."""

    def use(error: Exception) -> None:
        def fail(*args: object, **kwargs: object) -> None:
            raise error

        monkeypatch.setattr(CursorWrapper, "execute", fail)
        monkeypatch.setattr(CursorWrapper, "executemany", fail)

    return use


def assert_503(path: str, response) -> None:
    assert response["Retry-After"] == "5"
    assert_shape(path, response, 503, "database_unavailable", DETAIL)


def test_errors_of_an_absent_database_are_recognised(error):
    assert is_database_away(error)


@pytest.mark.parametrize(
    "other", [None, InternalError("invalid cursor"), ValueError("x"), UpdateError()]
)
def test_other_errors_are_ours(other):
    assert not is_database_away(other)


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/api/v1/account/", "/api/auth/app/v1/auth/session"])
def test_an_api_call_with_a_token_is_503(settings, api, alice, broken, path, error, debug):
    settings.DEBUG = debug
    client = api(alice)
    client.raise_request_exception = False
    broken(error)
    assert_503(path, client.get(path))


@pytest.mark.django_db
def test_a_log_in_is_503_on_the_page_and_in_the_api(broken, error):
    fields = {"login": "alice@example.com", "password": "correct horse battery"}
    client = Client(raise_request_exception=False)
    broken(error)
    assert_503("/auth/login/", client.post("/auth/login/", fields))
    path = "/api/auth/app/v1/auth/login"
    body = {"email": fields["login"], "password": fields["password"]}
    assert_503(path, APIClient().post(path, body))


@pytest.mark.wide
@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "path",
    [
        "/todos/",
        "/account/",
        "/auth/login/",
        "/auth/email/",
        "/admin/",
        "/admin/accounts/user/",
        "/api/v1/account/",
    ],
)
def test_a_page_of_a_signed_in_person_is_503(settings, web, staff, broken, path, error, debug):
    """The session is read in a middleware, where Django would say 500."""
    settings.DEBUG = debug
    client = web(staff)
    client.raise_request_exception = False
    broken(error)
    assert_503(path, client.get(path))


@pytest.mark.django_db
def test_another_error_of_the_session_is_ours(settings, web, alice, monkeypatch):
    settings.DEBUG = False
    client = web(alice)
    client.raise_request_exception = False

    def fail(self: object) -> None:
        raise ValueError("marker")

    monkeypatch.setattr(SessionStore, "load", fail)
    detail = "Something went wrong on our side."
    assert_shape("/account/", client.get("/account/"), 500, "error", detail)


@pytest.mark.django_db
def test_the_seed_route_keeps_its_own_shape(settings, web, alice, broken, error):
    settings.DEBUG = False
    client = web(alice)
    client.raise_request_exception = False
    broken(error)
    path = "/service/sms/send"
    response = client.post(path, b'{"message": "hi"}', content_type="application/json")
    assert_503(path, response)


@pytest.mark.django_db
def test_a_session_that_cannot_be_saved_is_503(settings, web, alice, monkeypatch, error):
    """After the view, in the middleware; Django's own store would call it a deleted session."""
    settings.DEBUG = False
    settings.SESSION_SAVE_EVERY_REQUEST = True
    client = web(alice)
    client.raise_request_exception = False

    def fail(self: object, must_create: bool = False) -> None:  # noqa: FBT001, FBT002
        try:
            raise error
        except type(error):
            raise UpdateError  # noqa: B904 - as Django does

    monkeypatch.setattr(SessionStore.__mro__[1], "save", fail)
    assert_503("/account/", client.get("/account/"))


@pytest.mark.django_db
def test_a_deleted_session_is_not_an_absent_database():
    session = SessionStore()
    session.create()
    SessionStore().delete(session.session_key)
    with pytest.raises(UpdateError):
        session.save()


@pytest.mark.django_db
def test_readyz_says_why_and_keeps_the_details(client, broken):
    broken(OperationalError("marker: could not connect to db.internal"))
    response = client.get("/readyz/")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json()["status"] == "unavailable"
    assert response.json()["reason"] == "database unreachable"
    assert "marker" not in response.content.decode()


@pytest.mark.parametrize("inside", [True, False])
def test_the_connection_is_dropped_unless_a_block_needs_it(monkeypatch, inside):
    """Its health check passes on a read-only replica, so a kept one would fail again."""
    close = Mock()
    monkeypatch.setattr(connections["default"], "close", close)
    monkeypatch.setattr(connections["default"], "in_atomic_block", inside)
    drop_connection()
    assert close.called is not inside


def test_the_rest_handler_knows_the_same_errors(monkeypatch, error):
    close = Mock()
    monkeypatch.setattr(connections["default"], "close", close)
    monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    context: Any = {"view": None, "request": None, "args": (), "kwargs": {}}
    handler = ExceptionHandler(error, context)
    assert isinstance(handler.convert_known_exceptions(error), ServiceUnavailable)
    assert close.call_count == 1
