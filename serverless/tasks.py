"""Runs tasks in asynchronous invocations of the Lambda function that enqueues them."""

import functools
import json
from http import HTTPStatus
from typing import Any

from django.conf import settings

from core.tasks import Task, TaskBackend

TASK_ROUTE = "zappa.asynchronous.route_lambda_task"
CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
ATTEMPTS = 2  # tasks are idempotent (core.tasks)
PAYLOAD_LIMIT = 256_000  # bytes, as Zappa counts


class LambdaBackend(TaskBackend):
    """Sends the event of Zappa's asynchronous tasks, as zappa.asynchronous.run does."""

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        path = task.module_path
        invoke({"command": TASK_ROUTE, "task_path": path, "args": list(ids), "kwargs": {}})


class NotAcceptedError(Exception):
    """Lambda did not accept the event: the task will not run."""


def invoke(event: dict[str, Any]) -> None:
    """Return once Lambda has accepted the event; Lambda runs and retries it later.

    The operations function of a stage has the same code, so it may invoke itself too.
    """
    payload = json.dumps(event).encode()
    if len(payload) > PAYLOAD_LIMIT:
        raise NotAcceptedError(f"An event of {len(payload)} bytes is too large.")
    answer = client().invoke(
        FunctionName=settings.LAMBDA_FUNCTION, InvocationType="Event", Payload=payload
    )
    if answer["StatusCode"] != HTTPStatus.ACCEPTED:
        raise NotAcceptedError(f"Lambda answered {answer['StatusCode']}.")


@functools.cache
def client() -> Any:
    """One per process; region and credentials come from the environment.

    botocore alone is the fastest to load: docs/decisions/0011 has the figures.
    """
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    return get_session().create_client("lambda", config=config)
