"""One next for each finished to-do, however many phones finish it at the same moment."""

import random
from uuid import uuid5

import pytest

from tests import feeds
from tests.builders import make_todo, position_of
from tests.documented import document
from tests.todos.test_races import at_once, phones_of
from todos.models import Due, List, Todo
from todos.models.recurrence import NAME

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
TODOS = "/api/v1/todos/"
ROUNDS = 3


@pytest.fixture(autouse=True)
def _document():
    """Made once, before the threads compare their answers with it."""
    document()


def recurring(owner, amount):
    fields = {"due": Due.read("2026-12-01T09:00"), "recurrence": "FREQ=DAILY"}
    return [make_todo(owner, f"to-do {number}", **fields) for number in range(amount)]


def next_ones(todos):
    keys = [uuid5(todo.pk, NAME) for todo in todos]
    return Todo.objects.filter(pk__in=keys, deleted_at=None)


def test_eight_phones_that_finish_make_one_next_each(alice, bob):
    """Also while one of them reopens; the last word of all decides."""
    phones = phones_of(alice)
    for _ in range(ROUNDS):
        todos = recurring(alice, 4)

        def finish_all(phone, todos=todos):
            order = random.sample(todos, len(todos))
            return {phone.post(f"{TODOS}{todo.pk}/finish/").status_code for todo in order}

        assert at_once(*(lambda phone=phone: finish_all(phone) for phone in phones)) == [{200}] * 8
        assert next_ones(todos).count() == len(todos)
    assert Todo.objects.of(alice.pk).count() == 2 * 4 * ROUNDS


def test_finishing_and_reopening_at_once_agree_in_the_end(alice):
    phones = phones_of(alice)
    [todo] = recurring(alice, 1)
    verbs = ["finish", "reopen"] * 4
    for _ in range(ROUNDS):
        calls = [
            lambda phone=phone, verb=verb: phone.post(f"{TODOS}{todo.pk}/{verb}/").status_code
            for phone, verb in zip(phones, verbs, strict=True)
        ]
        assert at_once(*calls) == [200] * 8
        todo.refresh_from_db()
        assert next_ones([todo]).count() == int(todo.is_finished)
    assert Todo.objects.of(alice.pk).count() == 2


def test_two_that_move_below_each_other_at_once_make_no_circle(alice):
    """One of them is refused, whichever comes second."""
    first, second = phones_of(alice)[:2]
    for _ in range(ROUNDS * 5):
        a, b = make_todo(alice, "a"), make_todo(alice, "b")
        answers = at_once(
            lambda a=a, b=b: first.post(f"{TODOS}{a.pk}/move/", {"parent": str(b.pk)}),
            lambda a=a, b=b: second.patch(f"{TODOS}{b.pk}/", {"parent": str(a.pk)}),
        )
        assert sorted(it.status_code for it in answers) == [200, 409]
        [refused] = [it for it in answers if it.status_code == 409]
        assert refused.json()["errors"][0]["code"] == "cycle"
    feeds.check(alice)


def test_a_parent_finished_on_eight_phones_comes_again_with_one_of_each(alice):
    phones = phones_of(alice)
    [todo] = recurring(alice, 1)
    below = [make_todo(alice, str(number), parent=todo) for number in range(3)]
    verbs = ["finish", "reopen"] * 4
    for _ in range(ROUNDS):
        calls = [
            lambda phone=phone, verb=verb: phone.post(f"{TODOS}{todo.pk}/{verb}/").status_code
            for phone, verb in zip(phones, verbs, strict=True)
        ]
        assert at_once(*calls) == [200] * 8
        todo.refresh_from_db()
        assert next_ones([todo, *below]).count() == 4 * int(todo.is_finished)
        feeds.check(alice)
    assert Todo.objects.of(alice.pk).count() == 8


@pytest.mark.nightly
def test_ten_thousand_are_finished_by_eight_workers(alice):
    """In one bulk: to make them one by one takes longer than to finish them."""
    inbox = List.objects.inbox_of(alice)
    rows = (
        Todo(
            owner=alice,
            list=inbox,
            title=str(number),
            due=Due.read("2026-12-01T09:00"),
            recurrence="FREQ=DAILY",
            position=position_of(number),
        )
        for number in range(10_000)
    )
    todos = Todo.objects.bulk_create(rows)

    def finish(share):
        for todo in share:
            todo.finish()

    at_once(*(lambda share=todos[number::8]: finish(share) for number in range(8)))
    assert next_ones(todos).count() == len(todos)
    assert Todo.objects.of(alice.pk).count() == 2 * len(todos)
