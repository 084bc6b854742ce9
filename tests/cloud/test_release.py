"""A new version: migrations first, a look from outside, and back if anything is wrong with it.

Each test works on a copy of the code, and leaves the stage serving.
"""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.cloud.conftest import ROOT, SCRIPTS, Cloud, Ended

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]
PYTHON = str(SCRIPTS / "python")
MIGRATION = '''"""For a test of the release."""

from django.db import migrations


def forwards(apps, schema_editor):
    {body}


class Migration(migrations.Migration):
    dependencies = [("todos", "0002_text_constraints_and_names")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
'''


@pytest.fixture
def code(tmp_path) -> Path:
    """A copy of the code as git knows it, to be changed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, target)
    return tmp_path


@pytest.fixture
def release(cloud: Cloud, code: Path) -> Callable[[], Ended]:
    command = (PYTHON, "-m", "deploy.release", "dev", "--patience", "20")
    return lambda: cloud.run(*command, folder=code)


def build(cloud: Cloud) -> str:
    """The id of what serves, or why nothing does."""
    answer = requests.get(cloud.address + "readyz/", timeout=30)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["version"])


def manage(cloud: Cloud, command: str) -> Ended:
    return cloud.run(PYTHON, "-m", "deploy.manage", "dev", command)


def migration(code: Path, name: str, body: str) -> None:
    (code / "todos" / "migrations" / f"{name}.py").write_text(MIGRATION.format(body=body))


def test_an_update_migrates_before_it_serves_and_can_be_taken_back(cloud, code, release):
    old = build(cloud)
    migration(code, "0003_new", 'schema_editor.execute("CREATE TABLE fresh (id integer)")')
    ended = release()
    assert ended.code == 0, ended.output
    new = build(cloud)
    assert new != old
    assert ended.output.index("Applying todos.0003_new") < ended.output.index("The new code serves")
    assert "[X] 0003_new" in manage(cloud, "showmigrations todos").output

    back = cloud.run(PYTHON, "-m", "deploy.rollback", "dev")
    assert back.code == 0, back.output
    assert build(cloud) == old  # and it is ready: what it does not know does not disturb it
    assert "0003_new" not in manage(cloud, "showmigrations todos").output


def test_a_failing_migration_leaves_the_old_version_serving(cloud, code, release):
    old = build(cloud)
    migration(code, "0003_wrong", 'raise RuntimeError("this migration fails")')
    ended = release()
    assert ended.code == 1
    assert "Migrations failed, dev is as it was." in ended.output
    assert "this migration fails" in ended.output
    assert "The new code serves" not in ended.output
    assert build(cloud) == old
    assert "0003_wrong" not in manage(cloud, "showmigrations todos").output


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        (
            "config/health.py",
            "\nreadyz = hello\n",
            "failed, the one before it serves.",
        ),
        (  # found out before anything is switched: the function that migrates does not start
            "config/urls.py",
            "\nraise RuntimeError('this version cannot start')\n",
            "Migrations failed, dev is as it was.",
        ),
    ],
    ids=["not ready", "does not start"],
)
def test_a_version_that_does_not_serve_is_taken_back(cloud, code, release, file, line, told):
    old = build(cloud)
    with (code / file).open("a") as source:
        source.write(line)
    ended = release()
    assert ended.code == 1
    assert told in ended.output
    assert build(cloud) == old
    assert requests.get(cloud.address + "api/v1/todos/", timeout=30).status_code == 401


def test_a_release_that_was_interrupted_can_be_repeated(cloud, code, release, tmp_path):
    old = build(cloud)
    (code / "templates" / "robots.txt").write_text("another build")
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [PYTHON, "-m", "deploy.release", "dev"],
            cwd=code,
            env=cloud.variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        while "The new code serves" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    assert build(cloud) == old
    ended = release()
    assert ended.code == 0, ended.output
    assert build(cloud) != old


def test_a_rollback_after_a_failed_release_does_not_serve_what_failed(cloud, code, release):
    serving = build(cloud)
    with (code / "config" / "health.py").open("a") as source:
        source.write("\nreadyz = hello  # fails once more\n")
    assert release().code == 1
    assert build(cloud) == serving
    ended = cloud.run(PYTHON, "-m", "deploy.rollback", "dev")
    assert ended.code == 0, ended.output
    assert build(cloud) not in ("", serving)


def test_a_restart_makes_new_processes_read_the_parameters(cloud):
    ssm, name = cloud.client("ssm"), "/nudge/dev/SMS_ENABLED"
    send = cloud.address + "service/sms/send"
    ssm.put_parameter(Name=name, Value="nonsense", Type="String")
    try:
        assert cloud.run(PYTHON, "-m", "deploy.restart", "dev").code == 0
        assert requests.post(send, json={"msg": "hey"}, timeout=30).status_code >= 500
    finally:
        ssm.delete_parameter(Name=name)
        assert cloud.run(PYTHON, "-m", "deploy.restart", "dev").code == 0
    assert requests.post(send, json={"msg": "hey"}, timeout=30).status_code == 401


def test_a_stage_that_is_not_configured_is_refused_before_anything_is_made(cloud, code):
    ended = cloud.run(PYTHON, "-m", "deploy.release", "staging", folder=code)
    assert ended.code == 1
    assert "staging would refuse to start without" in ended.output
    names = [each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]]
    assert "nudge-staging" not in names
