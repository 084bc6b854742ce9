"""The archive for Lambda is made from what is allowed in; what nobody thought of stays out."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from deploy import aws, contents, package, static

ROOT = Path(__file__).resolve().parents[2]
ANY = "Wheel-Version: 1.0\nTag: py3-none-any\n"
MADE_HERE = "Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n"
OURS = {
    "config/on_lambda.py": "x = 1\n",
    "config/settings/__init__.py": "x = 2\n",
    "handler.py": "",
    "zappa_settings.py": "",
    "staticfiles/staticfiles.json": "{}",
}


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Makes what Zappa would have made; `demo` is locked, `tool` is not."""
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("demo==1.0 \\\n    --hash=sha256:00\n")

    def make(files, wheel=ANY):
        theirs = {
            "demo/__init__.py": "",
            "demo/used.py": "def f():\n    return 1\n",
            "demo/tests/test_demo.py": "",
            "demo/locale/de/LC_MESSAGES/django.mo": "",
            "demo/locale/en/LC_MESSAGES/django.mo": "",
            "demo/static/demo.css": "",
            "demo-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n",
            "demo-1.0.dist-info/WHEEL": wheel,
            "tool/__init__.py": "",
            "tool-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n",
            "tool-1.0.dist-info/WHEEL": ANY,
        }
        for name in ("demo", "tool"):
            listed = [each for each in theirs if each.startswith((f"{name}/", f"{name}-"))]
            record = f"{name}-1.0.dist-info/RECORD"
            theirs[record] = "".join(f"{each},,\n" for each in [*listed, record])
        path = tmp_path / "nudge.zip"
        with zipfile.ZipFile(path, "w") as made:
            for name, text in {**theirs, **files}.items():
                made.writestr(name, text)
        return path

    return make


def names(path):
    with zipfile.ZipFile(path) as packed:
        return sorted(name for name in packed.namelist() if not name.endswith(".pyc"))


KEPT = [
    "BUILD_ID",
    "config/on_lambda.py",
    "config/settings/__init__.py",
    "demo-1.0.dist-info/METADATA",
    "demo/__init__.py",
    "demo/locale/en/LC_MESSAGES/django.mo",
    "demo/used.py",
    "handler.py",
    "staticfiles/staticfiles.json",
    "zappa_settings.py",
]


def test_only_what_a_request_needs_is_packed(archive):
    strays = dict.fromkeys((".env", "db.sqlite3", "notes.txt", "tests/test_x.py"), "secret")
    path = archive({**OURS, **strays})
    package.finish(path)
    assert names(path) == KEPT


def test_the_same_content_is_the_same_archive_and_another_has_another_id(archive, tmp_path):
    first = archive(OURS)
    build_id = package.finish(first)
    bytes_of_first = first.read_bytes()
    assert package.finish(archive(OURS)) == build_id
    assert first.read_bytes() == bytes_of_first
    assert package.finish(archive({**OURS, "config/settings/__init__.py": "x = 3\n"})) != build_id
    with zipfile.ZipFile(first) as packed:
        assert packed.read("BUILD_ID").decode() != build_id


def test_bytecode_is_valid_without_dates(archive):
    path = archive(OURS)
    package.finish(path)
    with zipfile.ZipFile(path) as packed:
        compiled = [name for name in packed.namelist() if name.endswith(".pyc")]
        assert len(compiled) == len([name for name in packed.namelist() if name.endswith(".py")])
        # PEP 552: the flags after the magic number; 1 is hash-based and unchecked.
        assert {packed.read(name)[4:8] for name in compiled} == {b"\x01\0\0\0"}


def test_a_package_compiled_on_this_machine_is_refused(archive):
    path = archive(OURS, wheel=MADE_HERE)
    before = path.read_bytes()
    with pytest.raises(package.PackageError, match="demo is not built for Lambda"):
        package.finish(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("copied", [{}, {"staticfiles/staticfiles.json": "of last time"}])
def test_the_manifest_of_this_build_is_packed(archive, copied):
    """Zappa copies the folder before the files are collected."""
    path = archive({**{name: OURS[name] for name in OURS if "staticfiles" not in name}, **copied})
    static.MANIFEST.parent.mkdir()
    static.MANIFEST.write_text("of this time")
    package.finish(path, static.MANIFEST)
    with zipfile.ZipFile(path) as packed:
        assert packed.read("staticfiles/staticfiles.json") == b"of this time"


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_package_that_could_not_start_is_refused(archive, name):
    with pytest.raises(package.PackageError, match=f"Missing from the package: {name}"):
        package.finish(archive({each: text for each, text in OURS.items() if each != name}))


def test_a_package_without_a_file_of_a_distribution_is_refused(archive):
    record = "demo/__init__.py,,\ndemo/gone.py,,\n../../bin/demo,,\n"
    path = archive({**OURS, "demo-1.0.dist-info/RECORD": record})
    with pytest.raises(package.PackageError, match=r"demo/gone\.py is missing"):
        package.finish(path)


def test_a_package_over_the_limit_is_refused(archive, monkeypatch):
    monkeypatch.setattr(package, "UNPACKED_LIMIT", 10)
    with pytest.raises(package.PackageError, match="over the limit"):
        package.finish(archive(OURS))
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("name", "forbidden"),
    [
        (".env", True),
        (".env.dev", True),
        ("config/.env", True),
        ("db.sqlite3", True),
        ("db.sqlite3-wal", True),
        (".git/config", True),
        ("tests/conftest.py", True),
        ("allauth/account/tests/test_x.py", True),
        ("server.key", True),
        ("zappa_settings.json", True),
        ("certifi/cacert.pem", False),
        ("zappa_settings.py", False),
        ("config/env.py", False),
    ],
)
def test_what_must_never_leave_is_known_by_name(name, forbidden):
    assert contents.is_forbidden(name) is forbidden


def test_the_lists_agree_with_the_project():
    assert {code for code, _name in settings.LANGUAGES} == contents.LANGUAGES
    stages = json.loads((ROOT / "zappa_settings.json").read_text())
    assert stages["dev"]["project_name"] == aws.PROJECT
    present = [name for name in contents.PROJECT if (ROOT / name).exists()]
    assert {"accounts", "config", "core", "serverless", "sms", "templates", "todos"} <= set(present)
    assert contents.locked(ROOT / "requirements.txt") >= contents.ONLY_FOR_DEPLOYING


def test_deploying_imports_nothing_heavy_until_it_is_asked():
    code = (
        "import sys, deploy.callbacks, deploy.release, deploy.cloud;"
        "assert not {'boto3', 'django', 'zappa'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - ours
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_every_step_of_the_makefile_is_there():
    targets = (ROOT / "Makefile").read_text()
    for module in ("stack", "release", "rollback", "restart", "manage", "destroy", "cloud"):
        assert f"-m deploy.{module}" in targets
        assert (ROOT / "deploy" / f"{module}.py").exists()
