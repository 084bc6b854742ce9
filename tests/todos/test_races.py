"""What happens at the same moment: on PostgreSQL, with a thread and a connection each."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from tests.builders import make_todo
from tests.conftest import bearer_token
from todos.models import List, Todo

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TODOS = "/api/v1/todos/"


def at_once(*calls: Callable[[], object]) -> list:
    """Start all calls at a barrier and return their results in the same order."""
    barrier = threading.Barrier(len(calls))
    results: list = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            results[number] = call()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def phones(alice) -> list[APIClient]:
    clients = [APIClient() for _ in range(8)]
    for client in clients:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(alice)}")
    return clients


def test_two_patches_to_different_fields_lose_nothing(alice, phones):
    first, second = phones[:2]
    for _ in range(100):
        todo = make_todo(alice, "a")
        path = f"{TODOS}{todo.pk}/"
        answers = at_once(
            lambda path=path: first.patch(path, {"title": "b"}).status_code,
            lambda path=path: second.patch(path, {"status": "finished"}).status_code,
        )
        todo.refresh_from_db()
        assert answers == [200, 200]
        assert (todo.title, todo.status, todo.version) == ("b", "finished", 3)


def test_of_two_changes_with_the_same_version_one_wins(alice, phones):
    for _ in range(50):
        path = f"{TODOS}{make_todo(alice).pk}/"
        answers = at_once(
            *(
                lambda c=client, n=number, p=path: (
                    c.patch(p, {"title": str(n)}, headers={"If-Match": '"1"'}).status_code
                )
                for number, client in enumerate(phones)
            )
        )
        assert Counter(answers) == {200: 1, 412: len(phones) - 1}


def test_finishing_at_once_counts_once(alice, phones):
    todo = make_todo(alice)
    path = f"{TODOS}{todo.pk}/finish/"
    answers = at_once(*(lambda c=client: c.post(path).json() for client in phones))
    assert len({answer["finished_at"] for answer in answers}) == 1
    assert {answer["version"] for answer in answers} == {2}


def test_the_first_requests_of_an_account_make_one_inbox(alice, phones):
    answers = at_once(
        *(lambda c=client: c.post(TODOS, {"title": "x"}).status_code for client in phones)
    )
    assert answers == [201] * len(phones)
    assert List.objects.owned_by(alice).count() == 1
    assert Todo.objects.owned_by(alice).count() == len(phones)


def test_one_id_created_at_once_is_one_todo(alice, phones):
    body = {"id": str(uuid.uuid4()), "title": "x", "tags": ["a", "b"]}
    answers = at_once(*(lambda c=client: c.post(TODOS, body).status_code for client in phones))
    assert Counter(answers) == {201: 1, 200: len(phones) - 1}
    assert Todo.objects.count() == 1


def test_the_same_new_tag_at_once_is_one_tag(alice, phones):
    answers = at_once(
        *(
            lambda c=client: c.post(TODOS, {"title": "x", "tags": ["new"]}).status_code
            for client in phones
        )
    )
    assert answers == [201] * len(phones)
    assert alice.tags.count() == 1


def test_a_list_removed_while_todos_arrive_loses_none(alice, phones):
    remover, *adders = phones
    for _ in range(10):
        home = List.objects.create(owner=alice, name="Home")
        before = Todo.objects.count()
        body = {"title": "x", "list": str(home.pk)}
        gone, *answers = at_once(
            lambda home=home: remover.delete(f"/api/v1/lists/{home.pk}/").status_code,
            *(lambda c=client, b=body: c.post(TODOS, b) for client in adders),
        )
        statuses = [answer.status_code for answer in answers]
        codes = {a.json()["errors"][0]["code"] for a in answers if a.status_code != 201}
        assert (gone, set(statuses) <= {201, 400, 409}) == (204, True), statuses
        assert codes <= {"does_not_exist", "conflict"}
        assert Todo.objects.count() == before + statuses.count(201)


def test_finishing_what_is_being_removed_is_404_or_done(alice, phones):
    remover, *finishers = phones[:4]
    for _ in range(30):
        path = f"{TODOS}{make_todo(alice).pk}/"
        gone, *answers = at_once(
            lambda p=path: remover.delete(p).status_code,
            *(lambda c=client, p=path: c.post(f"{p}finish/").status_code for client in finishers),
        )
        assert (gone, set(answers) <= {200, 404}) == (204, True), answers
