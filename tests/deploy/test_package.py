"""The archive for Lambda is written from what is allowed in, and from nothing else."""

import importlib.util
import json
import marshal
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import to_locale

from deploy import archive, aws, contents, dependencies, package, static
from tests.deploy.wheels import DEMO, locked, source, wheel

ROOT = Path(__file__).resolve().parents[2]
OURS = {
    "config/settings/__init__.py": "x = 2\n",
    "serverless/__init__.py": "",
    "serverless/handler.py": "x = 1\n",
    "staticfiles/staticfiles.json": "{}",
    "templates/page.html": "<p>",
}
STRAYS = dict.fromkeys(
    (
        ".env",
        "config/__pycache__/a.pyc",
        "db.sqlite3",
        "locale/zh_Hans/LC_MESSAGES/django.po",
        "notes.txt",
        "tests/test_x.py",
    ),
    "secret",
)
KEPT = [
    "BUILD_ID",
    "MODULES.json",
    "config/settings/__init__.py",
    "demo-1.0.dist-info/METADATA",
    "demo-1.0.dist-info/entry_points.txt",
    "demo/__init__.py",
    "demo/locale/en/LC_MESSAGES/django.mo",
    "demo/of_another_python.py",
    "demo/used.py",
    "serverless/__init__.py",
    "serverless/handler.py",
    "staticfiles/staticfiles.json",
    "templates/page.html",
]


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """A folder of wheels: demo, which runs on Lambda."""
    folder = tmp_path_factory.mktemp("index")
    wheel(folder, "demo", DEMO)
    return folder


