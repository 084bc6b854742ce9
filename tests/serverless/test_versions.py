"""Versions by the names of folders are those that importlib.metadata reads."""

import importlib.metadata
import subprocess
import sys
import sysconfig

from serverless import versions

INSTALLED = sysconfig.get_path("purelib")
PROGRAM = """
import sys
from serverless import versions
with versions.by_folders(sys.argv[1]):
    from importlib import metadata
    assert type(metadata).__name__ == "_Versions"
    found = metadata.version("psycopg-binary")
    import psycopg
    assert psycopg.__version__ == found
    assert "zipfile" not in sys.modules
    try:
        metadata.version("no-such-package")
    except metadata.PackageNotFoundError:
        pass
    assert metadata.entry_points(group="no such group") == ()
from importlib import metadata
assert metadata.version("psycopg-binary") == found
assert metadata.metadata("psycopg")["Name"] == "psycopg"
"""


def test_every_installed_package_has_the_version_that_its_metadata_have():
    stand_in = versions._Versions(INSTALLED)
    names = [each.name for each in importlib.metadata.distributions(path=[INSTALLED])]
    assert "psycopg-binary" in names
    assert {name: stand_in.version(name) for name in names} == {
        name: importlib.metadata.version(name) for name in names
    }


def test_the_driver_asks_it_and_everything_else_comes_from_the_real_module():
    subprocess.run([sys.executable, "-c", PROGRAM, INSTALLED], check=True)  # noqa: S603 - ours


def test_a_module_that_is_loaded_already_stays():
    before = sys.modules["importlib.metadata"]
    with versions.by_folders(INSTALLED):
        assert sys.modules["importlib.metadata"] is before
    assert sys.modules["importlib.metadata"] is before


def test_a_package_without_a_folder_is_read_by_the_real_module(tmp_path):
    assert versions._Versions(str(tmp_path)).version("psycopg") == importlib.metadata.version(
        "psycopg"
    )
