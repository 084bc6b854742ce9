"""Two transactions in one chosen order: the worst one, every time (PostgreSQL)."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection, connections

# Tests beside this one wait for locks of their own, so only those who wait for us count.
_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""
_TURNS = 3000  # of a hundredth of a second; far more than anything takes


def overtake(first: Callable[[], Any], *, after: str, by: Callable[[], Any]) -> tuple[Any, Any]:
    """Begin `first`; after its first statement with these words, let `by` run.

    The first goes on as soon as the other has ended or waits for one of its locks.
    """
    others: list[Future[Any]] = []
    with ThreadPoolExecutor(1) as pool:

        def watch(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
            result = execute(sql, *more)
            if after in sql and not others:
                others.append(pool.submit(_in_its_own_connection, by))
                until(lambda: others[0].done() or is_waited_for())
            return result

        with connection.execute_wrapper(watch):
            answer = first()
        assert others, f"no statement with {after!r}"
        return answer, others[0].result()


def _in_its_own_connection(call: Callable[[], Any]) -> Any:
    try:
        return call()
    finally:
        connections.close_all()


def until(is_so: Callable[[], bool]) -> None:
    """A poll, because no signal tells that a connection waits for a lock."""
    turn = threading.Event()
    for _ in range(_TURNS):
        if is_so():
            return
        turn.wait(0.01)
    raise AssertionError("what was waited for did not happen")


def is_waited_for() -> bool:
    """Whether another connection waits for a lock that this one holds."""
    with connection.connection.cursor() as cursor:  # past the wrapper
        return bool(cursor.execute(_WAITING).fetchone()[0])
