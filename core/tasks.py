"""Background tasks with the API of Django's Tasks framework: @task, enqueue(), TASKS.

A task gets only ids and reads the rows itself. So an event contains no personal data, and a late or
repeated event sees the present state. A task may be lost with its process, so enqueue only work
that the sweep would also find. docs/decisions/0013 says why this is our own code.
"""

import functools
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, ParamSpec, TypeVar, cast

from django.conf import settings
from django.db import connections, transaction
from django.utils.module_loading import import_string

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

logger = logging.getLogger(__name__)


class Task(Generic[P, R_co]):
    """A function that can be enqueued. A direct call runs it immediately."""

    def __init__(self, function: Callable[P, R_co], *, is_long: bool = False) -> None:
        functools.update_wrapper(self, function)
        self.name = function.__qualname__
        self.module_path = f"{function.__module__}.{function.__qualname__}"
        self._function = function
        self.is_long = is_long

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return self._function(*args, **kwargs)

    def enqueue(self, *ids: str) -> None:
        """Enqueue after the commit, or now without a transaction; never after a rollback.

        Errors are logged and not raised: the commit is done, and the sweep finds the rest.
        """
        transaction.on_commit(functools.partial(self._enqueue, ids))

    def enqueue_each(self, ids: Sequence[str], *, urgent: bool = False) -> list[str]:
        """Enqueue one run for each id now, and return the accepted ids.

        For callers that enqueue many and are in no transaction. A backend may run them one after
        the other, unless they are urgent. Errors are logged and not raised.
        """
        return default_backend().enqueue_each(self, ids, urgent=urgent)

    def _enqueue(self, ids: tuple[str, ...]) -> None:
        try:
            default_backend().enqueue(self, ids)
        except Exception:
            logger.exception("%s was not enqueued for %s", self.name, ", ".join(ids))


def task(function: Callable[P, R_co]) -> Task[P, R_co]:
    return Task(function)


def long_task(function: Callable[P, R_co]) -> Task[P, R_co]:
    """A task that may take minutes; a backend gives it a longer time limit, if it has one."""
    return Task(function, is_long=True)


class TaskBackend:
    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        raise NotImplementedError

    def enqueue_each(
        self, task: Task[..., object], ids: Sequence[str], *, urgent: bool
    ) -> list[str]:
        """Return the accepted ids. Stops at the first error, because the rest would fail too."""
        accepted: list[str] = []
        for each in ids:
            try:
                self.enqueue(task, (each,))
            except Exception:
                logger.exception("%s was enqueued for %d of %d", task.name, len(accepted), len(ids))
                break
            accepted.append(each)
        return accepted

    def settle(self, seconds: float) -> None:
        """Wait at most this long for the tasks that this process runs itself."""


class ImmediateBackend(TaskBackend):
    """Runs the task before enqueue() returns; for tests."""

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        task(*ids)


class ThreadBackend(TaskBackend):
    """Runs tasks in TASK_THREADS threads of this process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(settings.TASK_THREADS, thread_name_prefix="task")
        self._unfinished: set[Future[None]] = set()

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        future = self._pool.submit(self._run, task, ids)
        self._unfinished.add(future)
        future.add_done_callback(self._unfinished.discard)

    def settle(self, seconds: float) -> None:
        wait(self._unfinished.copy(), timeout=max(0.0, seconds))

    @staticmethod
    def _run(task: Task[..., object], ids: tuple[str, ...]) -> None:
        try:
            task(*ids)
        except Exception:
            logger.exception("%s failed for %s", task.name, ", ".join(ids))
        finally:
            connections.close_all()  # a thread holds no connection between two tasks


def default_backend() -> TaskBackend:
    return _make(settings.TASKS["default"]["BACKEND"])


@functools.cache
def _make(path: str) -> TaskBackend:
    """One instance per process."""
    return cast(TaskBackend, import_string(path)())


def settle(seconds: float) -> None:
    """Wait at most this long for the tasks that run in this process.

    For callers that enqueue many; otherwise the queue would outlive the caller.
    """
    default_backend().settle(seconds)


def task_boundary(function: Callable[P, R_co]) -> Callable[P, R_co]:
    """Wrap an entry point outside HTTP, and close connections that the server has closed.

    Django closes old connections only around requests. Without this, every later task in a thawed
    container would fail.
    """

    @functools.wraps(function)
    def bounded(*args: P.args, **kwargs: P.kwargs) -> R_co:
        _close_stale()
        try:
            return function(*args, **kwargs)
        finally:
            _close_stale()

    return bounded


def _close_stale() -> None:
    """As django.db.close_old_connections, but never inside a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
