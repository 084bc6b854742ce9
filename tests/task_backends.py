"""Backends for TASKS that only tests use."""

from typing import Any

from core.tasks import ImmediateBackend, Task, TaskBackend, ThreadBackend


class RecordingBackend(TaskBackend):
    """Runs nothing; the ids of every task are in `enqueued`."""

    enqueued: list[tuple[str, ...]] = []

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        self.enqueued.append(ids)


def use(settings: Any, path: str) -> None:
    settings.TASKS = {"default": {"BACKEND": path}}


IMMEDIATE, THREADS = "core.tasks.ImmediateBackend", "core.tasks.ThreadBackend"
LAMBDA = "serverless.tasks.LambdaBackend"
RECORDING = "tests.task_backends.RecordingBackend"


def recorded(settings: Any) -> list[tuple[str, ...]]:
    """The ids of every task that is enqueued from now on; none of them runs."""
    use(settings, RECORDING)
    RecordingBackend.enqueued.clear()
    return RecordingBackend.enqueued


class OnlyReminders(ThreadBackend):
    """Runs reminders; the texts that they queue stay in the outbox."""

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        if task.module_path.startswith("todos.reminders."):
            super().enqueue(task, ids)


class OnlyRemindersAtOnce(ImmediateBackend):
    """The same, before enqueue() returns."""

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        if task.module_path.startswith("todos.reminders."):
            super().enqueue(task, ids)
