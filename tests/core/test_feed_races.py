"""Many writers of one account, and a reader that polls: on PostgreSQL, a connection each."""

import random
import threading
from collections.abc import Callable

import pytest
from django.db import connections

from accounts.models import User
from core.feed import FeedEntry, writing
from tests.builders import make_list, make_todo
from tests.feeds import check, living
from tests.todos.test_races import at_once
from todos import service
from todos.models import Tag, Todo

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WRITERS, CHANGES = 8, 25


def random_change(dice: random.Random, owner: User) -> None:  # noqa: C901 - one case each
    """One change of any kind, to whatever row it meets."""
    todos = list(Todo.objects.of(owner.pk).order_by("pk"))
    todo = dice.choice(todos)
    with writing(owner.pk):
        todo = Todo.objects.filter(pk=todo.pk).first()
        if todo is None:
            return
        match dice.randrange(9):
            case 0:
                make_todo(owner, str(dice.random()), tags=[dice.choice("abc")])
            case 1:
                todo.rename(str(dice.random()))
            case 2:
                todo.finish() if todo.status == "open" else todo.reopen()
            case 3:
                todo.trash() if todo.deleted_at is None else todo.restore()
            case 4:
                todo.change(tags=dice.sample("abcd", 2))
            case 5:
                todo.change(list=make_list(owner, str(dice.random())))
            case 6:
                Todo.objects.filter(pk__in=[each.pk for each in todos[:3]]).update(priority=2)
            case 7:
                Tag.objects.named(owner, ["a"])[0].change(name=dice.choice("aA"))
            case _:
                if len(todos) > 5:
                    todo.delete()


class Reader:
    """Polls the feed by the last place it has seen."""

    def __init__(self, account: User) -> None:
        self.account, self.place = account, 0
        self.copy: dict[tuple[str, str], int] = {}

    def poll(self) -> None:
        entries = FeedEntry.objects.filter(account=self.account, seq__gt=self.place)
        for entry in entries.order_by("seq")[:7]:
            key, self.place = (entry.kind, str(entry.object_id)), entry.seq
            if entry.deleted:
                self.copy.pop(key, None)
            else:
                self.copy[key] = entry.version


def test_a_reader_that_polls_misses_nothing(alice):
    """Without the lock places become visible in another order."""
    for number in range(5):
        make_todo(alice, str(number), tags=["a"])
    reader, done = Reader(alice), threading.Event()

    def write(seed: int) -> Callable[[], None]:
        dice = random.Random(seed)  # noqa: S311 - no secret

        def changes() -> None:
            for _ in range(CHANGES):
                random_change(dice, alice)

        return changes

    def read() -> None:
        while not done.is_set():
            reader.poll()
        connections.close_all()

    watcher = threading.Thread(target=read)
    watcher.start()
    at_once(*(write(seed) for seed in range(WRITERS)))
    done.set()
    watcher.join()
    for _ in range(WRITERS * CHANGES):
        reader.poll()
    assert reader.copy == living(alice)
    check(alice)


def test_changes_of_several_accounts_cross_without_a_deadlock(alice, bob):
    """The counters are locked in one order."""
    for _ in range(10):
        first, second = make_todo(alice), make_todo(bob)

        def change(*todos: Todo) -> Callable[[], None]:
            def run() -> None:
                with writing(*(todo.owner_id for todo in todos)):
                    for todo in todos:
                        todo.rename("x")

            return run

        at_once(change(first, second), change(second, first), change(first, second))
        assert set(Todo.objects.filter(title="x").values_list("version", flat=True)) == {2}
    check(alice)
    check(bob)


def test_an_account_that_goes_while_it_writes_leaves_nothing(alice, bob):
    make_todo(bob)
    for _ in range(5):
        person = User.objects.create_user("p@example.com")
        todo = make_todo(person)

        def remove(person: User = person) -> None:
            User.objects.get(pk=person.pk).delete()

        def rename(todo: Todo = todo) -> None:
            try:
                todo.rename("x")
            except Exception as error:  # noqa: BLE001 - the account is gone
                assert type(error).__name__ in {"DoesNotExist", "IntegrityError"}  # noqa: PT017

        at_once(remove, rename, rename)
        assert not Todo.objects.exclude(owner=bob).exists()
        assert set(FeedEntry.objects.values_list("account", flat=True)) == {alice.pk, bob.pk}
    check(bob)


def test_a_list_is_removed_while_its_todos_are_written(alice):
    for _ in range(10):
        home = make_list(alice)
        todo = make_todo(alice, list=home)
        at_once(
            lambda home=home: service.remove_list(actor=alice, todo_list=home),
            lambda todo=todo: todo.rename("x"),
            lambda todo=todo: todo.finish(),
        )
        todo.refresh_from_db()
        assert (todo.title, todo.status, todo.version) == ("x", "finished", 4)
        assert todo.list.is_inbox
    check(alice)
