"""Work after the request, in the words of Django's Tasks framework: @task, enqueue(), TASKS.

A task gets ids only and reads the rows itself. So an event contains nothing personal, and one that
arrives late or twice finds the present state. The sweep finds what is lost with its process:
enqueue nothing that no sweep would find. docs/decisions/0013 says why this is our own code.
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
    """A function that can be enqueued too; a call runs it at once."""

    def __init__(self, function: Callable[P, R_co], *, is_long: bool = False) -> None:
        functools.update_wrapper(self, function)
        self.name = function.__qualname__
        self.module_path = f"{function.__module__}.{function.__qualname__}"
        self._function = function
        self.is_long = is_long

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return self._function(*args, **kwargs)

    def enqueue(self, *ids: str) -> None:
        """Enqueue after the commit (now, if there is no transaction); never after a rollback.

        An error is logged and not raised: the commit is done, and the sweep finds the rest.
        """
        transaction.on_commit(functools.partial(self._enqueue, ids))

    def enqueue_each(self, ids: Sequence[str], *, urgent: bool = False) -> list[str]:
        """Enqueue one run for each id, at once; return the ids that were accepted.

        For callers that enqueue many and are in no transaction. A backend may let them wait for
        each other, unless they are urgent. An error is logged and not raised.
        """
        return default_backend().enqueue_each(self, ids, urgent=urgent)

    def _enqueue(self, ids: tuple[str, ...]) -> None:
        try:
            default_backend().enqueue(self, ids)
        except Exception:
            logger.exception("%s was not run for %s", self.name, ", ".join(ids))


def task(function: Callable[P, R_co]) -> Task[P, R_co]:
    return Task(function)


def long_task(function: Callable[P, R_co]) -> Task[P, R_co]:
    """One that may take minutes: a backend gives it the time, if it has any to give."""
    return Task(function, is_long=True)


class TaskBackend:
    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        raise NotImplementedError

    def enqueue_each(
        self, task: Task[..., object], ids: Sequence[str], *, urgent: bool
    ) -> list[str]:
        """The ids that were accepted. The first refusal ends it: the next would be refused too."""
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
        """Wait, no longer than this, for the tasks that this process runs itself."""


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
            connections.close_all()  # a thread keeps no connection between two tasks


def default_backend() -> TaskBackend:
    return _make(settings.TASKS["default"]["BACKEND"])


@functools.cache
def _make(path: str) -> TaskBackend:
    """One of each in a process."""
    return cast(TaskBackend, import_string(path)())


def settle(seconds: float) -> None:
    """Wait, no longer than this, for the tasks that run in this process.

    For callers that enqueue many: without it the queue would grow and outlive the caller.
    """
    default_backend().settle(seconds)


def task_boundary(function: Callable[P, R_co]) -> Callable[P, R_co]:
    """For every entry point that is not HTTP: closes connections that the server has closed.

    Django closes old connections around requests only; in a container that was frozen, every later
    task would fail.
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
    """As django.db.close_old_connections does, but never in the middle of a transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
