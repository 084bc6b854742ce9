"""The composition root: the only package that imports every app."""

from pathlib import Path

__version__ = "0.1.0"


def build_id() -> str:
    """The build id in the package (deploy/package.py writes it), otherwise the version."""
    stamp = Path(__file__).resolve().parent.parent / "BUILD_ID"
    return stamp.read_text() if stamp.exists() else __version__
