"""The database of the tests, kept for the next run because its migrations take nine seconds.

A change of any source or migration makes another one. PostgreSQL is migrated every time.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connections

from core.management.commands.migrate import Command

ROOT = Path(__file__).resolve().parent.parent


def sources() -> Iterator[Path]:
    """What decides how the tables and their first rows look."""
    for app in apps.get_app_configs():
        folder = Path(app.path)
        is_ours = folder.is_relative_to(ROOT) and ".venv" not in folder.parts
        yield from sorted((folder if is_ours else folder / "migrations").rglob("*.py"))


def digest() -> str:
    found = hashlib.sha256(f"{django.__version__} {sqlite3.sqlite_version}".encode())
    for path in sources():
        found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def kept(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """The next `migrate`, if on SQLite, takes what the last one has left in the folder."""
    migrate = Command.handle

    def handle(self: Command, *args: Any, **options: Any) -> None:
        patch.undo()
        connection = connections[options["database"]]
        if connection.vendor != "sqlite":
            migrate(self, *args, **options)
            return
        path = folder / f"{digest()}.sqlite3"
        connection.ensure_connection()
        if _take(path, connection.connection):
            ContentType.objects.get_for_models(*apps.get_models())  # `migrate` fills their cache
        else:
            migrate(self, *args, **options)
            _keep(path, connection.connection)

    patch.setattr(Command, "handle", handle)


def _take(path: Path, database: sqlite3.Connection) -> bool:
    """Whether there is one."""
    try:
        stored = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return False
    with closing(stored):
        stored.backup(database)
    return True


def _keep(path: Path, database: sqlite3.Connection) -> None:
    """Another process may do the same; each writes a file of its own, and the last one stays."""
    for former in path.parent.glob("*.sqlite3"):
        former.unlink(missing_ok=True)
    own = path.with_suffix(f".{os.getpid()}.new")
    with closing(sqlite3.connect(own)) as stored:
        database.backup(stored)
    own.replace(path)
