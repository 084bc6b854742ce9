"""What happens at the same moment: on PostgreSQL, with a thread and a connection each.

The tables of mutants (tests/mutants/) name each test beside the fault that it finds; the number of
rounds is what it takes to find it nine times out of ten.
"""

import threading
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.builders import make_todo
from tests.conftest import bearer_token, make_user
from tests.todos.pages import act
from todos.models import List, Status, Tag, Todo

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TODOS = "/api/v1/todos/"
TRASH = "/api/v1/trash/"


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


def phones_of(user: User, amount: int = 8) -> list[APIClient]:
    clients = [APIClient() for _ in range(amount)]
    for client in clients:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer_token(user)}")
    return clients


@pytest.fixture
def phones(alice) -> list[APIClient]:
    return phones_of(alice)


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
    """By the API the row lock of a change would do; the admin finishes without one."""
    for _ in range(5):
        todo = make_todo(alice)
        path = f"{TODOS}{todo.pk}/finish/"
        stale = [Todo.objects.get(pk=todo.pk) for _ in range(4)]
        answers = at_once(
            *(row.finish for row in stale),
            *(lambda c=client, p=path: c.post(p).json()["version"] for client in phones[:4]),
        )
        assert answers == [None] * 4 + [2] * 4
        assert {(row.status, row.version) for row in stale} == {(Status.FINISHED, 2)}
        assert len({row.finished_at for row in stale}) == 1


def test_the_first_requests_of_an_account_make_one_inbox(alice):
    for number in range(5):
        person = make_user(f"{number}@example.com")
        answers = at_once(
            *(lambda c=c: c.post(TODOS, {"title": "x"}).status_code for c in phones_of(person))
        )
        assert answers == [201] * 8
        assert List.objects.owned_by(person).count() == 1
        assert Todo.objects.owned_by(person).count() == 8


def test_whoever_holds_no_lock_gets_the_same_inbox_and_the_same_tags(alice, bob):
    """Look, then make: requests hold the lock of the account already; jobs need not."""
    for number in range(20):
        person = make_user(f"{number}@example.com")
        inboxes = at_once(*(lambda p=person: List.objects.inbox_of(p).pk for _ in range(6)))
        assert inboxes == [List.objects.get(owner=person).pk] * 6
        made = at_once(
            *(
                lambda p=person: [it.name for it in Tag.objects.named(p, ["a", "b"])]
                for _ in "123456"
            )
        )
        assert [sorted(names) for names in made] == [["a", "b"]] * 6
        assert Tag.objects.filter(owner=person).count() == 2
    assert not Tag.objects.filter(owner=bob).exists()


def test_one_id_created_at_once_is_one_todo(alice, phones):
    for round_ in range(1, 6):
        body = {"id": str(uuid.uuid4()), "title": "x", "tags": ["a", "b"]}
        answers = at_once(
            *(lambda c=client, b=body: c.post(TODOS, b).status_code for client in phones)
        )
        assert Counter(answers) == {201: 1, 200: len(phones) - 1}
        assert Todo.objects.count() == round_


def test_the_same_new_tags_at_once_are_kept_by_everybody(alice, phones):
    """A conflict of one name drops the others."""
    Tag.objects.create(owner=alice, name="known")
    for number in range(10):
        names = ["known", f"new {number}", f"other {number}"]
        answers = at_once(
            *(
                lambda c=client, n=names: c.post(TODOS, {"title": "x", "tags": n}).json()["tags"]
                for client in phones
            )
        )
        assert answers == [names] * len(phones)
        assert Tag.objects.filter(owner=alice).count() == 2 * number + 3


def test_a_list_removed_while_todos_arrive_loses_none(alice, phones):
    """The lock holds back whoever would put a to-do into it."""
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
    """What is read outside of the lock may be gone when it is changed."""
    remover, *finishers = phones[:4]
    for _ in range(30):
        path = f"{TODOS}{make_todo(alice).pk}/"
        gone, *answers = at_once(
            lambda p=path: (remover.delete(p).status_code, remover.delete(TRASH).status_code),
            *(lambda c=client, p=path: c.post(f"{p}finish/").status_code for client in finishers),
        )
        assert (gone, set(answers) <= {200, 404}) == ((204, 204), True), answers


def test_changing_on_the_page_what_is_being_removed_is_404_or_done(alice, phones):
    tabs = [Client() for _ in range(4)]
    for tab in tabs:
        tab.force_login(alice)
    for _ in range(30):
        todo = make_todo(alice)
        changes = [("finish", {}), ("rename", {"title": "b"})] * 2
        gone, *answers = at_once(
            lambda t=todo: (
                phones[0].delete(f"{TODOS}{t.pk}/").status_code,
                phones[0].delete(TRASH).status_code,
            ),
            *(
                lambda c=tab, t=todo, name=name, form=form: c.post(act(name, t), form).status_code
                for tab, (name, form) in zip(tabs, changes, strict=True)
            ),
        )
        assert (gone, set(answers) <= {302, 404}) == ((204, 204), True), answers


def test_moves_at_the_same_moment_never_choose_one_key(alice, phones):
    first = make_todo(alice, "first")
    rows = [make_todo(alice, str(number), position="a9") for number in range(4)]
    for side in ("after", "before") * 5:
        body = {side: str(first.pk)}
        calls = [
            lambda row=row, phone=phone, body=body: phone.post(f"{TODOS}{row.pk}/move/", body)
            for row, phone in zip(rows, phones, strict=False)
        ]
        assert {answer.status_code for answer in at_once(*calls)} == {200}
        assert len(set(Todo.objects.values_list("position", flat=True))) == 5
