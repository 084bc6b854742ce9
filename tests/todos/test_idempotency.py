"""Idempotency-Key on the creation of to-dos and lists: one request, one row."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from core.models import IdempotencyKey
from tests.builders import make_todo
from tests.conftest import bearer_token
from tests.documented import contract, document
from todos.models import List, Todo

pytestmark = pytest.mark.django_db
TODOS, LISTS = "/api/v1/todos/", "/api/v1/lists/"
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
DOORS = [(TODOS, {"title": "buy milk", "tags": ["shop", "ü"]}), (LISTS, {"name": "Groceries"})]


def told(response) -> tuple:
    """The whole answer without what is true of this one request."""
    own = ("X-Request-Id", "Idempotency-Replayed", "RateLimit")
    headers = {name: value for name, value in response.items() if name not in own}
    return response.status_code, headers, response.content


def is_replay(response) -> bool:
    return response.get("Idempotency-Replayed") == "true"


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


@pytest.mark.parametrize(("path", "body"), DOORS)
def test_a_creation_sent_twice_is_one_row_and_one_answer(api, alice, path, body):
    phone = api(alice)
    first, second = phone.post(path, body, headers=KEY), phone.post(path, body, headers=KEY)
    assert told(first) == told(second)
    assert (first.status_code, is_replay(first), is_replay(second)) == (201, False, True)
    assert second["Location"].endswith(f"{path}{first.json()['id']}/")
    assert second["ETag"] == '"1"'
    made = (Todo.objects.count(), List.objects.filter(is_inbox=False).count())
    assert made == ((1, 0) if path == TODOS else (0, 1))


def test_a_replay_tells_what_was_and_not_what_is(api, alice):
    phone = api(alice)
    first = phone.post(TODOS, {"title": "a"}, headers=KEY)
    phone.patch(first["Location"], {"title": "b"})
    assert told(phone.post(TODOS, {"title": "a"}, headers=KEY)) == told(first)
    phone.delete(first["Location"])
    assert told(phone.post(TODOS, {"title": "a"}, headers=KEY)) == told(first)
    assert not Todo.objects.owned_by(alice).exists()


def test_a_refusal_is_said_again_and_another_body_needs_another_key(api, alice):
    phone = api(alice)
    first = phone.post(TODOS, {"title": ""}, headers=KEY)
    assert code(first) == (400, "blank")
    assert told(phone.post(TODOS, {"title": ""}, headers=KEY)) == told(first)
    assert code(phone.post(TODOS, {"title": "x"}, headers=KEY)) == (422, "idempotency_key_reused")
    assert phone.post(TODOS, {"title": "x"}, headers={"Idempotency-Key": "k2"}).status_code == 201


def test_a_body_that_is_no_json_is_said_again(api, alice):
    phone = api(alice)
    answers = [
        phone.post(TODOS, "{", content_type="application/json", headers=KEY) for _ in range(2)
    ]
    assert [code(answer) for answer in answers] == [(400, "parse_error")] * 2
    assert [is_replay(answer) for answer in answers] == [False, True]


def test_a_wrong_content_type_does_not_use_the_key_up(api, alice):
    phone, body = api(alice), '{"title": "x"}'
    assert phone.post(TODOS, body, content_type="text/plain", headers=KEY).status_code == 415
    assert phone.post(TODOS, body, content_type="application/json", headers=KEY).status_code == 201


def test_a_form_of_a_browser_is_415_with_a_key_too(alice):
    """The CSRF check asks for the form before the key asks for the raw bytes."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.cookies["csrftoken"] = "a" * 32
    headers = {**KEY, "X-CSRFToken": "a" * 32}
    response = browser.post(TODOS, {"title": "x"}, headers=headers)
    assert code(response) == (415, "unsupported_media_type")
    assert (Todo.objects.count(), IdempotencyKey.objects.count()) == (0, 0)


def test_a_key_is_worth_nothing_to_anybody_else(api, alice, bob):
    body = {"title": "buy milk"}
    hers = api(alice).post(TODOS, body, headers=KEY)
    his = api(bob).post(TODOS, body, headers=KEY)
    assert (his.status_code, is_replay(his)) == (201, False)
    assert his.json()["id"] != hers.json()["id"]
    assert [todo.owner for todo in Todo.objects.order_by("created_at")] == [alice, bob]


def test_a_key_is_looked_at_after_the_token(alice):
    assert APIClient().post(TODOS, {"title": "x"}, headers=KEY).status_code == 401
    assert (
        APIClient().post(TODOS, {"title": "x"}, headers={"Idempotency-Key": ""}).status_code == 401
    )
    assert IdempotencyKey.objects.count() == 0


