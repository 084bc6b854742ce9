"""The libraries of the page are the files that were published, and no others."""

import hashlib
import json
import re

from tests.config.conftest import ROOT

VENDOR = ROOT / "static/vendor"
VERSIONS = json.loads((VENDOR / "versions.json").read_text())


def test_every_library_is_the_file_that_make_vendor_wrote():
    files = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*.js")}
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert sums == {f"{name}.js": about["sha256"] for name, about in VERSIONS.items()}


def test_every_library_is_of_the_version_that_is_locked():
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for about in VERSIONS.values():
        assert locked[f"node_modules/{about['package']}"]["version"] == about["version"]


def test_no_library_makes_code_of_text():
    made = re.compile(r"\beval\(|new Function\(|document\.write\(|importScripts\(")
    assert [name for name in VERSIONS if made.search((VENDOR / f"{name}.js").read_text())] == []
