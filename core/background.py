"""Runs a plain function after commit: on Lambda by an asynchronous invocation, here by a thread.

Functions get ids only: they read the row themselves, so nothing personal travels in an event and
an event that arrives late or twice finds the present state. What is lost with a process is found
by the sweeps, so nothing may be dispatched that no sweep would find.
"""

import functools
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connections, transaction

from core import events, invocation

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

_begun: set[Future[None]] = set()  # in the threads of this process, and not yet at its end


def run_after_commit(function: Callable[..., object], *ids: str) -> None:
    """Once the transaction is committed (now, if there is none); never after a rollback.

    A fault then is logged and not raised: what was committed is done, and the sweep finds the rest.
    """
    transaction.on_commit(functools.partial(_dispatch, function, ids))


def _dispatch(function: Callable[..., object], ids: tuple[str, ...]) -> None:
    try:
        _start(function, ids)
    except Exception:
        logger.exception("%s was not run for %s", function.__qualname__, ", ".join(ids))


def _start(function: Callable[..., object], ids: tuple[str, ...]) -> None:
    match settings.BACKGROUND:
        case "lambda":
            invocation.invoke(events.task(function, ids))
        case "threads":
            begun = _pool().submit(_in_thread, function, ids)
            _begun.add(begun)
            begun.add_done_callback(_begun.discard)
        case _:
            function(*ids)


def settle(seconds: float) -> None:
    """Wait, so long at most, for what this process has begun in threads.

    For whoever has more to begin: without it a queue would grow here that outlives the caller.
    """
    wait(_begun.copy(), timeout=max(0.0, seconds))


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.BACKGROUND_THREADS, thread_name_prefix="background")


def _in_thread(function: Callable[..., object], ids: tuple[str, ...]) -> None:
    """A thread keeps no connection between two tasks; what it raises, nobody else would see."""
    try:
        function(*ids)
    except Exception:
        logger.exception("%s failed for %s", function.__qualname__, ", ".join(ids))
    finally:
        connections.close_all()


def task_boundary(function: Callable[P, R]) -> Callable[P, R]:
    """For every entry that is not HTTP: a container may hold a connection the server has closed.

    Django closes old connections around requests only; without this a frozen container fails at
    every later task.
    """

    @functools.wraps(function)
    def bounded(*args: P.args, **kwargs: P.kwargs) -> R:
        _close_stale()
        try:
            return function(*args, **kwargs)
        finally:
            _close_stale()

    return bounded


def _close_stale() -> None:
    """As django.db.close_old_connections does, but never in the middle of a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
