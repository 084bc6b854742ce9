"""The local cloud, as far as it goes without an emulator: its processes, ports and variables."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from deploy import aws, release
from localcloud import cloud

WAITS = "print(flush=True); import time; time.sleep(600)  # {}"
# Started in the background of a shell, a process ignores SIGQUIT; a server sets its own handler.
# On SIGTERM, PostgreSQL waits for its clients first.
AT_WORK = """
import signal, sys, time
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGTERM, lambda *_given: sys.exit(print("waits for its clients", flush=True)))
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "cloud"
    made.mkdir()
    return made


@pytest.fixture
def processes():
    """Those that a test started itself, ended at the latest with it."""
    found: list[subprocess.Popen[Any]] = []
    yield found
    for each in found:
        with each:
            each.kill()


def start(processes, folder, name, named_as=None):
    command = [sys.executable, "-c", WAITS.format(name)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - ours
    processes.append(process)
    assert process.stdout
    assert process.stdout.readline() == b"\n"  # it runs
    told = {"pid": process.pid, "command": WAITS.format(named_as or name)}
    (folder / f"{name}.pid").write_text(json.dumps(told))
    return process


def sleeping(monkeypatch, sleep):
    """In the place of each wait; no time passes."""
    monkeypatch.setattr(cloud, "time", SimpleNamespace(sleep=sleep, monotonic=lambda: 0.0))


# --- Ended ----------------------------------------------------------------------------------------


def test_down_ends_what_was_started_and_removes_its_data(folder, processes, monkeypatch):
    process = start(processes, folder, "emulator")
    ended = (os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    sleeping(monkeypatch, lambda _seconds: os.waitid(*ended))
    (folder / "postgres").mkdir()
    cloud.down(folder)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    assert not folder.exists()
    cloud.down(folder)  # harmless to repeat


def test_down_spares_a_process_that_has_the_number_of_ours_by_chance(folder, processes, clock):
    process = start(processes, folder, "emulator", named_as="another")
    cloud.down(folder)
    assert process.poll() is None
    assert not folder.exists()


def test_down_takes_a_process_that_is_gone_for_ended(folder, processes, clock):
    process = start(processes, folder, "emulator")
    process.kill()
    process.wait()
    cloud.down(folder)
    assert not folder.exists()


@pytest.fixture
def start_at_work(processes):
    """`start_at_work(program, *arguments)`: in a session of its own, and at work."""

    def run(program, *arguments):
        command = [sys.executable, "-c", program, *arguments]
        process = subprocess.Popen(  # noqa: S603 - ours
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        processes.append(process)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    return run


def test_down_ends_the_children_of_a_part_too(folder, start_at_work):
    process = start_at_work(
        f"import subprocess, sys; subprocess.call([sys.executable, '-c', {AT_WORK!r}])", "emulator"
    )
    told = {"pid": process.pid, "command": "emulator"}
    (folder / "emulator.pid").write_text(json.dumps(told))
    cloud.down(folder)
    assert process.stdout.read() == ""  # closed by the last of them
    assert not folder.exists()


@pytest.fixture
def database(folder):
    """Where PostgreSQL keeps its data and its number."""
    made = folder / "postgres"
    made.mkdir()
    return made


def test_down_ends_a_database_that_its_emulator_has_left(folder, database, start_at_work):
    process = start_at_work(AT_WORK, "-D", str(database))
    (database / "postmaster.pid").write_text(f"{process.pid}\n{database}\n")
    cloud.down(folder)
    assert process.stdout.read() == ""
    assert not folder.exists()


def test_down_spares_a_process_that_has_the_number_of_the_database(folder, database, start_at_work):
    process = start_at_work(AT_WORK, "another")
    (database / "postmaster.pid").write_text(f"{process.pid}\n{database}\n")
    cloud.down(folder)
    assert process.poll() is None
    assert not folder.exists()


def test_a_process_that_an_earlier_run_started_is_waited_for(monkeypatch, clock):
    """It is no child of this one: its end shows in its number, which is then unknown."""
    looks = []

    def look(pid, number):
        looks.append((pid, number))
        if len(looks) == 3:
            raise ProcessLookupError

    def no_child(_pid, _options):
        raise ChildProcessError

    monkeypatch.setattr(os, "waitpid", no_child)
    monkeypatch.setattr(os, "kill", look)
    with pytest.raises(ProcessLookupError):
        cloud._wait_for_end(7)
    assert looks == [(7, 0)] * 3
    assert clock == [pytest.approx(0.4)]


def test_a_process_that_does_not_end_is_not_waited_for_for_ever(monkeypatch, clock):
    monkeypatch.setattr(os, "waitpid", lambda _pid, _options: (0, 0))
    cloud._wait_for_end(7)
    assert clock == [pytest.approx(60)]


@pytest.mark.parametrize("error", [FileNotFoundError, ProcessLookupError])
def test_a_process_that_ends_while_it_is_looked_at_does_not_run(monkeypatch, error):
    def gone(_path):
        raise error

    monkeypatch.setattr(Path, "read_bytes", gone)
    assert not cloud._runs(os.getpid(), "python")


# --- Started --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", [{}, {"LANG": "C.UTF-8"}], ids=["none", "a language"])
def test_a_process_knows_nothing_of_this_terminal(folder, processes, monkeypatch, language):
    monkeypatch.setenv("SECRET_KEY", "of this terminal")
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.delenv("LANG", raising=False)
    for name, value in language.items():
        monkeypatch.setenv(name, value)
    program = "import json, os; print(json.dumps(dict(os.environ))); print(os.getsid(0))"
    popen = subprocess.Popen

    def remember(*arguments, **options):
        processes.append(popen(*arguments, **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    cloud._start(folder, "part", sys.executable, "-c", program)
    [process] = processes
    assert process.wait() == 0
    told, session = (folder / "part.log").read_text().splitlines()
    known = {name: value for name, value in json.loads(told).items() if name != "LC_CTYPE"}
    assert known == {"HOME": "/home/alice", "PATH": os.environ["PATH"], **language}
    assert int(session) == process.pid  # Ctrl-C of the terminal does not reach it
    assert json.loads((folder / "part.pid").read_text()) == {
        "pid": process.pid,
        "command": program,
    }


@pytest.mark.enable_socket
def test_a_part_is_waited_for_until_its_port_answers(folder, monkeypatch, clock):
    port = cloud._free_port()
    with socket.socket() as listening:

        def listen(_seconds):
            listening.bind((cloud.HOST, port))
            listening.listen()

        sleeping(monkeypatch, listen)
        cloud._wait_for(port, folder)
        assert listening.getsockname() == ("127.0.0.1", port)


@pytest.mark.enable_socket
def test_a_part_that_does_not_answer_shows_its_log(folder, clock):
    (folder / "emulator.log").write_text("x" * 2000 + "the reason")
    port = cloud._free_port()
    with pytest.raises(SystemExit) as ended:
        cloud._wait_for(port, folder)
    log = "x" * 1990 + "the reason"
    assert str(ended.value) == f"Nothing answers at 127.0.0.1:{port}.\n{log}"
    assert clock == [pytest.approx(60)]


# --- Up -------------------------------------------------------------------------------------------


@pytest.fixture
def parts(account, clock, monkeypatch, folder):
    """What `up` does, in order; nothing is started."""
    done = []
    ports = iter([5001, 5002])
    account.stacks.clear()
    account.parameters.clear()
    monkeypatch.setattr(cloud, "_free_port", lambda: next(ports))
    monkeypatch.setattr(cloud, "_refuse_port", lambda _port: None)

    def started(_folder, name, *command):
        done.append(("start", name, *command[1:]))
        (folder / "database-url").write_text("postgresql://local")

    monkeypatch.setattr(cloud, "_start", started)
    monkeypatch.setattr(cloud, "_wait_for", lambda port, _folder: done.append(("wait", port)))
    monkeypatch.setattr(release, "release", lambda stage: done.append(("release", stage)))
    (folder / "of-last-time").write_text("")
    account.done = done
    aws.client.cache_clear()  # those of here are for another region
    with patch.dict(os.environ, {"AWS_PROFILE": "work"}):  # restored whole: `up` writes there
        yield account
    aws.client.cache_clear()


def test_up_starts_the_parts_and_deploys_to_them(parts, folder, capsys):
    addresses = cloud.up(folder, 4566)
    emulator = ("-m", "localcloud.emulator", "--folder", str(folder))
    ports = ("--port", "4566", "--mail-port", "5001")
    assert parts.done == [
        ("start", "emulator", *emulator, *ports, "--minute", "60"),
        ("start", "twilio", "-m", "localcloud.twilio.stub", "--port", "5002"),
        *(("wait", port) for port in (4566, 5001, 5002)),
        ("release", "dev"),
    ]
    assert not (folder / "of-last-time").exists()
    pairs = {
        pair["ParameterKey"]: pair["ParameterValue"] for pair in parts.calls[0][2]["Parameters"]
    }
    assert pairs == {"DbMode": "none", "Nat": "false", "Cdn": "false", "Stage": "dev"}
    assert parts.calls[-1] == ("manage", "nudge-dev", b"old", "demo --staff")
    page = "http://localhost:4566/_aws/execute-api/api0/dev/"
    assert addresses == {
        "page": f"{page}todos/",
        "admin": f"{page}admin/",
        "API": f"{page}api/v1/",
        "docs": f"{page}api/docs/",
    }
    assert "12 parameters are stored under /nudge/dev/" in capsys.readouterr().out
    assert cloud.commands().splitlines()[1] == (
        f'   export PATH="{Path(sys.executable).parent}:$PATH" '
        "AWS_ACCESS_KEY_ID=test AWS_DEFAULT_REGION=us-east-1 "
        "AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1 AWS_SECRET_ACCESS_KEY=test"
    )


@pytest.mark.enable_socket
def test_a_port_that_is_taken_is_told_at_once(folder):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"^Something else uses port {port}\..*CLOUD_PORT="):
            cloud.up(folder, port)
    cloud._refuse_port(port)
    assert not folder.exists()


@pytest.mark.enable_socket
def test_a_port_with_connections_that_only_end_is_free(clock):
    """For a minute after the last cloud, TCP still keeps the connections that it closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()
            assert client.recv(1) == b""
    cloud._refuse_port(port)


def test_the_log_in_stands_alone_among_the_lines_of_lambda():
    log = 'START RequestId: 1\n{"level": "INFO"}\n9 to-dos\n  password: x\n\nREPORT RequestId: 1'
    assert cloud._plain(log) == "9 to-dos\n   password: x"


def test_up_configures_the_stage_for_services_of_this_machine_only(parts, folder):
    cloud.up(folder, 4566)
    told = {name.removeprefix("/nudge/dev/"): value for name, value in parts.parameters.items()}
    assert len(told.pop("SECRET_KEY")) == 86
    assert told == {
        "DATABASE_URL": "postgresql://local",
        "SMS_PROVIDER": "twilio",
        **cloud.TWILIO,
        "TWILIO_API_BASE_URL": "http://127.0.0.1:5002",
        "FROM_NUMBER": "+15005550006",
        "TO_NUMBER": "+14155550100",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": "5001",
        "EMAIL_USE_TLS": "False",
        "SECURE_SSL_REDIRECT": "False",
    }


def test_real_credentials_of_the_terminal_are_not_used(parts, folder):
    os.environ["AWS_ACCESS_KEY_ID"] = "real"
    cloud.up(folder, 4566)
    wanted = {**cloud.CREDENTIALS, "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    assert {name: os.environ[name] for name in wanted} == wanted
    assert "AWS_PROFILE" not in os.environ
    assert set(cloud.CREDENTIALS.values()) == {"test", "us-east-1"}


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch, folder, signals):
    done: list[tuple[Any, ...]] = []
    monkeypatch.setattr(cloud, "down", lambda where: done.append(("down", where)))

    def up(where, port, minute):
        done.append(("up", where, port, minute))
        return {"page": "http://page/"}

    monkeypatch.setattr(cloud, "up", up)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4999")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["cloud", *arguments])
        cloud.main()
        return done

    return run


def test_the_cloud_stays_until_ctrl_c_or_sigterm_and_ends_in_order(command, monkeypatch, capsys):
    monkeypatch.setattr(cloud, "_stay", lambda _folder: os.kill(os.getpid(), signal.SIGTERM))
    done = command("up", "--port", "4999", "--minute", "5")
    assert done == [("up", cloud.FOLDER, 4999, 5), ("down", cloud.FOLDER)]
    output = capsys.readouterr().out
    assert f"   page   http://page/\n{cloud.commands()}\n{cloud.READY}\n" in output
    assert "The local cloud ends" in output


def test_a_cloud_that_cannot_be_made_is_ended_too(command, monkeypatch):
    def fail(_folder, _port, _minute):
        raise SystemExit("why")

    monkeypatch.setattr(cloud, "up", fail)
    ended: list[Path] = []
    monkeypatch.setattr(cloud, "down", ended.append)
    with pytest.raises(SystemExit, match=r"^why$"):
        command("up")
    assert ended == [cloud.FOLDER]


def test_a_second_cloud_leaves_the_first_alone(command, folder, processes):
    started = [sys.executable, "-c", WAITS.format("localcloud.cloud")]
    first = subprocess.Popen(started, stdout=subprocess.PIPE)  # noqa: S603 - ours
    processes.append(first)
    (folder / cloud.OWNER).write_text(str(first.pid))
    with pytest.raises(SystemExit, match=f"runs already .process {first.pid}.*make cloud-down"):
        command("up", "--folder", str(folder))
    assert command("down", "--folder", str(folder)) == [("down", folder)]


@pytest.mark.parametrize("owner", ["", "4194305"])
def test_a_cloud_whose_process_has_died_is_no_obstacle(command, folder, monkeypatch, owner):
    (folder / cloud.OWNER).write_text(owner)
    monkeypatch.setattr(cloud, "_stay", lambda _folder: None)
    assert command("up", "--folder", str(folder))[0][0] == "up"


def test_down_is_a_command_too(command, folder):
    assert command("down", "--folder", str(folder)) == [("down", folder)]


def test_each_mail_is_shown_once_until_the_folder_is_gone(folder, monkeypatch, capsys):
    (folder / "mail").mkdir()
    (folder / "mail" / "0001.txt").write_text("first")
    rounds = []

    def sleep(_seconds):
        rounds.append(capsys.readouterr().out)
        if len(rounds) == 2:
            (folder / "mail" / "0002.txt").write_text("second")
        if len(rounds) == 3:
            folder.rename(folder.with_name("gone"))

    sleeping(monkeypatch, sleep)
    cloud._stay(folder)
    assert rounds == ["\n--- mail ---\nfirst\n", "", "\n--- mail ---\nsecond\n"]


def test_it_ends_with_the_process_that_started_it_however_that_ended(folder, monkeypatch):
    parents = iter([7, 7, 7, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    sleeping(monkeypatch, lambda _seconds: None)
    cloud._stay(folder)
    assert list(parents) == []
    assert folder.exists()
