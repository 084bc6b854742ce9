"""What ends with the local cloud: the processes that it started, and the children of these."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy import cloud

WAITING = "import time; print('ready', flush=True); time.sleep(600)"
WITH_A_CHILD = f"import subprocess, sys; subprocess.call([sys.executable, '-c', {WAITING!r}])"
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "cloud"
    (made / "postgres").mkdir(parents=True)
    return made


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(program, *arguments)`: a process in a session of its own, which is at work."""
    started: list[subprocess.Popen[str]] = []

    def run(program: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-c", program, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def remember(folder: Path, process: subprocess.Popen[str], command: str) -> None:
    told = {"pid": process.pid, "command": command}
    (folder / "part.pid").write_text(json.dumps(told))


def test_a_part_ends_with_its_children_and_its_data_are_removed(folder, start):
    process = start(WITH_A_CHILD, "deploy.emulator")
    remember(folder, process, "deploy.emulator")

    cloud.down(folder)

    assert process.stdout.read() == ""  # closed by the last of them
    assert not folder.exists()


def test_another_process_that_has_the_number_now_is_spared(folder, start):
    process = start(WAITING, "something.else")
    remember(folder, process, "deploy.emulator")

    cloud.down(folder)

    assert process.poll() is None
    assert not folder.exists()


def test_a_database_without_its_emulator_ends(folder, start):
    process = start(WAITING, "-D", str(folder / "postgres"))
    (folder / "postgres" / "postmaster.pid").write_text(f"{process.pid}\n{folder}/postgres\n")

    cloud.down(folder)

    assert process.stdout.read() == ""
    assert not folder.exists()


def test_a_database_that_has_ended_long_ago_is_no_obstacle(folder, start):
    process = start(WAITING, "something.else")
    (folder / "postgres" / "postmaster.pid").write_text(f"{process.pid}\n{folder}/postgres\n")

    cloud.down(folder)

    assert process.poll() is None
    assert not folder.exists()


def test_what_has_not_been_started_may_be_ended(tmp_path):
    cloud.down(tmp_path / "never")
    assert not (tmp_path / "never").exists()
