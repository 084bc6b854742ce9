"""A phone that speaks to /api/auth/, and the two modes of proving an address."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from rest_framework.test import APIClient

AUTH = "/api/auth/app/v1/"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _with_the_database(db) -> None:
    """Limits are counted there."""


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stands still unless the test moves it."""
    with time_machine.travel(datetime(2026, 11, 20, 12, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def commits_at_once(monkeypatch) -> None:
    """allauth tells of a changed factor after its transaction, which a test never ends."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda done: done())


@pytest.fixture
def mandatory(settings) -> None:
    """As on a server: an address must be proved, by a code."""
    assert reverse("account_login")  # allauth's list of routes looks at the settings once
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True


class Phone:
    """Keeps the token it was last given, as the mobile guide says."""

    def __init__(self, address: str = "198.51.100.1") -> None:
        self.client = APIClient(REMOTE_ADDR=address, HTTP_USER_AGENT="Phone/1.0")
        self.token: str | None = None

    def call(self, method: str, route: str, body: object = None, **headers: str) -> Any:
        path = route if route.startswith("/") else AUTH + route
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        response = self.send(method, path, body, headers)
        is_json = response.headers.get("Content-Type") == "application/json"
        if is_json and response.content:  # API Gateway says so of an empty 204, too
            meta = response.json().get("meta") or {}
            self.token = meta.get("session_token", self.token)
        return response

    def send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
        return getattr(self.client, method)(path, body, headers=headers)

    def get(self, route: str, **headers: str) -> Any:
        return self.call("get", route, **headers)

    def post(self, route: str, body: object = None, **headers: str) -> Any:
        return self.call("post", route, body, **headers)

    def delete(self, route: str, body: object = None) -> Any:
        return self.call("delete", route, body)

    def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.post("auth/login", {"email": email, "password": password})


@pytest.fixture
def phone() -> Phone:
    return Phone()


def mailed_code() -> str:
    """The code of the last mail."""
    found = re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found
    return found[0]


def assert_error(response: Any, status: int, code: str, attr: str | None = None) -> None:
    """The one shape of the API, beside what allauth adds."""
    body = response.json()
    assert response.status_code == status
    kind = "validation_error" if status == 400 else "client_error"
    assert body["type"] == kind
    error = body["errors"][0]
    assert (error["code"], error["attr"]) == (code, attr)
    assert isinstance(error["detail"], str)
    assert error["detail"]
    if status == 401:
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    if status == 429:
        assert int(response["Retry-After"]) > 0
