"""The dependencies in the package, built from the lock file and cached until it changes.

uv downloads the wheels for Lambda's platform and checks their hashes. The files that a request
needs are cached as an archive with bytecode, named after a hash of all inputs.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distributions
from pathlib import Path

from deploy import archive, contents

LOCK = Path("requirements.txt")
FOLDER = Path("build/dependencies")
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
SOURCE_ONLY = "http-ece"  # pure Python, published without a wheel
FIRST_ON_2023 = 12
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # Zappa deploys to this version


def archived(architecture: str = "x86_64") -> Path:
    """The archive of the dependencies; its comment is the digest of its content."""
    platform = _platform(architecture)
    kept = FOLDER / f"{_made_of(platform)}.zip"
    if not kept.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="new-", dir=FOLDER) as name:
            folder = Path(name)
            _install(folder, platform)
            made = folder / "archive.zip"
            _write(made, _needed(folder / "installed"))
            made.replace(kept)  # atomic: an interruption leaves no partial archive
    return kept


def _platform(architecture: str) -> str:
    """Lambda has Amazon Linux 2 (glibc 2.26) up to Python 3.11, then Amazon Linux 2023 (2.34).

    uv knows no platform between glibc 2.17 and 2.28.
    """
    is_new = int(PYTHON.partition(".")[2]) >= FIRST_ON_2023
    return f"{MACHINES[architecture]}-{'manylinux_2_34' if is_new else 'manylinux2014'}"


def _made_of(platform: str) -> str:
    files = (LOCK, *(Path(str(module.__file__)) for module in (archive, contents)), Path(__file__))
    digest = hashlib.sha256(f"{platform} {sys.implementation.cache_tag}".encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _install(folder: Path, platform: str) -> None:
    wanted = folder / "requirements.txt"
    wanted.write_text(contents.requirements_on_lambda(LOCK.read_text()))
    command = [
        *(_uv(), "pip", "install", "--quiet", "--python", sys.executable),
        *("--target", str(folder / "installed")),
        *("--python-version", PYTHON, "--python-platform", platform),
        *("--only-binary", ":all:", "--no-binary", SOURCE_ONLY),
        *("--no-deps", "--require-hashes", "-r", str(wanted)),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise archive.PackageError(
            f"The dependencies cannot be installed:\n{ended.stderr.strip()[-2000:]}"
        )


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    if found := str(beside) if beside.exists() else shutil.which("uv"):
        return found
    raise archive.PackageError(
        "uv is missing: pip install --require-hashes -r requirements-deploy.txt"
    )


def _write(made: Path, files: dict[str, bytes]) -> None:
    entries = files | archive.bytecode(files)
    with zipfile.ZipFile(made, "w") as package:
        for name in sorted(entries):
            archive.add(package, name, entries[name])
        package.comment = archive.digest(files).encode()


def _needed(installed: Path) -> dict[str, bytes]:
    return {
        entry.as_posix(): (installed / entry).read_bytes()
        for distribution in distributions(path=[os.fspath(installed)])
        for entry in distribution.files or ()
        if ".." not in entry.parts and contents.is_needed(entry.as_posix())
    }
