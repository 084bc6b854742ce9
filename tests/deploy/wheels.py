"""Wheels as an index offers them, and the lock that pins them: for the real uv, offline."""

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
DEMO = {
    "demo/__init__.py": "",
    "demo/used.py": "def f():\n    return 1\n",
    "demo/of_another_python.py": "print 1\n",
    "demo/tests/test_demo.py": "",
    "demo/locale/eo/LC_MESSAGES/django.mo": "",
    "demo/locale/en/LC_MESSAGES/django.mo": "",
    "demo/static/demo.css": "",
}


def wheel(
    folder: Path, name: str, files: dict[str, str], tag: str = "py3-none-any", requires: str = ""
) -> Path:
    information = f"{name}-1.0.dist-info"
    contents = {
        **files,
        f"{information}/METADATA": METADATA.format(name=name)
        + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{information}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = "".join(
        f"{path},sha256={_checksum(text)},{len(text)}\n" for path, text in contents.items()
    )
    contents[f"{information}/RECORD"] = f"{record}{information}/RECORD,,\n"
    made = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(made, "w") as package:
        for path, text in contents.items():
            package.writestr(zipfile.ZipInfo(path), text)
    return made


BACKEND = """
import zipfile


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as package:
        for path, text in CONTENTS.items():
            package.writestr(path, text)
    return name
"""


def source(folder: Path) -> Path:
    """A source archive of demo that builds without a network: it brings its own backend."""
    with zipfile.ZipFile(wheel(folder, "demo", {"demo.py": ""})) as packed:
        contents = {name: packed.read(name).decode() for name in packed.namelist()}
    (folder / "demo-1.0-py3-none-any.whl").unlink()
    project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    files = {
        "PKG-INFO": METADATA.format(name="demo"),
        "pyproject.toml": project,
        "backend.py": f"CONTENTS = {contents!r}\n{BACKEND}",
    }
    made = folder / "demo-1.0.tar.gz"
    with tarfile.open(made, "w:gz") as package:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"demo-1.0/{name}")
            entry.size = len(text)
            package.addfile(entry, io.BytesIO(text.encode()))
    return made


def locked(*wheels: Path) -> str:
    """A compiled requirements file, with two entries that no machine of ours can install."""
    absent = "sha256:" + "0" * 64
    pins = [
        f"colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash={absent}\n    # via demo\n",
        f"placebo==0.9.0 \\\n    --hash={absent}\n    # via zappa\n",
    ]
    for made in wheels:
        digest = hashlib.sha256(made.read_bytes()).hexdigest()
        pins.append(f"{made.name.split('-')[0]}==1.0 \\\n    --hash=sha256:{digest}\n")
    return "# compiled\n" + "".join(sorted(pins))


def _checksum(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
