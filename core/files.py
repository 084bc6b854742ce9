"""Private files in the configured storage: a folder or a bucket.

A bucket offers short-lived links for downloads and uploads. A folder has no links, so the service
itself receives and sends the file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.core.files import File
from django.core.files.storage import default_storage


class FilesAwayError(Exception):
    """The storage is unavailable."""


@contextmanager
def _asking() -> Iterator[None]:
    """Convert errors, because each storage and its library raise their own."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise FilesAwayError from error


def save(name: str, content: BinaryIO) -> int:
    """Save or replace the file, and return its size in bytes."""
    remove(name)
    content.seek(0, 2)
    size = content.tell()
    content.seek(0)
    with _asking():
        kept = default_storage.save(name, File(content, name))
        if kept != name:
            raise OSError(f"{name} was saved as {kept}.")
    return size


@contextmanager
def opened(name: str) -> Iterator[Any]:
    """Raises FileNotFoundError."""
    with stream(name) as file:
        yield file


def stream(name: str) -> Any:
    """The open file, which the caller closes. Raises FileNotFoundError."""
    with _asking():
        return default_storage.open(name, "rb")


def size(name: str) -> int | None:
    with _asking():
        return default_storage.size(name) if default_storage.exists(name) else None


def remove(name: str) -> None:
    """A missing file is no error."""
    with _asking():
        default_storage.delete(name)


def names(folder: str) -> list[str]:
    try:
        _folders, found = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return [f"{folder}/{name}" for name in found if name]


def upload_link(name: str, size: int, media_type: str) -> dict[str, Any] | None:
    """`method`, `url` and `headers` of the client's upload; None if the storage has no links."""
    give = getattr(default_storage, "upload_link", None)
    return give(name, size, media_type) if give else None


def download_link(name: str, shown_as: str) -> str | None:
    give = getattr(default_storage, "download_link", None)
    return give(name, shown_as) if give else None
