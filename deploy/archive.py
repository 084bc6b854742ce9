"""Zip archives for Lambda: one order, one date, readable by every user, with bytecode."""

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

TASK_ROOT = "/var/task"  # where Lambda unpacks; tracebacks then name the true path
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can hold; equal content, equal archive
EVERY_USER = 0o755  # Lambda runs as another user than the owner of the files


def add(package: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, so that the mode is read
    entry.external_attr = EVERY_USER << 16
    package.writestr(entry, content)


def digest(files: dict[str, bytes]) -> str:
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return found.hexdigest()


def bytecode(files: dict[str, bytes]) -> dict[str, bytes]:
    """name -> content of the compiled modules among these files; what is not valid is left out.

    Python takes it unchecked: a zip keeps no dates, and the folder is read-only on Lambda. Without
    it the whole program is compiled at every cold start (1.0 s instead of 0.3 s). An interpreter
    that has loaded no package compiles, since the bytes depend on what else is loaded.
    """
    with tempfile.TemporaryDirectory(prefix="nudge-package-") as folder:
        root = Path(folder).resolve()
        for name, content in files.items():
            if name.endswith(".py"):
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        subprocess.run(
            [
                *(sys.executable, "-I", "-S", "-m", "compileall", "-qq", str(root)),
                *("--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", TASK_ROOT),
            ],
            check=False,  # some modules of others are for other versions of Python
        )
        return {
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.pyc")
        }


def compiled_name(module: str) -> str:
    """Where Python looks for the bytecode: a/b.py -> a/__pycache__/b.cpython-311.pyc."""
    return importlib.util.cache_from_source(module, optimization="")
