"""A new version: migrations first, a smoke test, and a rollback if it fails.

Each works on a copy of the code and leaves the stage serving, for the one after it. What happens at
the other places where a release may fail is tested in tests/deploy.
"""

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from deploy import dependencies
from tests.cloud.local import (
    COMMAND_SECONDS,
    ROOT,
    SCRIPTS,
    TIMEOUT,
    Cloud,
    Ended,
    eventually,
)
from tests.cloud.people import manage

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]
PYTHON = str(SCRIPTS / "python")
SWITCH = "The new code serves"
SHORT_TIMEOUT = ("--timeout", "3")  # of a version that never will be ready
MIGRATION = '''"""For a test of the release."""

from django.db import migrations


def forwards(apps, schema_editor):
    {body}


class Migration(migrations.Migration):
    dependencies = [("todos", "{last}")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
'''


def migration(body: str) -> str:
    """Behind the last one of today."""
    last = max((ROOT / "todos" / "migrations").glob("0*.py")).stem
    return MIGRATION.format(last=last, body=body)


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> Callable[[str, str], Path]:
    """`changed(file, text)`: a copy of the code as git knows it, with this at the end of a file."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()

    def copy(file: str, text: str) -> Path:
        folder = tmp_path_factory.mktemp("code")
        for name in filter(None, names.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, folder / name)
        with (folder / file).open("a") as source:
            source.write(text)
        (folder / dependencies.FOLDER).parent.mkdir()
        (folder / dependencies.FOLDER).symlink_to(ROOT / dependencies.FOLDER)
        return folder

    return copy


def release(cloud: Cloud, code: Path, *options: str) -> Ended:
    return cloud.run(PYTHON, "-m", "deploy.release", "dev", *options, folder=code)


def build(cloud: Cloud) -> str:
    """The id of what serves, once it is ready."""
    return str(eventually(cloud.ready)["version"])


def digest(cloud: Cloud) -> str:
    """Of the code that the function has."""
    function = cloud.client("lambda").get_function_configuration(FunctionName="nudge-dev")
    return str(function["CodeSha256"])


def migrations(cloud: Cloud) -> str:
    """Those that the code for commands knows."""
    return manage(cloud, "showmigrations todos")


@pytest.fixture(scope="module")
def old(cloud: Cloud) -> str:
    return build(cloud)


@pytest.fixture(scope="module")
def update(changed) -> Path:
    return changed(
        "todos/migrations/9999_new.py",
        migration('schema_editor.execute("CREATE TABLE fresh (id integer)")'),
    )


@pytest.fixture(scope="module")
def interrupted(cloud: Cloud, old: str, update: Path) -> Ended:
    """Ctrl-C as soon as the function has the new code."""
    before, log = digest(cloud), update / "build.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [PYTHON, "-m", "deploy.release", "dev"],
            cwd=update,
            env=cloud.variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            eventually(lambda: process.poll() is not None or digest(cloud) != before)
            process.send_signal(signal.SIGINT)
            process.wait(COMMAND_SECONDS)
        finally:
            process.kill()
    return Ended(process.returncode, log.read_text())


@pytest.fixture(scope="module")
def repeated(cloud: Cloud, interrupted: Ended, update: Path) -> str:
    """The build that serves since the release was repeated, to the end."""
    ended = release(cloud, update)
    assert ended.code == 0, ended.output
    return build(cloud)


def test_an_interrupted_release_has_migrated_and_leaves_the_old_version_serving(
    cloud, old, interrupted
):
    assert interrupted.code not in (0, None)
    assert interrupted.output.index("Applying todos.9999_new") < interrupted.output.index(SWITCH)
    assert build(cloud) == old  # and it is ready: what it does not know does not disturb it


def test_repeated_it_serves(cloud, old, repeated):
    assert repeated != old
    assert "[X] 9999_new" in migrations(cloud)


def test_a_failing_migration_leaves_the_version_before_serving(cloud, changed, repeated):
    body = 'raise RuntimeError("this migration fails")'
    ended = release(cloud, changed("todos/migrations/9999_wrong.py", migration(body)))
    assert ended.code == 1
    assert "Migrations failed, dev is as it was." in ended.output
    assert "this migration fails" in ended.output
    assert SWITCH not in ended.output
    assert build(cloud) == repeated
    assert "9999_wrong" not in migrations(cloud)


def test_a_version_that_is_not_ready_is_taken_back(cloud, changed, repeated):
    ended = release(cloud, changed("config/health.py", "\nreadyz = hello\n"), *SHORT_TIMEOUT)
    assert ended.code == 1
    assert "failed, the one before it serves." in ended.output
    assert build(cloud) == repeated
    assert requests.get(cloud.address + "api/v1/todos/", timeout=TIMEOUT).status_code == 401


def test_a_rollback_leads_to_the_version_before_and_never_to_what_failed(cloud, old, repeated):
    back = cloud.run(PYTHON, "-m", "deploy.rollback", "dev")
    assert back.code == 0, back.output
    assert build(cloud) == old
    assert "9999_new" not in migrations(cloud)


def test_a_restart_makes_new_processes_read_the_parameters(cloud):
    ssm, name = cloud.client("ssm"), "/nudge/dev/SMS_ENABLED"
    send = cloud.address + "service/sms/send"
    ssm.put_parameter(Name=name, Value="nonsense", Type="String")
    try:
        assert cloud.run(PYTHON, "-m", "deploy.restart", "dev").code == 0
        assert requests.post(send, json={"msg": "hey"}, timeout=TIMEOUT).status_code >= 500
    finally:
        ssm.delete_parameter(Name=name)
        assert cloud.run(PYTHON, "-m", "deploy.restart", "dev").code == 0
    assert requests.post(send, json={"msg": "hey"}, timeout=TIMEOUT).status_code == 401


def test_a_stage_that_is_not_configured_is_refused_before_anything_is_made(cloud):
    ended = cloud.run(PYTHON, "-m", "deploy.release", "staging")
    assert ended.code == 1
    assert "staging would refuse to start without" in ended.output
    names = [each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]]
    assert "nudge-staging" not in names