def test_a_key_on_another_door_is_another_key(api, alice):
    phone = api(alice)
    assert phone.post(TODOS, {"title": "x"}, headers=KEY).status_code == 201
    assert phone.post(LISTS, {"name": "x"}, headers=KEY).status_code == 201
    assert sorted(IdempotencyKey.objects.values_list("endpoint", flat=True)) == [
        f"POST {LISTS}",
        f"POST {TODOS}",
    ]


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "ü", "a,b"])
@pytest.mark.parametrize(("path", "body"), DOORS)
def test_what_is_no_key_is_400_and_creates_nothing(api, alice, path, body, key):
    response = api(alice).post(path, body, headers={"Idempotency-Key": key})
    assert code(response) == (400, "invalid_idempotency_key")
    assert (Todo.objects.count(), List.objects.count()) == (0, 0)


def test_after_a_day_the_key_creates_again(api, alice):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        phone = api(alice)
        first = phone.post(TODOS, {"title": "x"}, headers=KEY)
        clock.shift(timedelta(hours=24))
        second = phone.post(TODOS, {"title": "x"}, headers=KEY)
    assert first.json()["id"] != second.json()["id"]
    assert Todo.objects.count() == 2


def test_a_crash_frees_the_key(api, alice, monkeypatch):
    phone = api(alice)
    phone.raise_request_exception = False
    with monkeypatch.context() as context:
        context.setattr("todos.service.add_todo", lambda **fields: 1 / 0)
        assert phone.post(TODOS, {"title": "x"}, headers=KEY).status_code == 500
    response = phone.post(TODOS, {"title": "x"}, headers=KEY)
    assert (response.status_code, is_replay(response)) == (201, False)


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
def test_other_methods_do_not_look_at_the_header(api, alice, verb):
    phone, todo = api(alice), make_todo(alice)
    for title, key in (("a", "k"), ("b", "k"), ("c", "not a key")):
        headers = {"Idempotency-Key": key, "If-Match": "*"}
        body = {} if verb == "get" else {"title": title}
        response = getattr(phone, verb)(f"{TODOS}{todo.pk}/", body, headers=headers)
        assert not is_replay(response)
        assert response.status_code in ((204, 404) if verb == "delete" else (200,))
        assert verb in ("get", "delete") or response.json()["title"] == title
    assert IdempotencyKey.objects.count() == 0


def test_the_browsable_page_works_with_and_without_a_key(web, alice):
    browser, body = web(alice), ({"title": "<b>"}, "application/json")
    html = {"Accept": "text/html"}
    plain = browser.post(TODOS, *body, headers=html)
    first, second = (browser.post(TODOS, *body, headers=html | KEY) for _ in range(2))
    assert [page.status_code for page in (plain, first, second)] == [201] * 3
    assert all(page["Content-Type"].startswith("text/html") for page in (plain, first, second))
    assert all("&lt;b&gt;" in page.text for page in (plain, first, second))
    assert Todo.objects.count() == 2
    data = browser.post(TODOS, *body, headers=KEY)
    assert (data["Content-Type"], is_replay(data)) == ("application/json", True)


def test_the_document_tells_of_the_key_where_it_is_heeded():
    paths = document()["paths"]
    heeding = {
        (verb, path)
        for path, item in paths.items()
        for verb, operation in item.items()
        if any(p.get("name") == "Idempotency-Key" for p in operation.get("parameters", []))
    }
    assert {("post", TODOS), ("post", LISTS), ("post", "/service/sms/send")} <= heeding
    assert {verb for verb, _ in heeding} == {"post"}
    for verb, path in heeding:
        answers = paths[path][verb]["responses"]
        assert {"400", "409", "422"} <= set(answers)
        assert "Retry-After" in contract().answer(answers["409"])["headers"]
        done = [answers[status] for status in ("200", "201", "202") if status in answers]
        assert done
        assert all("Idempotency-Replayed" in answer["headers"] for answer in done)


# --- At the same moment -------------------------------------------------------------------------

THREADS, KEYS = 8, 50


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_fifty_keys_by_eight_senders_each_are_fifty_todos(alice):
    phones = [APIClient() for _ in range(THREADS)]
    for phone in phones:
        phone.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(alice)}")
    together = threading.Barrier(THREADS)

    def send_all(phone: APIClient) -> list:
        connection.ensure_connection()
        answers = []
        try:
            for number in range(KEYS):
                together.wait()
                headers = {"Idempotency-Key": f"key-{number}"}
                answers.append(phone.post(TODOS, {"title": str(number)}, headers=headers))
        finally:
            connections.close_all()
        return answers

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(zip(*pool.map(send_all, phones), strict=True))
    assert Counter(Todo.objects.values_list("title", flat=True)) == {
        str(number): 1 for number in range(KEYS)
    }
    for same_key in answers:
        assert {answer.status_code for answer in same_key} <= {201, 409}
        created = [answer for answer in same_key if answer.status_code == 201]
        assert [is_replay(answer) for answer in created].count(False) == 1
        assert len({answer.content for answer in created}) == 1
        running = [answer for answer in same_key if answer.status_code == 409]
        assert {code(answer)[1] for answer in running} <= {"idempotency_in_flight"}
