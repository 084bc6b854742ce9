"""Copies of one loaded process, as SnapStart makes them: nothing is shared, nothing is drawn twice.

A fork stands for the copy. Python gives a forked child new random numbers by itself, so the
children first take back the state that a copy would have.
"""

import json
import os
import random
import ssl
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.db import connection

from core import clients
from serverless import handler, snapshot, warmup
from serverless.parameters import BusyError
from tests.config.conftest import PRODUCTION, ROOT

COPIES = """
import json, os, random, secrets, ssl, sys, types, uuid
hooks = types.ModuleType("snapshot_restore_py")
befores, afters = [], []
hooks.register_before_snapshot = lambda *call: befores.append(call)
hooks.register_after_restore = lambda *call: afters.append(call)
sys.modules["snapshot_restore_py"] = hooks

from localcloud.lambda_events import CONTEXT, request
from serverless.handler import handler
from django.db import connection
from django.urls import get_resolver
from accounts.factors import seals
from serverless import tasks

def ready():
    return handler(request("rest_custom_domain", "/readyz/"), CONTEXT)["statusCode"]

def database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

def sockets():
    files = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return sum(os.path.islink(each) and os.readlink(each).startswith("socket:") for each in files)

def call(hooks):
    for hook, *arguments in hooks:
        hook(*arguments)

def told():
    return {
        "ready": ready(),
        "database": database(),
        "random": random.random(),
        "secret": secrets.token_hex(),
        "uuid": str(uuid.uuid4()),
        "tls": ssl.RAND_bytes(16).hex(),
        "sealed": seals.seal("the same"),
    }

original = {"ready": ready(), "database": database()}
tasks.client("lambda")
open_before = sockets()
call(befores)
frozen = {
    "sockets": (open_before > 0, sockets()),
    "clients": tasks.client.cache_info().currsize,
    "loaded": "todos.api.urls" in sys.modules,
}
state = random.getstate()
pipes = []
for _ in range(2):
    answer, go = os.pipe(), os.pipe()
    if not os.fork():
        random.setstate(state)
        call(afters)
        os.write(answer[1], json.dumps(told()).encode())
        os.read(go[0], 1)  # both are connected at the same time
        os._exit(0)
    pipes.append((answer[0], go[1]))
copies = [json.loads(os.read(answer, 65536)) for answer, _ in pipes]
for _, go in pipes:
    os.write(go, b".")
print()
print(json.dumps({"original": original, "frozen": frozen, "copies": copies}))
"""


@pytest.fixture
def hooks(monkeypatch):
    """The module that Lambda's runtime has from Python 3.12 on."""
    made = SimpleNamespace(before=[], after=[])
    made.register_before_snapshot = lambda *call: made.before.append(call)
    made.register_after_restore = lambda *call: made.after.append(call)
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", made)
    return made


@pytest.mark.postgres
@pytest.mark.enable_socket
@pytest.mark.django_db(transaction=True)
def test_two_copies_share_no_connection_and_draw_no_number_twice():
    place = urlsplit(os.environ["DATABASE_URL"])._replace(
        path="/" + connection.settings_dict["NAME"]
    )
    variables = {
        "AWS_LAMBDA_FUNCTION_NAME": "nudge-dev",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "DATABASE_URL": place.geturl(),
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "ignore", "-c", COPIES],
        cwd=ROOT,
        env=PRODUCTION | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["frozen"] == {"sockets": [True, 0], "clients": 0, "loaded": True}
    one, other = told["copies"]
    assert (told["original"]["ready"], one.pop("ready"), other.pop("ready")) == (200, 200, 200)
    assert [name for name in one if one[name] == other[name]] == []
    assert told["original"]["database"] not in (one["database"], other["database"])


def test_the_handler_registers_its_hooks_where_the_runtime_has_them(hooks):
    snapshot.register(handler._application)
    assert hooks.before == [(snapshot.before, handler._application)]
    assert hooks.after == [(snapshot.after,)]


def test_without_snapstart_nothing_is_registered():
    assert "snapshot_restore_py" not in sys.modules
    snapshot.register(handler._application)


def test_a_process_that_cannot_serve_is_not_stored(monkeypatch):
    """Lambda makes no snapshot if the hook raises; the version cannot start, and says why."""
    loaded = []
    monkeypatch.setattr(warmup, "load", lambda: loaded.append("pages"))

    def busy() -> None:
        raise BusyError("busy")

    with pytest.raises(BusyError):
        snapshot.before(busy)
    assert loaded == []


@pytest.fixture
def closed(monkeypatch):
    found: list[str] = []
    monkeypatch.setattr("django.db.connections.close_all", lambda: found.append("connections"))
    monkeypatch.setattr(clients, "forget", lambda: found.append("clients"))
    return found


def test_everything_is_loaded_and_then_closed(monkeypatch, closed):
    monkeypatch.setattr(warmup, "load", lambda: closed.append("pages"))
    snapshot.before(lambda: closed.append("settings"))
    assert closed == ["settings", "pages", "connections", "clients"]


def test_a_copy_closes_what_it_was_born_with_and_has_its_own_random_numbers(closed):
    state = random.getstate()
    first = random.random()  # noqa: S311 - no secret
    random.setstate(state)
    snapshot.after()
    assert closed == ["connections", "clients"]
    assert random.random() != first  # noqa: S311


def test_a_copy_gives_openssl_random_bytes_of_its_own(closed, monkeypatch):
    """Its state is in the snapshot; 256 bits, as AWS advises for the seed of a generator."""
    given = []
    monkeypatch.setattr(ssl, "RAND_add", lambda seed, entropy: given.append((seed, entropy)))
    snapshot.after()
    snapshot.after()
    assert [(len(seed), entropy) for seed, entropy in given] == [(32, 32), (32, 32)]
    assert given[0] != given[1]


def test_a_client_is_made_once_until_all_are_forgotten():
    client = clients.per_process(lambda _name: object())
    first = client("a")
    assert client("a") is first
    clients.forget()
    assert client("a") is not first
