"""The composition root: the only place that knows every app."""

from pathlib import Path

__version__ = "0.1.0"


def build_id() -> str:
    """What deploy/package.py wrote beside this folder: the content's own id, also after a rollback.

    Elsewhere the version.
    """
    stamp = Path(__file__).resolve().parent.parent / "BUILD_ID"
    return stamp.read_text() if stamp.exists() else __version__
