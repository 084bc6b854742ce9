"""An account has so many writes in 15 minutes, whatever device or page they come from."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core import write_limit
from core.models import Counter
from tests.builders import make_todo
from tests.config.test_matrix import OWNED, PERSONAL, concrete
from tests.core.test_middleware import assert_shape
from tests.sms.conftest import allow
from todos.models import Todo

pytestmark = pytest.mark.django_db
NOON = "2026-11-26T12:00:00Z"
TODOS = "/api/v1/todos/"
POLICY = '"writes";q=3;w=900'


@pytest.fixture(autouse=True)
def clock(settings) -> Iterator[time_machine.Traveller]:
    """Three writes in the quarter of an hour that begins now."""
    settings.WRITE_LIMIT = 3
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def told(response) -> tuple[int, str, str]:
    return response.status_code, response["RateLimit-Policy"], response["RateLimit"]


def test_the_fourth_write_of_any_device_or_page_is_429_until_the_window_ends(
    api, web, alice, bob, clock
):
    phone, tablet, browser = api(alice), api(alice), web(alice)
    assert told(phone.post(TODOS, {"title": "one"})) == (201, POLICY, '"writes";r=2;t=901')
    clock.shift(timedelta(minutes=10))
    assert told(browser.post("/todos/plain/", {"title": "two"})) == (
        302,
        POLICY,
        '"writes";r=1;t=301',
    )
    assert told(tablet.post(TODOS, {"title": ""})) == (400, POLICY, '"writes";r=0;t=301')
    refused = phone.post(TODOS, {"title": "three"})
    assert told(refused) == (429, POLICY, '"writes";r=0;t=301')
    assert refused["Retry-After"] == "301"
    [error] = refused.json()["errors"]
    assert (refused.json()["type"], error["code"], error["attr"]) == (
        "client_error", "throttled", None,
    )  # fmt: skip
    page = browser.post("/todos/plain/", {"title": "three"})
    assert told(page) == (429, POLICY, '"writes";r=0;t=301')
    assert page["Retry-After"] == "301"
    sentence = "You have made too many changes at once. Please wait a few minutes."
    assert_shape("/todos/plain/", page, 429, "throttled", sentence)
    assert told(api(bob).post(TODOS, {"title": "his"})) == (201, POLICY, '"writes";r=2;t=301')
    assert sorted(Todo.objects.values_list("title", flat=True)) == ["his", "one", "two"]

    clock.shift(timedelta(seconds=301))
    assert phone.post(TODOS, {"title": "three"}).status_code == 201


def test_reading_is_neither_counted_nor_refused(api, web, alice, settings):
    settings.WRITE_LIMIT = 0
    todo = make_todo(alice)
    clients = (api(alice), f"{TODOS}{todo.pk}/"), (web(alice), "/todos/plain/")
    Counter.objects.all().delete()  # of the log-ins
    for client, path in clients:
        for verb in ("get", "head", "options"):
            response = getattr(client, verb)(path)
            assert "RateLimit" not in response
            assert response.status_code < 300 or (verb, path) == ("options", "/todos/plain/")
    assert not Counter.objects.exists()


@pytest.mark.wide
@pytest.mark.parametrize("path", sorted(OWNED | PERSONAL))
def test_every_route_of_a_person_counts_its_writes(alice, web, api, path):
    """But for allauth's API, which has limits of its own."""
    client = api(allow(alice)) if path.startswith("/api/") else web(alice)
    response = client.post(concrete(path, uuid.uuid4()))
    counted = not path.startswith("/api/auth/")
    assert (response.get("RateLimit-Policy") == POLICY) is counted
    assert Counter.objects.filter(scope=f"writes:{alice.pk}", used=1).exists() is counted


def test_strangers_are_not_counted(db):
    for client in (Client(), APIClient()):
        for path in ("/todos/plain/", TODOS, "/auth/login/", "/service/sms/send"):
            assert "RateLimit" not in client.post(path)
    assert not Counter.objects.filter(scope__startswith="writes:").exists()


def test_a_write_costs_one_statement_more(api, alice):
    phone = api(alice)
    with CaptureQueriesContext(connection) as queries:
        assert phone.post(TODOS, {"title": "x"}).status_code == 201
    counting = [
        query["sql"] for query in queries.captured_queries if "core_counter" in query["sql"]
    ]
    assert len(counting) == 1


def test_a_broken_count_is_not_taken_for_a_database_that_is_away(web, alice, monkeypatch):
    def broken(*args: object, **kwargs: object) -> int:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(write_limit, "spend", broken)
    with pytest.raises(ValueError, match="a fault of ours"):
        web(alice).post("/todos/plain/", {"title": "x"})


def test_a_count_that_the_database_cannot_take_is_503(api, web, alice, monkeypatch):
    def away(*args: object, **kwargs: object) -> int:
        raise OperationalError("connection refused")

    phone, browser = api(alice), web(alice)
    monkeypatch.setattr(write_limit, "spend", away)
    for path, client in (("/todos/plain/", browser), (TODOS, phone)):
        client.raise_request_exception = False
        response = client.post(path, {"title": "x"})
        assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert not Todo.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_thirty_writes_at_once_are_counted_exactly(api, alice, settings):
    settings.WRITE_LIMIT = 20
    together, statuses = threading.Barrier(30), []
    phones = [api(alice) for _ in range(30)]

    def write(phone: APIClient) -> None:
        together.wait()
        statuses.append(phone.post(TODOS, {"title": "x"}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=write, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * 20 + [429] * 10
