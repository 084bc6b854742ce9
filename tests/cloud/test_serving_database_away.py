"""The database goes away under a stage that serves, and comes back."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cloud.local import Cloud, eventually, restart
from tests.cloud.people import Phone, signed_up

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
PARAMETER = "/nudge/dev/DATABASE_URL"
PASSWORD = f"planted-password-{secrets.token_hex(8)}"


def point_to(cloud: Cloud, url: str) -> None:
    """As an operator does it."""
    cloud.client("ssm").put_parameter(
        Name=PARAMETER, Value=url, Type="SecureString", Overwrite=True
    )
    restart(cloud)


@pytest.fixture
def phone(cloud: Cloud) -> Phone:
    made, _email = signed_up(cloud, "alice")
    return made


@contextmanager
def away(cloud: Cloud, phone: Phone) -> Iterator[None]:
    """Nobody listens at the port that the parameter names now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = cloud.client("ssm").get_parameter(Name=PARAMETER, WithDecryption=True)
    try:
        point_to(cloud, f"postgresql://nudge:{PASSWORD}@127.0.0.1:{port}/postgres")
        yield
    finally:
        point_to(cloud, answer["Parameter"]["Value"])
        eventually(cloud.ready)


def test_every_door_answers_503_and_all_is_well_when_it_is_back(cloud, phone):
    made = phone.ask("POST", "api/v1/todos/", {"title": "kept"})
    with away(cloud, phone):
        every_door_answers_503(phone)
    assert phone.ask("GET", made.headers["Location"]).json()["title"] == "kept"
    assert not [line for line in cloud.log(FUNCTION) if PASSWORD in line]
    assert "Database unavailable" in {line["message"] for line in cloud.lines()}


def every_door_answers_503(phone: Phone) -> None:
    api = phone.ask("GET", "api/v1/todos/")
    assert api.status_code == 503
    assert api.headers["Retry-After"] == "5"
    assert api.json()["type"] == "server_error"
    assert [each["code"] for each in api.json()["errors"]] == ["database_unavailable"]

    accounts = phone.ask("GET", "api/auth/app/v1/auth/session")
    assert (accounts.status_code, accounts.headers["Retry-After"]) == (503, "5")
    assert [each["code"] for each in accounts.json()["errors"]] == ["database_unavailable"]

    texts = phone.ask("POST", "service/sms/send", {"msg": "x"})
    assert (texts.status_code, texts.headers["Retry-After"]) == (503, "5")
    assert texts.json()["status"] == "failure"

    page = phone.ask("GET", "todos/", Cookie="__Host-sessionid=" + "a" * 32)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"

    assert phone.ask("GET", "readyz/").status_code == 503
    assert phone.ask("GET", "healthz/").status_code == 200
