"""The very zip that was deployed: what is in it, and that it serves with nothing beside it."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import contents, package
from tests.cloud.local import ROOT, Cloud
from tests.serverless.browser import answer as as_sent

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]
EVENTS = ROOT / "localcloud" / "events"
REQUESTS = sorted(
    event.stem
    for event in EVENTS.glob("*.json")
    if event.stem.startswith(("rest_", "http_", "function_url", "emulator_"))
)
OTHERS = ["scheduled", "scheduled_nightly", "keep_warm", "task", "manage"]
FORMER_LAYOUT = 4  # bytes of magic number before the flags of PEP 552

# Runs in the unpacked package, with the standard library and nothing else.
PROGRAM = """
import json, os, sys, types
sys.path[:] = [os.getcwd(), *(path for path in sys.path if "site-packages" not in path)]
from serverless.handler import handler
context = types.SimpleNamespace(aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
answers = []
for path in sys.argv[1:]:
    with open(path) as event:
        answers.append(handler(json.load(event), context))
files = [getattr(module, "__file__", "") or "" for module in list(sys.modules.values())]
outside = [name for name in files if "site-packages" in name]
import psycopg, psycopg_binary
from importlib.metadata import version
assert psycopg.__version__ == version("psycopg") == version("psycopg-binary")
listed = type(psycopg.__loader__).__module__
assert listed == "serverless.modules", listed
print("ANSWER" + json.dumps([answers, outside], default=str))
"""


@pytest.fixture(scope="module")
def archive(cloud: Cloud) -> Path:
    return ROOT / "build" / "nudge-dev.zip"


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def ask(cloud: Cloud, unpacked: Path):
    """`ask(*events)`: the answers of one new process, which lives in the package alone."""
    [function] = [
        each
        for each in cloud.client("lambda").list_functions()["Functions"]
        if each["FunctionName"] == "nudge-dev"
    ]
    variables = function["Environment"]["Variables"] | {
        "AWS_LAMBDA_FUNCTION_NAME": "nudge-dev",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "ALLOWED_HOSTS": "*",
        "API_URL": "",
    }

    def run(*events: str):
        ended = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-S", "-I", "-c", PROGRAM]
            + [str(EVENTS / f"{event}.json") for event in events],
            cwd=unpacked,
            env=variables | {"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        found = [line for line in ended.stdout.splitlines() if line.startswith("ANSWER")]
        assert found, ended.stdout + ended.stderr
        answers, outside = json.loads(found[0].removeprefix("ANSWER"))
        assert outside == []
        return answers

    return run


def test_it_is_small(archive, unpacked):
    assert archive.stat().st_size <= package.ZIPPED_LIMIT
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= package.UNPACKED_LIMIT


def test_nothing_is_in_it_that_must_not_leave(archive):
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
    assert [name for name in names if contents.is_forbidden(name)] == []
    tops = {name.split("/")[0] for name in names}
    strangers = {"tests", "docs", "benchmarks", "deploy", "build", ".venv", "pip", "README.md"}
    assert tops & strangers == set()


def test_every_module_has_bytecode_that_this_python_takes_unchecked(archive):
    with zipfile.ZipFile(archive) as packed:
        names = set(packed.namelist())
        heads = {name: packed.read(name)[:8] for name in names if name.endswith(".pyc")}
    expected = importlib.util.MAGIC_NUMBER + b"\x01\0\0\0"
    assert set(heads.values()) == {expected}
    sources = [name for name in names if name.endswith(".py")]
    bare = [
        name
        for name in sources
        if importlib.util.cache_from_source(name, optimization="") not in names
    ]
    assert bare == []


def test_the_first_request_of_each_gateway_is_served(ask):
    answers = ask(*REQUESTS)
    assert [answer["statusCode"] for answer in answers] == [302] * len(REQUESTS)
    locations = [as_sent(answer).headers["location"] for answer in answers]
    assert all("/auth/login/" in location for location in locations)


def test_what_is_no_request_runs(ask):
    assert ask(*OTHERS) == [None, None, None, None, {}]


def test_no_client_of_aws_is_loaded_to_answer_a_request(ask, unpacked):
    assert "boto3" in {path.name for path in unpacked.iterdir()}
    [answer] = ask(REQUESTS[0])
    assert answer["statusCode"] == 302
