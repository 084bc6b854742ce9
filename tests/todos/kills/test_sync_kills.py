"""Eight writers of every kind, some of which are killed, and a reader that polls: it has all."""

import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from tests import deaths
from tests.builders import make_todo
from tests.feeds import check, living

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.enable_socket]
WRITERS, KILLED = 8, 2


@pytest.fixture
def world(alice, bob, staff) -> Iterator["World"]:
    for owner in (alice, bob):
        make_todo(owner, tags=["a"])
    environment = {"DEBUG": "True", "WRITE_LIMIT": "1000000"}
    with deaths.process("tests.todos.kills.writer", **environment) as process:
        yield World(process, alice, bob)


class World:
    """Writers begin and end here; `copy` is what the reader holds."""

    def __init__(self, process: "subprocess.Popen[str]", account: User, other: User) -> None:
        self.process, self.account, self.other = process, account, other
        self.copy: dict[tuple[str, str], Any] = {}
        self.cursor: str | None = None
        self.ended: list[int] = []

    def begin(self, seed: int, changes: int, last_event: int = 0) -> int:
        who = f"{self.account.email} {self.other.email}"
        return deaths.ask(self.process, f"{who} {seed} {changes} {last_event}")

    def poll(self, client: Any) -> bool:
        """Whether there is more."""
        query = {"limit": 50} | ({"cursor": self.cursor} if self.cursor else {})
        page = client.get("/api/v1/sync/", query).json()
        for change in page["changes"]:
            key = change["kind"], change["id"]
            if change["op"] == "purge":
                self.copy.pop(key, None)
            else:
                self.copy[key] = change
        self.cursor = page["cursor"]
        return bool(page["has_more"])


def until_all_end(world: World, processes: list[int]) -> None:
    world.ended = [deaths.ask(world.process, f"wait {it}") for it in processes]


def run(world: World, client: Any, seed: int, changes: int) -> None:
    """Two of the writers die between two statements, or in the middle of a transaction."""
    dice = random.Random(seed)  # noqa: S311 - what to write, and when to die
    deaths_at = [50 + dice.randrange(10 * changes) for _ in range(KILLED)]
    ends = [*deaths_at, *[0] * (WRITERS - KILLED)]
    processes = [world.begin(dice.randrange(10**6), changes, last) for last in ends]
    end = threading.Thread(target=until_all_end, args=(world, processes))
    end.start()
    while end.is_alive():
        world.poll(client)
    end.join()
    while world.poll(client):
        pass
    assert world.ended == [*[-signal.SIGKILL] * KILLED, *[0] * (WRITERS - KILLED)]


def assert_equal(world: World, client: Any) -> None:
    assert {key: it["version"] for key, it in world.copy.items()} == living(world.account)
    for account in (world.account, world.other):
        check(account)
    anew = World(world.process, world.account, world.other)
    while anew.poll(client):
        pass
    assert anew.copy == world.copy


@pytest.mark.postgres
def test_a_reader_has_what_writers_of_every_kind_have_written(world, api, alice):
    client = api(alice)
    run(world, client, 1, 10)
    assert_equal(world, client)
    # What two kills and lost races leave differs from run to run: usually about 35 rows.
    assert len(world.copy) > 10


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(10))
def test_a_reader_has_what_five_hundred_changes_of_each_have_left(world, api, alice, seed):
    client = api(alice)
    run(world, client, seed, 500)
    assert_equal(world, client)
