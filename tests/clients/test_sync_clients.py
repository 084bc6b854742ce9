"""The clients of docs/sync.md against a server in production settings: a day without a network."""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.clients import tools
from tests.clients.devices import EXAMPLES, KINDS, Device, Wire, account, pulled, wire

pytestmark = [pytest.mark.clients, pytest.mark.enable_socket]
PAIRS = [("python", "javascript"), ("javascript", "python")]
Make = Callable[[str, str], Device]


@pytest.fixture
def cable(server) -> Iterator[Wire]:
    with wire(server) as made:
        yield made


@pytest.fixture
def make(cable, tmp_path) -> Iterator[Make]:
    """`make("python", token)`: a device of this account, in its box."""
    made: list[Device] = []

    def device(language: str, token: str) -> Device:
        made.append(KINDS[language](cable.url, token, tmp_path))
        return made[-1]

    yield device
    for each in made:
        each.close()


def copy_of(device: Device) -> dict[str, Any]:
    """The objects that a device holds."""
    return {key: told[told["kind"]] for key, told in device.state["objects"].items()}


def told(device: Device) -> dict[tuple[str, str], Any]:
    """What its person is shown: (id, op) -> (status, code or conflicting members)."""
    refused = [(it["sent"], it["result"]) for it in device.state["refused"]]
    return {
        (sent["id"], sent["op"]): (it["status"], it.get("conflicting", it.get("code")))
        for sent, it in refused
    }


def keys(*names: str) -> dict[str, str]:
    return {name: str(uuid.uuid4()) for name in names}


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
def test_two_devices_on_a_plane_lose_nothing(server, cable, make, languages):
    _, token = account(server)
    first, second = (make(language, token) for language in languages)
    todo = keys("both", "split", "tags", "done", "gone", "moved", "new", "own")
    home, shop = str(uuid.uuid4()), str(uuid.uuid4())
    first.do("list", "create", home, fields={"name": "Home"})
    first.do("list", "create", shop, fields={"name": "Shop"})
    for name in ("both", "split", "tags", "done", "gone", "moved"):
        first.do("todo", "create", todo[name], fields={"title": name, "tags": ["a"]})
    first.sync()
    second.sync()

    first.do("todo", "update", todo["both"], fields={"title": "one"})
    first.do("todo", "update", todo["both"], fields={"title": "two"})
    second.do("todo", "update", todo["both"], fields={"title": "other"})
    first.do("todo", "update", todo["split"], fields={"title": "left"})
    second.do("todo", "update", todo["split"], fields={"notes": "right"})
    first.do("todo", "update", todo["tags"], fields={"tags_added": ["b"]})
    second.do("todo", "update", todo["tags"], fields={"tags_removed": ["a"]})
    first.do("todo", "finish", todo["done"])
    second.do("todo", "finish", todo["done"])
    first.do("todo", "trash", todo["gone"])
    second.do("todo", "update", todo["gone"], fields={"title": "still here"})
    first.do("list", "purge", home, fields={"todos": "move"})
    second.do("todo", "move", todo["moved"], fields={"list": home})
    first.do("todo", "create", todo["new"], fields={"title": "new", "list": shop})
    first.do("todo", "finish", todo["new"])
    second.do("todo", "create", todo["own"], fields={"title": "own", "tags": ["A", "c"]})
    second.do("todo", "trash", todo["own"])
    second.do("todo", "restore", todo["own"])

    cable.troubles = ["lost", 503, "lost", 429]  # one after the other, to whoever asks
    for device in (first, second, first):
        device.sync()

    assert cable.troubles == []
    assert copy_of(first) == copy_of(second)
    on_server = pulled(server, token)
    assert copy_of(first) == {key: it[it["kind"]] for key, it in on_server.items()}
    assert told(first) == {}
    assert told(second) == {
        (todo["both"], "update"): ("conflict", ["title"]),
        (todo["gone"], "update"): ("deleted", None),
    }
    found = {name: on_server[key]["todo"] for name, key in todo.items()}
    assert (found["both"]["title"], found["gone"]["title"]) == ("two", "gone")
    assert (found["split"]["title"], found["split"]["notes"]) == ("left", "right")
    assert (found["tags"]["tags"], found["own"]["tags"]) == (["b"], ["a", "c"])
    assert (found["done"]["status"], found["done"]["version"]) == ("finished", 2)
    assert (found["new"]["status"], found["new"]["list"]) == ("finished", shop)
    assert found["own"]["deleted_at"] is None
    inbox = next(it["id"] for it in on_server.values() if it.get("list", {}).get("is_inbox"))
    assert found["moved"]["list"] == inbox

    [solved] = [it for it in second.state["refused"] if it["result"]["status"] == "conflict"]
    second.do("todo", "update", solved["sent"]["id"], fields=solved["sent"]["fields"])
    second.sync()
    first.sync()
    assert copy_of(first)[todo["both"]]["title"] == "other"
    assert copy_of(first) == copy_of(second)


@pytest.mark.parametrize("language", sorted(KINDS))
def test_a_device_never_conflicts_with_itself(server, cable, make, language):
    """Whatever is lost on the way, and however much it has done: 260 operations are 3 requests."""
    _, token = account(server)
    device, other = make(language, token), make(language, token)
    todo = keys(*map(str, range(20)))
    for number, key in enumerate(todo.values()):
        device.do("todo", "create", key, fields={"title": "new"})
        for turn in range(11):
            device.do("todo", "update", key, fields={"title": f"{number} {turn}"})
        device.do("todo", "finish", key)
    cable.troubles = ["lost", "lost", None, 500]
    device.sync()
    for number, key in enumerate(todo.values()):
        device.do("todo", "update", key, fields={"title": f"{number} at last", "notes": "n"})
    device.sync()
    other.sync()
    assert (told(device), device.state["queue"]) == ({}, [])
    assert copy_of(device) == copy_of(other)
    titles = [copy_of(device)[key]["title"] for key in todo.values()]
    assert titles == [f"{number} at last" for number in range(20)]