@pytest.fixture
def project(tmp_path, tmp_path_factory, monkeypatch, index):
    """A working folder that can be packaged; uv knows the index and no other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(index))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    shared = tmp_path_factory.getbasetemp() / "dependencies"
    monkeypatch.setattr(dependencies, "FOLDER", shared)
    Path("requirements.txt").write_text(locked(index / "demo-1.0-py3-none-any.whl"))
    write(OURS | STRAYS)
    return tmp_path


def write(files):
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def build(name="nudge.zip"):
    target = Path(name)
    return package.build(target), target


def entries(path):
    with zipfile.ZipFile(path) as packed:
        return {entry.filename: packed.read(entry) for entry in packed.infolist()}


def names(path):
    return sorted(name for name in entries(path) if not name.endswith(".pyc"))


def deflated(content):
    """As small as it gets: a cold start loads the package."""
    made = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return made.compress(content) + made.flush()


# --- What is in it --------------------------------------------------------------------------------


def test_only_what_a_request_needs_is_packed(project):
    _build_id, path = build()
    assert names(path) == KEPT


def test_every_file_is_readable_by_every_user_and_comes_once_with_one_date(project):
    _build_id, path = build()
    with zipfile.ZipFile(path) as packed:
        found = packed.infolist()
        assert packed.comment == b""
    assert len({entry.filename for entry in found}) == len(found)
    assert {entry.external_attr >> 16 & 0o777 for entry in found} == {0o755}
    assert {entry.create_system for entry in found} == {3}
    assert {entry.date_time for entry in found} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.compress_type for entry in found} == {zipfile.ZIP_DEFLATED}
    assert {entry.filename: entry.compress_size for entry in found} == {
        name: len(deflated(content)) for name, content in entries(path).items()
    }
    order = [entry.filename for entry in found]
    ours = order.index("BUILD_ID")
    assert order == sorted(order[:ours]) + sorted(order[ours:])


def test_bytecode_is_taken_unchecked_and_names_the_place_on_lambda(project):
    _build_id, path = build()
    found = entries(path)
    modules = {name for name in found if name.endswith(".py")} - {"demo/of_another_python.py"}
    compiled = {name for name in found if name.endswith(".pyc")}
    assert compiled == {importlib.util.cache_from_source(name) for name in modules}
    for name in modules:
        content = found[importlib.util.cache_from_source(name)]
        # PEP 552: after the magic number 1 for hash-based and unchecked, and the hash.
        head = importlib.util.MAGIC_NUMBER + b"\x01\0\0\0"
        assert content[:16] == head + importlib.util.source_hash(found[name])
        assert marshal.loads(content[16:]).co_filename == f"/var/task/{name}"  # noqa: S302 - ours


def test_modules_with_bytecode_are_listed(project):
    _build_id, path = build()
    assert json.loads(entries(path)["MODULES.json"]) == {
        "config.settings": True,
        "demo": True,
        "demo.used": False,
        "serverless": True,
        "serverless.handler": False,
    }


def test_a_module_that_is_also_an_extension_is_not_listed():
    sources = {"fast/__init__.py", "fast/both.py", "fast/plain.py", "0001_initial.py"}
    compiled = {importlib.util.cache_from_source(name) for name in sources}
    extensions = {"fast/both.cpython-311-x86_64-linux-gnu.so", "fast/only.abi3.so"}
    found = archive.modules(sources | compiled | extensions | {"fast/source_only.py"})
    assert found == {"0001_initial": False, "fast": True, "fast.plain": False}


def test_the_list_of_modules_is_as_short_as_it_can_be(project):
    """Every cold start reads it."""
    text = entries(build()[1])["MODULES.json"].decode()
    assert text.startswith('{"config.settings":true,"demo":true,')


def test_more_files_of_the_project_are_packed_if_they_are_asked_for(project):
    package.build(target := Path("nudge.zip"), extra=("notes.txt",))
    assert names(target) == sorted([*KEPT, "notes.txt"])


def test_bytecode_is_the_same_whatever_python_is_told(monkeypatch):
    files = {"a.py": b'"""Words."""\nassert 0\n', "b.pyc": b"of another tool"}
    compiled = archive.bytecode(files)
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    assert set(compiled) == {importlib.util.cache_from_source("a.py")}
    assert archive.bytecode(files) == compiled


def test_nothing_of_zappa_is_packed(project):
    write({"zappa_settings.py": "of a stage", "handler.py": "its handler"})
    _build_id, path = build()
    assert names(path) == KEPT


def test_bytecode_has_the_name_that_lambda_looks_for_whatever_the_options_of_python():
    code = "from deploy import archive; print(archive.compiled_name('a/b.py'))"
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-O", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == f"a/__pycache__/b.{sys.implementation.cache_tag}.pyc\n"


# --- The id ---------------------------------------------------------------------------------------


def test_the_same_content_is_the_same_archive(project, monkeypatch, tmp_path):
    build_id, first = build()
    assert entries(first)["BUILD_ID"].decode() == build_id
    assert re.fullmatch("[0-9a-f]{12}", build_id)
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path / "made again")
    assert build("second.zip")[0] == build_id
    assert Path("second.zip").read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"config/settings/__init__.py": "x = 3\n"},
        {"config/another.py": ""},
        {"staticfiles/staticfiles.json": "of another build"},
    ],
)
def test_another_content_has_another_id(project, change):
    before, _path = build()
    write(change)
    after, path = build()
    assert after != before
    assert entries(path)["BUILD_ID"].decode() == after


def test_other_code_or_another_dependency_has_another_id(project, index):
    ids = {build()[0]}
    write({"config/settings/__init__.py": "x = 4\n"})
    ids.add(build()[0])
    extra = wheel(index, "extra", {"extra.py": ""})
    Path("requirements.txt").write_text(locked(index / "demo-1.0-py3-none-any.whl", extra))
    last, path = build()
    assert len(ids | {last}) == 3
    assert "extra.py" in names(path)


def test_the_id_depends_on_names_and_contents_and_not_on_their_order():
    """A folder lists its files in another order on each machine."""
    files = {"a.py": b"1", "b/c.py": b""}
    known = "7ce9229eb805e0d886bbbf7092c316a56a0d5d555ff04a5dc9fa8e6002ebe8b7"
    assert archive.digest(files) == archive.digest(dict(reversed(files.items()))) == known


# --- The dependencies -----------------------------------------------------------------------------


def test_the_dependencies_are_installed_once_for_a_lock(project, monkeypatch):
    kept = dependencies.archived()

    def fail():
        raise AssertionError("installed again")

    monkeypatch.setattr(dependencies, "_uv", fail)
    assert dependencies.archived() == kept
    assert sorted(path.suffix for path in dependencies.FOLDER.iterdir()) == [".zip"] * len(
        list(dependencies.FOLDER.iterdir())
    )


def test_the_bytecode_of_the_dependencies_is_not_in_the_id(project):
    """Each release of Python compiles other bytecode of the same files."""
    with zipfile.ZipFile(kept := dependencies.archived()) as packed:
        comment = packed.comment.decode()
    files = {name: text for name, text in entries(kept).items() if not name.endswith(".pyc")}
    assert comment == archive.digest(files)


def test_a_file_outside_the_folder_of_the_dependencies_is_not_packed(tmp_path):
    """A wheel may put scripts and data beside its modules."""
    write({str(tmp_path / "secret.py"): "", str(tmp_path / "installed" / "demo.py"): ""})
    information = tmp_path / "installed" / "demo-1.0.dist-info"
    write({str(information / "METADATA"): "Name: demo\nVersion: 1.0\n"})
    write({str(information / "RECORD"): "demo.py,,\n../secret.py,,\n"})
    assert dependencies._needed(tmp_path / "installed") == {"demo.py": b""}


def test_of_a_long_failure_the_end_is_told(project, monkeypatch, tmp_path):
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path / "dependencies")
    monkeypatch.setattr(dependencies, "_uv", lambda: "uv")
    monkeypatch.setattr(dependencies, "PYTHON", "3.12")
    commands: list[list[str]] = []

    def run(command, **_options):
        commands.append(command)
        return subprocess.CompletedProcess([], 1, stderr="first" + "x" * 2000 + "\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(archive.PackageError) as raised:
        dependencies.archived("arm64")
    assert str(raised.value) == f"The dependencies cannot be installed:\n{'x' * 2000}"
    [command] = commands
    folder = Path(command[-1]).parent
    assert folder.parent == tmp_path / "dependencies"  # on the same disk, for an atomic rename
    assert command == [
        *("uv", "pip", "install", "--quiet", "--python", sys.executable),
        *("--target", f"{folder}/installed"),
        *("--python-version", "3.12", "--python-platform", "aarch64-manylinux_2_34"),
        *("--only-binary", ":all:", "--no-binary", "http-ece"),
        *("--no-deps", "--require-hashes", "-r", f"{folder}/requirements.txt"),
    ]


@pytest.mark.parametrize("part", ["lock", "processor", "Python", contents, archive, dependencies])
def test_each_thing_that_decides_what_is_in_them_is_in_the_name(project, monkeypatch, part):
    before = dependencies._made_of("x86_64-manylinux2014")
    platform = "x86_64-manylinux2014"
    if part == "lock":
        write({"requirements.txt": "# another\n"})
    elif part == "processor":
        platform = "aarch64-manylinux2014"
    elif part == "Python":
        monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    else:
        write({"another.py": ""})
        monkeypatch.setattr(part, "__file__", "another.py")
    assert dependencies._made_of(platform) != before


def test_an_interrupted_installation_is_repeated(project, monkeypatch, tmp_path):
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path / "dependencies")

    def interrupt(_files):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(archive, "digest", interrupt)
        with pytest.raises(KeyboardInterrupt):
            dependencies.archived()
    assert list(dependencies.FOLDER.iterdir()) == []
    assert dependencies.archived().exists()


X86, ARM = "x86_64", "arm64"


@pytest.mark.wide
@pytest.mark.parametrize(
    ("python", "tag", "architecture", "fits"),
    [
        ("3.11", "cp311-cp311-manylinux2014_x86_64", X86, True),
        ("3.11", "cp311-cp311-manylinux_2_34_x86_64", X86, False),
        ("3.11", "cp311-cp311-manylinux2014_aarch64", X86, False),
        ("3.11", "cp311-cp311-manylinux2014_aarch64", ARM, True),
        ("3.11", "cp311-cp311-macosx_11_0_arm64", ARM, False),
        ("3.11", "cp30-cp30-manylinux2014_x86_64", X86, False),
        ("3.12", "cp312-cp312-manylinux_2_34_x86_64", X86, True),
        ("3.12", "cp312-cp312-manylinux_2_28_aarch64", ARM, True),
        ("3.12", "cp312-cp312-manylinux_2_35_aarch64", ARM, False),
        ("3.13", "cp312-cp312-manylinux_2_28_aarch64", ARM, False),
    ],
)
def test_only_wheels_for_lambda_are_taken(
    project, tmp_path, monkeypatch, python, tag, architecture, fits
):
    """Of its processor, its Python, and its glibc, which is another from Python 3.12 on."""
    monkeypatch.setattr(dependencies, "PYTHON", python)
    folder = tmp_path / "wheels"
    folder.mkdir()
    made = wheel(folder, "native", {"native.py": ""}, tag)
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path / "dependencies")
    Path("requirements.txt").write_text(locked(made))
    if fits:
        assert "native.py" in names(dependencies.archived(architecture))
    else:
        with pytest.raises(archive.PackageError, match=r"cannot be installed"):
            dependencies.archived(architecture)


@pytest.mark.parametrize("wrong", ["hash", "no hash", "source"])
def test_what_is_not_the_very_wheel_of_the_lock_is_refused(project, tmp_path, monkeypatch, wrong):
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path / "dependencies")
    lock = Path("requirements.txt").read_text()
    if wrong == "hash":
        lock = re.sub(r"(demo==1.0 \\\n +--hash=sha256:).{8}", r"\g<1>00000000", lock)
    elif wrong == "no hash":
        lock = "demo==1.0\n"
    else:
        folder = tmp_path / "sources"
        folder.mkdir()
        lock = locked(source(folder))
        monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    write({"requirements.txt": lock})
    with pytest.raises(archive.PackageError, match=r"(?s)cannot be installed:\n.*demo"):
        build()
    assert not Path("nudge.zip").exists()


def test_the_lock_is_all_that_is_installed(project, index):
    """What a dependency wants beside it is not looked for."""
    wanting = wheel(index, "wanting", {"wanting.py": ""}, requires="absent>=2")
    Path("requirements.txt").write_text(locked(wanting))
    assert names(dependencies.archived())[-1] == "wanting.py"


def test_without_uv_the_command_that_installs_it_is_named(project, tmp_path, monkeypatch):
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path / "dependencies")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(archive.PackageError, match=r"uv is missing: pip install .*-deploy.txt"):
        build()
    (tmp_path / "uv").write_text("")
    (tmp_path / "uv").chmod(0o755)
    assert dependencies._uv() == str(tmp_path / "uv")
    write({"bin/uv": ""})
    assert dependencies._uv() == str(tmp_path / "bin" / "uv")


# --- What is refused ------------------------------------------------------------------------------

NEVER = [
    ".env",
    ".env.production",
    "config/.env",
    "accounts/.env.dev",
    "db.sqlite3",
    "todos/db.sqlite3-wal",
    ".git/config",
    "templates/.git/config",
    ".venv/bin/python",
    "tests/conftest.py",
    "allauth/account/tests/test_x.py",
    "deploy/release.py",
    "localcloud/cloud.py",
    "benchmarks/sms.py",
    "config/debug.log",
    "config/server.pem",
    "config/server.key",
    "zappa_settings.json",
    "config/test_settings.py",
]
MAY = [
    "certifi/cacert.pem",
    "config/env.py",
    "config/logging.py",
    "zappa_settings.py",
]


@pytest.mark.parametrize("name", NEVER)
def test_what_must_never_leave_is_known_by_name(name):
    assert contents.is_forbidden(name)


@pytest.mark.parametrize("name", MAY)
def test_what_may_leave_is_not_refused(name):
    assert not contents.is_forbidden(name)


@pytest.mark.parametrize("pattern", contents._FORBIDDEN)
def test_each_entry_of_the_list_refuses_a_package(project, monkeypatch, pattern):
    name = pattern.replace("*", "x")
    assert contents.is_forbidden(name)
    write({name: ""})
    monkeypatch.setattr(contents, "PROJECT", (*contents.PROJECT, name))
    with pytest.raises(archive.PackageError, match=f"^Not for Lambda: {re.escape(name)}$"):
        build()
    assert not Path("nudge.zip").exists()


@pytest.mark.parametrize("name", ["config/.env", "templates/private.pem", "config/db.sqlite3"])
def test_a_secret_in_a_folder_of_ours_is_refused(project, name):
    write({name: "secret"})
    before = Path("nudge.zip")
    before.write_bytes(b"the last one")
    with pytest.raises(archive.PackageError, match=f"^Not for Lambda: {name}$"):
        build()
    assert before.read_bytes() == b"the last one"


def test_ten_forbidden_files_are_named_before_anything_is_installed(project, monkeypatch):
    def fail(_architecture):
        raise AssertionError("installed")

    monkeypatch.setattr(dependencies, "archived", fail)
    wrong = [f"config/{letter}.pem" for letter in "abcdefghijk"]
    write(dict.fromkeys(wrong, "secret"))
    with pytest.raises(archive.PackageError) as raised:
        build()
    assert str(raised.value) == f"Not for Lambda: {', '.join(wrong[:10])}"


def test_a_secret_in_a_dependency_is_refused(project, monkeypatch, tmp_path):
    kept = tmp_path / "kept.zip"
    with zipfile.ZipFile(kept, "w") as made:
        archive.add(made, "demo/server.key", b"secret")
    monkeypatch.setattr(dependencies, "archived", lambda _architecture: kept)
    with pytest.raises(archive.PackageError, match=r"^Not for Lambda: demo/server.key$"):
        build()
    assert [path.suffix for path in Path().glob("nudge*")] == []


@pytest.mark.parametrize("name", contents.REQUIRED)
def test_a_package_that_could_not_start_is_refused(project, name):
    Path(name).unlink(missing_ok=True)
    with pytest.raises(archive.PackageError, match=f"^Missing from the package: {name}$"):
        build()


def test_all_that_is_missing_is_named_in_order(project):
    for name in contents.REQUIRED:
        Path(name).unlink()
    with pytest.raises(archive.PackageError) as raised:
        build()
    assert str(raised.value) == (
        "Missing from the package: config/settings/__init__.py, serverless/handler.py, "
        "staticfiles/staticfiles.json"
    )


def test_what_lambda_starts_with_is_required():
    assert set(contents.REQUIRED) == {
        "config/settings/__init__.py",
        "serverless/handler.py",
        "staticfiles/staticfiles.json",
    }


def test_our_own_modules_must_compile(project):
    write({"config/broken.py": "def f(:\n"})
    with pytest.raises(archive.PackageError, match=r"^Not valid Python: config/broken.py$"):
        build()


@pytest.mark.parametrize(
    ("limit", "told"),
    [("UNPACKED_LIMIT", "Unpacked it has 0.0 MB"), ("ZIPPED_LIMIT", "The package has 0.0 MB")],
)
def test_a_package_over_a_limit_is_refused_and_leaves_the_last_one(
    project, monkeypatch, limit, told
):
    _build_id, path = build()
    sizes = {
        "UNPACKED_LIMIT": sum(len(content) for content in entries(path).values()),
        "ZIPPED_LIMIT": path.stat().st_size,
    }
    monkeypatch.setattr(package, limit, sizes[limit])
    build()
    before = path.read_bytes()
    monkeypatch.setattr(package, limit, sizes[limit] - 1)
    with pytest.raises(archive.PackageError, match=f"^{told}, over the limit of"):
        build()
    write({"config/settings.py": "x = 3\n"})
    monkeypatch.setattr(package, limit, 10)
    with pytest.raises(archive.PackageError, match=rf"^{told}, over the limit of"):
        build()
    assert path.read_bytes() == before
    assert not path.with_suffix(".new").exists()


def test_the_limits_are_those_of_the_documents():
    assert (package.ZIPPED_LIMIT, package.UNPACKED_LIMIT) == (25_000_000, 70_000_000)


# --- What a distribution brings -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "allauth/headless/spec/doc/openapi.yaml",
        "allauth/idp/oidc/models.py",
        "allauth/socialaccount/providers/base/__init__.py/x",
        "bin/django-admin",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "botocore/cacert.pem",
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "cffi/api.py",
        "demo-1.0.dist-info/RECORD",
        "demo/__pycache__/used.pyc",
        "demo/locale/eo/LC_MESSAGES/django.mo",
        "demo/locale/en/LC_MESSAGES/django.po",
        "demo/module.pyi",
        "demo/py.typed",
        "demo/source.c",
        "demo/source.tar.gz",
        "demo/static/demo.css",
        "demo/static/demo.js.map",
        "demo/app.js.map",
        "demo/tests/test_demo.py",
        "django/contrib/flatpages/models.py",
        "django/contrib/gis/forms.py",
        "django/contrib/postgres/fields/array.py",
        "django/contrib/redirects/models.py",
        "django/db/backends/mysql/base.py",
        "django/db/backends/oracle/base.py",
        "botocore/data/s3/2006-03-01/examples-1.json",
        "packaging/licenses/_spdx.py",
        "phonenumbers/shortdata/region_DE.py",
        "charset_normalizer/md.cpython-311-x86_64-linux-gnu.so",
        "tzdata/zoneinfo/tzdata.zi",
        "tzdata/zoneinfo/zone1970.tab",
        "urllib3/contrib/emscripten/fetch.py",
        "psycopg/pq/_pq_ctypes.pyi",
        "psycopg/pq/pq_ctypes.py",
        "storages/backends/azure_storage.py",
        "storages/backends/gcloud.py",
        "storages/backends/sftpstorage.py",
        "yaml/_yaml.cpython-311-x86_64-linux-gnu.so",
    ],
)
def test_what_no_request_needs_stays_out(name):
    assert not contents.is_needed(name)


@pytest.mark.parametrize(
    "name",
    [
        "allauth/socialaccount/providers/__init__.py",
        "boto3/data/s3/2006-03-01/resources-1.json",
        "boto3/ec2/createtags.py",
        "boto3/session.py",
        "botocore/data/endpoints.json",
        "botocore/data/sqs/2012-11-05/service-2.json.gz",
        "_cffi_backend.cpython-311-x86_64-linux-gnu.so",
        "yaml/cyaml.py",
        "demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/entry_points.txt",
        "demo.libs/libpq.so.5",
        "demo/conf/locale/__init__.py",
        "demo/locale/en/LC_MESSAGES/django.mo",
        "demo/locale",
        "demo/locale.py",
        "demo/module.py",
        "django/contrib/admin/templates/admin/base.html",
        "psycopg/pq/__init__.py",
        "psycopg/pq/abc.py",
        "phonenumbers/shortdata/__init__.py",
        "charset_normalizer/md.py",
        "tzdata/zoneinfo/Europe/Vienna",
        "tzdata/zones",
        "storages/backends/__init__.py",
        "storages/backends/s3.py",
        "storages/backends/s3boto3.py",
        "django/test/client.py",  # drf_spectacular imports it
        "rest_framework/test.py",
        "django/contrib/admindocs/views.py",  # the schemas of Django REST framework import it
    ],
)
def test_what_a_request_needs_is_kept(name):
    assert contents.is_needed(name)


# --- The lists and the project --------------------------------------------------------------------


def test_the_lists_agree_with_the_project():
    assert {to_locale(code) for code, _name in settings.LANGUAGES} == contents.LANGUAGES
    stages = json.loads((ROOT / "zappa_settings.json").read_text())
    assert stages["dev"]["project_name"] == aws.PROJECT
    present = {name for name in contents.PROJECT if (ROOT / name).exists()}
    assert present >= {"accounts", "config", "core", "sms", "templates", "todos"}
    assert str(static.MANIFEST) in contents.PROJECT
    pinned = contents.pins((ROOT / "requirements.txt").read_text())
    assert set(pinned) >= contents.NOT_PACKED


def test_lambda_gets_what_is_locked_less_what_runs_elsewhere():
    lock = (ROOT / "requirements.txt").read_text()
    kept = contents.pins(contents.requirements_on_lambda(lock))
    assert set(contents.pins(lock)) - set(kept) == contents.NOT_PACKED
    assert set(kept) >= {"boto3", "django", "psycopg-binary", "apig-wsgi"}
    assert all("--hash=sha256:" in entry for entry in kept.values())


def test_a_package_has_one_name_however_it_is_written():
    first, second = "Foo_Bar.baz==1 \\\n    --hash=sha256:0\n", "qux==2\n"
    assert contents.pins(f"# compiled\n{first}{second}") == {"foo-bar-baz": first, "qux": second}


def test_uv_is_pinned_for_deployments_as_for_development():
    deploying = contents.pins((ROOT / "requirements-deploy.txt").read_text())
    development = contents.pins((ROOT / "requirements-dev.txt").read_text())
    assert set(deploying) == {"uv"}
    hashes = re.findall(r"sha256:[0-9a-f]{64}", deploying["uv"])
    assert hashes
    assert hashes == re.findall(r"sha256:[0-9a-f]{64}", development["uv"])
    assert deploying["uv"].split()[0] == development["uv"].split()[0]


def test_deploying_imports_nothing_heavy_until_it_is_asked():
    code = (
        "import sys, deploy.callbacks, deploy.release, localcloud.cloud;"
        "assert not {'boto3', 'django', 'zappa'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - ours
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_every_step_of_the_makefile_is_there():
    targets = (ROOT / "Makefile").read_text()
    commands = ("stack", "release", "rollback", "restart", "manage", "destroy")
    for module in (*(f"deploy.{command}" for command in commands), "localcloud.cloud"):
        assert f"-m {module} " in targets
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()
    runtime = targets.split("build/runtime/.ready: ")[1].split("\n\n")[0]
    assert "--require-hashes -r requirements.txt -r requirements-deploy.txt" in runtime
