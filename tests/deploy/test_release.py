"""Build, migrate, deploy, smoke-test; roll back whatever fails."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, WaiterError
from click import ClickException

from deploy import archive, package, release, static, zappa_files
from tests.deploy.account import API, PARAMETERS, STATIC, Function

ARCHIVE = "build/nudge-dev.zip"
UPDATES = [
    ("zappa", "update", "dev_ops", "--zip", ARCHIVE),
    ("manage", "nudge-dev-ops", b"new", "migrate --noinput --verbosity 1"),
    ("zappa", "update", "dev", "--zip", ARCHIVE),
]


@pytest.fixture
def made(account, clock, monkeypatch):
    """The account; each release packages b"new". Its requests name the packaging, too."""

    def build(target, architecture, *, extra):
        account._request("package")
        assert (architecture, extra) == ("x86_64", ())
        Path(target).write_bytes(b"new")
        return "id-of-new"

    def collect(outputs):
        account._request("collect")
        assert outputs["StaticBucket"] == "statics"

    cli = SimpleNamespace(architecture="x86_64")
    monkeypatch.setattr(zappa_files, "command_line", lambda stage: cli)
    monkeypatch.setattr(static, "collect", collect)
    monkeypatch.setattr(package, "build", build)
    monkeypatch.setattr(subprocess, "call", account.zappa)
    return account


def serving(account):
    return {name: each.code for name, each in account.functions.items()}


def test_a_release_packages_migrates_switches_and_looks(made, capsys):
    release.release("dev")
    assert made.calls == [
        *UPDATES,
        ("configuration", "nudge-dev-ops", {"Environment": {"Variables": {"API_URL": API}}}),
    ]
    assert serving(made) == {"nudge-dev": b"new", "nudge-dev-ops": b"new"}
    asked = [each for each in made.requests if each in ("collect", "package") or "https" in each]
    looks = [API + "readyz/", STATIC + "css/app.0123.css", API + "api/v1/todos/"]
    assert asked == ["collect", "package", *looks]
    output = capsys.readouterr().out
    assert "dev serves build id-of-new" in output
    assert f"   {ARCHIVE} has 0.0 MB\n" in output
    assert API in output


def test_a_first_release_deploys_both_functions(made):
    made.functions.clear()
    made.apis.clear()
    release.release("dev")
    assert [call[1:3] for call in made.calls if call[0] == "zappa"] == [
        ("deploy", "dev_ops"),
        ("deploy", "dev"),
    ]
    assert serving(made) == {"nudge-dev": b"new", "nudge-dev-ops": b"new"}


def test_a_function_without_an_api_is_what_a_broken_first_deploy_left(made):
    made.apis.clear()
    release.release("dev")
    assert [call[1:] for call in made.calls if call[0] == "zappa"] == [
        ("update", "dev_ops", "--zip", ARCHIVE),
        ("undeploy", "dev", "--yes"),
        ("deploy", "dev", "--zip", ARCHIVE),
    ]


# --- Before anything changes ----------------------------------------------------------------------


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_release_without_a_parameter_is_refused_before_anything_is_made(made, name):
    del made.parameters[f"/nudge/dev/{name}"]
    with pytest.raises(SystemExit, match=f"dev would refuse to start without {name}: store them"):
        release.release("dev")
    assert (made.calls, Path("build").exists()) == ([], False)


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ((package, "build"), archive.PackageError("the reason")),
        ((static, "collect"), static.CollectError("the reason")),
        ((zappa_files, "command_line"), ClickException("the reason")),
    ],
    ids=["package", "static files", "settings"],
)
def test_a_release_that_cannot_be_packaged_changes_nothing(made, monkeypatch, place, error):
    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr(*place, fail)
    with pytest.raises(SystemExit, match=r"^the reason$"):
        release.release("dev")
    assert made.calls == []


# --- Failures, and what serves afterwards ---------------------------------------------------------


def fail_zappa(account, monkeypatch, action, stage):
    """Zappa changes the code of this stage and then fails."""

    def call(command, env):
        ended = account.zappa(command, env)
        return int(command[1:3] == [action, stage]) or ended

    monkeypatch.setattr(subprocess, "call", call)


def test_a_failed_migration_leaves_the_stage_as_it_was(made):
    made.logs["migrate --noinput --verbosity 1"] = "no such column"
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        "Migrations failed, dev is as it was.\n"
        "migrate --noinput --verbosity 1: no such column\n log �\n"
    )
    assert serving(made) == {"nudge-dev": b"old", "nudge-dev-ops": b"old"}
    assert ("zappa", "update", "dev", "--zip", ARCHIVE) not in made.calls


def test_a_first_migration_that_fails_has_no_version_to_roll_back_to(made):
    made.functions.clear()
    made.logs["migrate --noinput --verbosity 1"] = "no such column"
    with pytest.raises(SystemExit, match=r"Migrations failed"):
        release.release("dev")
    assert serving(made) == {"nudge-dev-ops": b"new"}


def test_a_failed_update_of_the_function_for_commands_is_taken_back(made, monkeypatch):
    fail_zappa(made, monkeypatch, "update", "dev_ops")
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        f"Migrations failed, dev is as it was.\nzappa update dev_ops --zip {ARCHIVE} failed."
    )
    assert serving(made) == {"nudge-dev": b"old", "nudge-dev-ops": b"old"}


def test_a_failed_update_of_the_stage_is_taken_back(made, monkeypatch):
    fail_zappa(made, monkeypatch, "update", "dev")
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        "Build id-of-new failed, the one before it serves.\n"
        f"zappa update dev --zip {ARCHIVE} failed."
    )
    assert made.functions["nudge-dev"].code == b"old"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((503, "starting"), f"{API}readyz/ answers 503: starting"),
        (
            (200, '{"version": "id-of-old"}'),
            f'{API}readyz/ answers 200: {{"version": "id-of-old"}}',
        ),
    ],
    ids=["not ready", "the build before"],
)
def test_a_build_that_does_not_become_ready_is_taken_back(made, answer, told):
    made.ready[b"new"] = answer
    with pytest.raises(SystemExit) as ended:
        release.release("dev", timeout=3)
    assert str(ended.value) == f"Build id-of-new failed, the one before it serves.\n{told}"
    assert made.functions["nudge-dev"].code == b"old"


def test_a_first_deploy_that_does_not_serve_says_so(made):
    made.functions.clear()
    made.apis.clear()
    made.ready[b"new"] = (500, "broken")
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        f"The first deploy of dev does not serve.\n{API}readyz/ answers 500: broken"
    )
    assert serving(made) == {"nudge-dev": b"new", "nudge-dev-ops": b"new"}


def test_a_way_back_that_is_closed_is_reported_with_the_first_reason(made):
    made.ready[b"new"] = (500, "broken")
    made.spoiled.add(b"old")
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        "nudge-dev failed and could not be rolled back to version 2. Act now.\n"
        f"{API}readyz/ answers 500: broken\n"
        "The code of version 2 of nudge-dev is not available."
    )


def test_an_interruption_whose_way_back_is_closed_is_named(made):
    made.spoiled.add(b"old")
    made.at_request = at(made, "zappa", 2, KeyboardInterrupt())
    with pytest.raises((SystemExit, KeyboardInterrupt)) as ended:
        release.release("dev")
    assert str(ended.value) == (
        "nudge-dev failed and could not be rolled back to version 2. Act now.\n"
        "KeyboardInterrupt\n"
        "The code of version 2 of nudge-dev is not available."
    )


def test_code_of_no_published_version_is_not_gone_back_to(made, monkeypatch):
    made.functions["nudge-dev"].code = b"by hand"
    fail_zappa(made, monkeypatch, "update", "dev")
    with pytest.raises(SystemExit, match=r"The first deploy of dev does not serve"):
        release.release("dev")


def at(account, what, number, error):
    """Raises the error, once, before this request of the kind."""

    def look(request):
        seen = account.requests.count(what)
        if request == what and seen == number and error is not None:
            account.at_request = None
            raise error

    return look


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        SystemExit("ended"),
        ClientError({"Error": {"Code": "Throttling"}}, "Any"),
    ],
    ids=["Ctrl-C", "exit", "AWS"],
)
def test_whatever_ends_a_release_the_old_code_serves_until_the_new_is_proved(made, error):
    """The error is raised at each single request that a release makes, one run each."""
    release.release("dev")
    count = len(made.requests)
    proved = made.requests.index(API + "api/v1/todos/") + 1
    unlocks = made.requests.index("DeleteParameters") + 1
    assert count > 20
    for number in range(1, count + 1):
        made.functions = {name: fresh() for name in ("nudge-dev", "nudge-dev-ops")}
        made.requests.clear()
        made.calls.clear()

        def interrupt(_request, number=number):
            if len(made.requests) == number:
                made.at_request = None
                raise error

        made.at_request = interrupt
        with pytest.raises((type(error), SystemExit, WaiterError)):
            release.release("dev")
        expected = b"new" if number > proved else b"old"
        assert (number, made.functions["nudge-dev"].code) == (number, expected)
        locks = [name for name in made.parameters if "/lock" in name]
        is_locked = [made.parameters.pop(name) for name in locks] != []
        giving_it_back = unlocks - 2 <= number <= unlocks + 1
        assert (number, is_locked) == (number, giving_it_back)


def fresh():
    function = Function(b"")
    function.publish(b"old")
    return function


def test_sigterm_goes_back_and_a_second_signal_does_not_interrupt_it(made, monkeypatch, signals):
    """CI that cancels a job sends SIGINT or SIGTERM, and again after some seconds."""

    def terminate(request):
        if request == "zappa waits" and made.requests.count(request) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        if request.startswith("https://code/"):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)

    made.at_request = terminate
    monkeypatch.setattr(sys, "argv", ["release", "dev"])
    with pytest.raises(KeyboardInterrupt):
        release.main()
    assert signals == []
    assert "https://code/nudge-dev/2" in made.requests
    assert made.functions["nudge-dev"].code == b"old"


def test_the_timeout_and_the_steps_are_options(made, monkeypatch, signals):
    given = []
    monkeypatch.setattr(release, "release", lambda stage, **options: given.append((stage, options)))
    monkeypatch.setattr(sys, "argv", ["release", "dev", "--timeout", "20", "--at-once"])
    release.main()
    monkeypatch.setattr(sys, "argv", ["release", "dev"])
    release.main()
    assert given == [
        ("dev", {"timeout": 20.0, "at_once": True}),
        ("dev", {"timeout": 90, "at_once": False}),
    ]


def test_new_code_has_ninety_seconds_to_become_ready(made, clock):
    made.ready[b"new"] = (503, "starting")
    with pytest.raises(SystemExit, match="Build id-of-new failed, the one before it serves"):
        release.release("dev")
    assert clock == [91]


# --- Zappa ----------------------------------------------------------------------------------------


def test_zappa_runs_from_this_environment(monkeypatch):
    given = []
    monkeypatch.setattr(subprocess, "call", lambda command, env: given.append((command, env)))
    monkeypatch.setenv("PATH", "/usr/bin")
    release.zappa("update", "dev")
    [(command, env)] = given
    scripts = Path(sys.executable).parent
    assert command == [str(scripts / "zappa"), "update", "dev"]
    assert env == {**os.environ, "VIRTUAL_ENV": sys.prefix, "PATH": f"{scripts}:/usr/bin"}
