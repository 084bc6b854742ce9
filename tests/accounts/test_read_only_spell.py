"""A database that was read-only for a moment: nothing of it is left in the next log-in."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from tests.accounts.conftest import PASSWORD, Phone
from tests.conftest import make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def by_api(email: str) -> int:
    return int(Phone().log_in(email).status_code)


def by_page(email: str) -> int:
    form = {"login": email, "password": PASSWORD}
    told = Client(raise_request_exception=False).post("/auth/login/", form)
    return {302: 200}.get(told.status_code, told.status_code)


def make_read_only() -> None:
    """As after a failover: this connection, until it is closed."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")


@pytest.mark.parametrize("log_in", [by_api, by_page])
def test_a_log_in_works_at_once_after_a_read_only_spell(settings, log_in: Callable[[str], int]):
    settings.DEBUG = False
    alice = make_user("alice@example.com")
    statuses = []
    for _ in range(6):  # more than five: a spell is no wrong password
        make_read_only()
        assert Client().get("/readyz/").json()["reason"] == "database is read-only"
        make_read_only()
        statuses.append(log_in(alice.email))
    assert statuses == [503] * 6
    assert Client().get("/readyz/").status_code == 200
    assert log_in(alice.email) == 200
