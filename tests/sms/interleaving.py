"""Two transactions in one chosen order: the worst one, every time (PostgreSQL)."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connection, connections

_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_TURNS = 3000  # of a hundredth of a second; far more than anything takes


def overtake(first: Callable[[], Any], *, after: str, by: Callable[[], Any]) -> tuple[Any, Any]:
    """Begin `first`; after its first statement with these words, let `by` run.

    The first goes on as soon as the other has ended or waits for a lock.
    """
    others: list[Future[Any]] = []
    with ThreadPoolExecutor(1) as pool:

        def watch(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
            result = execute(sql, *more)
            if after in sql and not others:
                others.append(pool.submit(_in_its_own_connection, by))
                _let_run(others[0])
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


def _let_run(other: Future[Any]) -> None:
    turn = threading.Event()
    for _ in range(_TURNS):
        with connection.connection.cursor() as cursor:  # past the wrapper
            waits = cursor.execute(_WAITING).fetchone()[0]
        if other.done() or waits:
            return
        turn.wait(0.01)
    raise AssertionError("the other neither ended nor waited for a lock")
