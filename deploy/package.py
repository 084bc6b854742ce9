"""Builds the zip for Lambda from the files that a request needs.

Zappa packs the whole working folder and virtual environment, with bytecode that Lambda can never
use: it dates entries 1980, and bytecode is valid only for the date of its source. This archive
contains only files from an allow-list.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy import archive, contents, dependencies

BUILD_ID_FILE = "BUILD_ID"
MODULES_FILE = "MODULES.json"  # read by serverless/modules.py
MEGABYTE = 1_000_000
ZIPPED_LIMIT = 25 * MEGABYTE  # limits of this project; AWS allows 50 and 250 MB
UNPACKED_LIMIT = 70 * MEGABYTE


def build(target: Path, architecture: str = "x86_64", *, extra: Sequence[str] = ()) -> str:
    """Write the archive and return the id of its content; `extra` has more files of the project.

    Raises PackageError and leaves the target unchanged.
    """
    ours = _project(extra)
    _refuse_names(set(ours))
    kept = dependencies.archived(architecture)
    fresh = target.with_suffix(".new")
    try:
        shutil.copyfile(kept, fresh)
        build_id = _append(fresh, ours)
        _refuse(fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return build_id


def _project(extra: Sequence[str]) -> dict[str, bytes]:
    return {
        path.as_posix(): path.read_bytes()
        for name in (*contents.PROJECT, *extra)
        for path in _files(Path(name))
        if "__pycache__" not in path.parts and path.suffix != ".po"
    }


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for child in path.rglob("*"):
        if child.is_file():
            yield child


def _append(fresh: Path, ours: dict[str, bytes]) -> str:
    """Add the project; returns the build id, a hash of the content that /readyz/ shows."""
    with zipfile.ZipFile(fresh, "a") as package:
        digests = package.comment + archive.digest(ours).encode()
        build_id = hashlib.sha256(digests).hexdigest()[:12]
        added = {**ours, **_compiled(ours), BUILD_ID_FILE: build_id.encode()}
        modules = archive.modules({*package.namelist(), *added})
        added[MODULES_FILE] = json.dumps(modules, separators=(",", ":")).encode()
        for name in sorted(added):
            archive.add(package, name, added[name])
        package.comment = b""
    return build_id


def _compiled(ours: dict[str, bytes]) -> dict[str, bytes]:
    compiled = archive.bytecode(ours)
    modules = sorted(name for name in ours if name.endswith(".py"))
    if wrong := [name for name in modules if archive.compiled_name(name) not in compiled]:
        raise archive.PackageError(f"Not valid Python: {', '.join(wrong)}")
    return compiled


def _refuse_names(names: set[str]) -> None:
    if wrong := sorted(name for name in names if contents.is_forbidden(name)):
        raise archive.PackageError(f"Not for Lambda: {', '.join(wrong[:10])}")
    if missing := sorted(set(contents.REQUIRED) - names):
        raise archive.PackageError(f"Missing from the package: {', '.join(missing)}")


def _refuse(fresh: Path) -> None:
    with zipfile.ZipFile(fresh) as package:
        entries = package.infolist()
    _refuse_names({entry.filename for entry in entries})
    if (size := sum(entry.file_size for entry in entries)) > UNPACKED_LIMIT:
        raise archive.PackageError(
            f"Unpacked it has {size / MEGABYTE:.1f} MB, over the limit of 70."
        )
    if (size := fresh.stat().st_size) > ZIPPED_LIMIT:
        raise archive.PackageError(
            f"The package has {size / MEGABYTE:.1f} MB, over the limit of 25."
        )
