"""Turns the zip that Zappa made into the one for Lambda: what a request needs, and no more.

Zappa packs the whole working folder and the whole virtual environment, with bytecode that Lambda
can never use: it dates entries 1980, and bytecode is valid only for the date of its source. Here
the archive is made anew from what is allowed in, so a file nobody thought of stays out.
"""

import compileall
import hashlib
import os
import py_compile
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from deploy import contents

TASK_ROOT = "/var/task"  # where Lambda unpacks; tracebacks then name the true path
BUILD_ID_FILE = "BUILD_ID"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold; equal content, equal archive
MEGABYTE = 1_000_000
ZIPPED_LIMIT = 25 * MEGABYTE  # goals of this project; those of AWS are 50 and 250 MB
UNPACKED_LIMIT = 70 * MEGABYTE


class PackageError(Exception):
    """The archive holds what must not leave this machine, or lacks what Lambda needs."""


def finish(archive: Path, *made_since: Path) -> str:
    """Rewrite Zappa's archive in place and return the id of its content.

    `made_since`: files of the working folder that Zappa's copy lacks, or has as they were before.
    Raises PackageError, and leaves Zappa's archive as it was.
    """
    with tempfile.TemporaryDirectory(prefix="nudge-package-") as folder:
        root = Path(folder)
        with zipfile.ZipFile(archive) as package:
            package.extractall(root)
        for path in made_since:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / path)
        _keep_only(root, allowed(root))
        build_id = _stamp(root)
        _compile(root)
        _refuse(root)
        fresh = archive.with_suffix(".new")
        _pack(root, fresh)
        if (size := fresh.stat().st_size) > ZIPPED_LIMIT:
            fresh.unlink()
            raise PackageError(f"The package has {size / MEGABYTE:.1f} MB, over the limit of 25.")
        fresh.replace(archive)
    return build_id


def allowed(root: Path) -> set[Path]:
    """Our own code, what Zappa writes, and the needed files of the distributions we run on."""
    ours = {path for name in contents.PROJECT for path in _files(root / name)}
    theirs = {path for distribution in _needed(root) for path in _installed(root, distribution)}
    # Zappa writes an __init__.py into every folder, that of the bytecode included.
    return {path for path in ours if "__pycache__" not in path.parts} | theirs


def _needed(root: Path) -> Iterator[Distribution]:
    locked = contents.locked(Path("requirements.txt"))
    for distribution in distributions(path=[str(root)]):
        name = contents.normalized(distribution.metadata["Name"])
        if name in locked and name not in contents.ONLY_FOR_DEPLOYING:
            _refuse_foreign(name, distribution)
            yield distribution


def _refuse_foreign(name: str, distribution: Distribution) -> None:
    """A wheel for another system, or one compiled here against a newer C library than Lambda's."""
    tags = [line for line in (distribution.read_text("WHEEL") or "").splitlines() if "Tag:" in line]
    if not any("none-any" in tag or "manylinux" in tag for tag in tags):
        raise PackageError(
            f"{name} is not built for Lambda ({', '.join(tags) or 'no wheel'}). "
            "Deploy from Linux, or with the Dockerfile."
        )


def _installed(root: Path, distribution: Distribution) -> Iterator[Path]:
    """Raises PackageError if one is missing: an `exclude` of Zappa's matches names at any depth."""
    for entry in distribution.files or ():
        name = entry.as_posix()
        if name.startswith("..") or not contents.is_needed(name):
            continue
        if not (root / name).is_file():
            raise PackageError(f"{name} is missing from the package: see `exclude`.")
        yield root / name


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for child in path.rglob("*"):
        if child.is_file():
            yield child


def _keep_only(root: Path, kept: set[Path]) -> None:
    for path in list(_files(root)):
        if path not in kept:
            path.unlink()
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _stamp(root: Path) -> str:
    """The id is the content itself, so /readyz/ tells what runs, also after a rollback."""
    digest = hashlib.sha256()
    for path in sorted(_files(root)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    build_id = digest.hexdigest()[:12]
    (root / BUILD_ID_FILE).write_text(build_id)
    return build_id


def _compile(root: Path) -> None:
    """Bytecode that is taken unchecked: dates in a zip are lost, and the folder is read-only.

    Without it the whole program is compiled at every cold start (1.0 s instead of 0.3 s).
    """
    compileall.compile_dir(
        root,
        quiet=2,  # some files of others are for other versions of Python
        workers=os.cpu_count() or 1,
        stripdir=str(root),
        prependdir=TASK_ROOT,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _refuse(root: Path) -> None:
    names = [path.relative_to(root).as_posix() for path in _files(root)]
    if wrong := sorted(name for name in names if contents.is_forbidden(name)):
        raise PackageError(f"Not for Lambda: {', '.join(wrong[:10])}")
    if missing := sorted(set(contents.REQUIRED) - set(names)):
        raise PackageError(f"Missing from the package: {', '.join(missing)}")
    if (size := sum((root / name).stat().st_size for name in names)) > UNPACKED_LIMIT:
        raise PackageError(f"Unpacked it has {size / MEGABYTE:.1f} MB, over the limit of 70.")


def _pack(root: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(_files(root)):
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, so that the mode below is read
            entry.external_attr = 0o755 << 16  # Lambda reads as another user
            with path.open("rb") as source, package.open(entry, "w") as target:
                shutil.copyfileobj(source, target)