@pytest.mark.parametrize("language", sorted(KINDS))
def test_a_device_that_is_given_to_another_person_sends_nothing(server, make, language):
    (_, hers), (_, his) = account(server), account(server)
    device = make(language, hers)
    device.sync()
    before = pulled(server, his)
    device.do("todo", "create", str(uuid.uuid4()), fields={"title": "alice's"})
    other = make(language, his)
    device.sign_in(his)
    with pytest.raises(OSError, match="409"):
        device.sync()
    assert pulled(server, his) == before
    assert len(device.state["queue"]) == 1
    other.sync()
    assert copy_of(other) == {key: it[it["kind"]] for key, it in before.items()}


def copied_database(url: str, *, source: str, target: str) -> None:
    """As a restore does it; whoever is connected is cut off."""
    with psycopg.connect(url, autocommit=True, dbname="template1") as operator:
        names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        operator.execute(cut, [source])
        operator.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
        operator.execute(sql.SQL("CREATE DATABASE {target} TEMPLATE {source}").format(**names))


@pytest.fixture
def restored(server) -> Callable[[], None]:
    """A backup is taken now; call it to go back there, as an operator does."""
    url = os.environ["DATABASE_URL"]
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    copied_database(url, source=name, target="backup")

    def restore() -> None:
        copied_database(url, source="backup", target=name)
        server.manage("begin_epoch")

    return restore


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
def test_after_a_restore_nothing_is_lost(server, make, languages, request):
    _, token = account(server)
    first, second = (make(language, token) for language in languages)
    todo = keys("old", "edited", "lost", "purged", "offline")
    for name in ("old", "edited", "purged"):
        first.do("todo", "create", todo[name], fields={"title": name})
    first.sync()
    second.sync()
    restore = request.getfixturevalue("restored")
    first.do("todo", "update", todo["edited"], fields={"title": "by first"})
    first.do("todo", "create", todo["lost"], fields={"title": "lost"})
    first.do("todo", "purge", todo["purged"])
    first.sync()
    second.sync()
    second.do("todo", "update", todo["edited"], fields={"notes": "by second"})
    second.do("todo", "update", todo["old"], fields={"title": "old and new"})
    second.do("todo", "create", todo["offline"], fields={"title": "offline"})

    restore()
    for device in (second, first, second):
        device.sync()
    assert copy_of(first) == copy_of(second)
    on_server = pulled(server, token)
    assert copy_of(first) == {key: it[it["kind"]] for key, it in on_server.items()}
    assert (told(first), told(second)) == ({}, {})
    assert todo["purged"] not in on_server
    found = {name: on_server[key]["todo"] for name, key in todo.items() if name != "purged"}
    assert {name: it["title"] for name, it in found.items()} == {
        "old": "old and new",
        "edited": "by first",
        "lost": "lost",
        "offline": "offline",
    }
    assert found["edited"]["notes"] == "by second"


@pytest.mark.parametrize("languages", PAIRS, ids="-".join)
def test_what_was_lost_by_a_restore_does_not_overwrite_what_came_since(
    server, make, languages, request
):
    """An operation of the lost time must not pass for one that has seen what came after it."""
    _, token = account(server)
    first, second = (make(language, token) for language in languages)
    key = str(uuid.uuid4())
    first.do("todo", "create", key, fields={"title": "new"})
    first.sync()
    second.sync()
    restore = request.getfixturevalue("restored")
    for turn in range(5):
        first.do("todo", "update", key, fields={"title": f"by first {turn}"})
    first.sync()
    restore()
    second.do("todo", "update", key, fields={"title": "by second"})
    second.sync()
    first.do("todo", "update", key, fields={"title": "by first at last"})
    first.sync()
    second.sync()
    assert copy_of(first) == copy_of(second)
    assert copy_of(first)[key]["title"] == "by second"
    assert told(first)[key, "update"] == ("conflict", ["title"])


def test_two_databases_of_rxdb_and_the_server_converge(server, tmp_path):
    """A client that nobody here has written, with the adapter of docs/sync.md."""
    shutil.copy(EXAMPLES / "rxdb-adapter.mjs", tmp_path)
    shutil.copy(tools.HERE / "javascript" / "rxdb.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(tools.TOOLS / "node_modules")
    key, token = account(server)
    output = tools.node(tmp_path / "rxdb.mjs", server.url, token, key)
    answer = json.loads(output.splitlines()[-1])
    todo, held = answer["todo"], answer["held"]
    todos = {key: it["todo"] for key, it in pulled(server, token).items() if it["kind"] == "todo"}
    assert held == {key: it for key, it in todos.items() if it["deleted_at"] is None}
    assert answer["told"] == [[], [[todo["both"], "conflict"], [todo["gone"], "deleted"]]]
    assert {name: held[key]["title"] for name, key in todo.items() if key in held} == {
        "both": "two",
        "split": "left",
        "tags": "tags",
        "done": "done",
        "back": "back again",
        "own": "own at last",
    }
    assert (held[todo["split"]]["notes"], held[todo["tags"]]["tags"]) == ("right", ["b"])
    assert held[todo["done"]]["status"] == "finished"
