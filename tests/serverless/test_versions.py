"""Versions by the names of folders are those that importlib.metadata reads."""

import importlib.metadata
import importlib.util
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from serverless import versions
from tests.config.conftest import ROOT

INSTALLED = sysconfig.get_path("purelib")
DRIVER = """
import sys
from serverless import versions
with versions.by_folders(sys.argv[1]):
    import psycopg
assert "zipfile" not in sys.modules
from importlib.metadata import version
assert psycopg.__version__ == version("psycopg") == version("psycopg-binary")
"""


@pytest.fixture
def fresh(monkeypatch):
    """As in a new process, which has not imported importlib.metadata."""
    real = importlib.metadata
    monkeypatch.delitem(sys.modules, versions.REAL)
    monkeypatch.delattr(importlib, versions.NAME)
    return real


def test_every_installed_package_has_the_version_that_its_metadata_have():
    stand_in = versions._Versions(INSTALLED)
    names = [each.name for each in importlib.metadata.distributions(path=[INSTALLED])]
    assert "psycopg-binary" in names
    assert {name: stand_in.version(name) for name in names} == {
        name: importlib.metadata.version(name) for name in names
    }


def test_the_driver_imports_without_the_real_module():
    subprocess.run([sys.executable, "-c", DRIVER, INSTALLED], check=True)  # noqa: S603 - ours


def by_attribute() -> Any:
    import importlib.metadata  # noqa: PLC0415

    return importlib.metadata


def by_name() -> Any:
    from importlib import metadata  # noqa: PLC0415

    return metadata


@pytest.mark.parametrize("get", [by_attribute, by_name])
def test_a_version_needs_no_real_module_and_everything_else_gets_it(fresh, get):
    with versions.by_folders(INSTALLED):
        stand_in = get()
        spec = importlib.util.find_spec(versions.REAL)
        assert spec
        assert spec.name == versions.REAL
        from importlib.metadata import version  # noqa: PLC0415 - as urllib3 does

        found = version("psycopg-binary")
        assert sys.modules[versions.REAL] is stand_in
        assert stand_in.entry_points(group="no such group") == ()
        real = get()
        assert (type(real), real is stand_in) == (ModuleType, False)
        with pytest.raises(real.PackageNotFoundError):
            stand_in.version("no-such-package")
    assert get() is real
    assert real.version("psycopg-binary") == found == fresh.version("psycopg-binary")


def test_afterwards_the_next_import_gets_the_real_module(fresh):
    with versions.by_folders(INSTALLED):
        assert type(by_attribute()).__name__ == "_Versions"
    assert versions.REAL not in sys.modules
    assert not hasattr(importlib, versions.NAME)
    assert by_attribute().metadata("psycopg")["Name"] == "psycopg"


def test_a_module_that_is_loaded_already_stays():
    before = sys.modules[versions.REAL]
    with versions.by_folders(INSTALLED):
        assert sys.modules[versions.REAL] is before
    assert sys.modules[versions.REAL] is before


def test_a_folder_of_an_old_tool_is_not_taken_for_another_package(tmp_path):
    (tmp_path / "psycopg-extras-9.0.dist-info").mkdir()
    assert versions._Versions(str(tmp_path)).version("psycopg") == (
        importlib.metadata.version("psycopg")
    )


def test_the_project_is_loaded_with_the_versions_of_the_package(monkeypatch):
    told: list[str] = []

    @contextmanager
    def by_folders(root: str) -> Iterator[None]:
        told.append(root)
        yield
        told.append("loaded")

    monkeypatch.setattr(versions, "by_folders", by_folders)
    assert import_module("serverless.handler").load_project() is (
        import_module("config.wsgi").application
    )
    assert told == [str(ROOT), "loaded"]


def test_a_package_without_a_folder_is_read_by_the_real_module(tmp_path):
    (tmp_path / "psycopg-1.0.dist-info.bak").mkdir()
    stand_in = versions._Versions(str(tmp_path))
    assert stand_in.version("psycopg") == importlib.metadata.version("psycopg")
