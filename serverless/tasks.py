"""Runs tasks in asynchronous invocations of the Lambda function that enqueues them."""

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings

from core.clients import per_process
from core.tasks import Task, TaskBackend

TASK_ROUTE = "zappa.asynchronous.route_lambda_task"
CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
ATTEMPTS = 2  # tasks are idempotent (core.tasks)
OPERATIONS = "-ops"  # the suffix of the operations function (zappa_settings.json)
NOT_THERE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)  # no such function, or no permission
NEWEST = "$LATEST"  # the version of unpublished code
PAYLOAD_LIMIT = 256_000  # in bytes, as Zappa counts
QUEUE_BATCH = 10  # the limit of an SQS request

logger = logging.getLogger(__name__)


class LambdaBackend(TaskBackend):
    """Sends the event of Zappa's asynchronous tasks, as zappa.asynchronous.run does.

    Non-urgent batches wait in the queue of the stage, if it has one.
    """

    def enqueue(self, task: Task[..., object], ids: tuple[str, ...]) -> None:
        event = task_event(task.module_path, *ids)
        if not (task.is_long and invoke_operations(event)):
            invoke(event)

    def enqueue_each(
        self, task: Task[..., object], ids: Sequence[str], *, urgent: bool
    ) -> list[str]:
        if urgent or task.is_long or not settings.TASK_QUEUE_URL:
            return super().enqueue_each(task, ids, urgent=urgent)
        return queue(task.module_path, ids)


def task_event(path: str, *ids: str) -> dict[str, Any]:
    return {"command": TASK_ROUTE, "task_path": path, "args": list(ids), "kwargs": {}}


class NotAcceptedError(Exception):
    """Lambda did not accept the event, so the task will not run."""


def invoke_operations(event: dict[str, Any]) -> bool:
    """Invoke the stage's operations function, which has 15 minutes; False without one."""
    from botocore.exceptions import ClientError

    try:
        invoke(event, f"{settings.LAMBDA_FUNCTION.removesuffix(OPERATIONS)}{OPERATIONS}")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in NOT_THERE:
            raise
        return False
    return True


def invoke(event: dict[str, Any], name: str = "") -> None:
    """Send the event; returns once Lambda has accepted it. Lambda runs and retries it later.

    The operations function has the same code, so it may also invoke itself. A published version
    invokes itself, because another version may not know the task.
    """
    payload = json.dumps(event).encode()
    if len(payload) > PAYLOAD_LIMIT:
        raise NotAcceptedError(f"An event of {len(payload)} bytes is too large.")
    version = {} if name else {"Qualifier": settings.LAMBDA_VERSION.removeprefix(NEWEST)}
    answer = client("lambda").invoke(
        FunctionName=name or settings.LAMBDA_FUNCTION,
        InvocationType="Event",
        Payload=payload,
        **{key: value for key, value in version.items() if value},
    )
    if answer["StatusCode"] != HTTPStatus.ACCEPTED:
        raise NotAcceptedError(f"Lambda answered {answer['StatusCode']}.")


def queue(path: str, ids: Sequence[str]) -> list[str]:
    """Send tasks to the queue; returns the accepted ids. Logs the first error and stops.

    AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"; deploy/callbacks.py has the numbers.
    """
    accepted: list[str] = []
    for first in range(0, len(ids), QUEUE_BATCH):
        batch = ids[first : first + QUEUE_BATCH]
        try:
            taken = _send_batch(path, batch)
        except Exception:
            logger.exception("%s was enqueued for %d of %d", path, len(accepted), len(ids))
            break
        accepted += taken
        if len(taken) < len(batch):
            logger.error("%s was enqueued for %d of %d", path, len(accepted), len(ids))
            break
    return accepted


def _send_batch(path: str, ids: Sequence[str]) -> list[str]:
    entries = [
        {"Id": str(number), "MessageBody": json.dumps(task_event(path, each))}
        for number, each in enumerate(ids)
    ]
    answer: dict[str, Any] = client("sqs").send_message_batch(
        QueueUrl=settings.TASK_QUEUE_URL, Entries=entries
    )
    return [ids[int(entry["Id"])] for entry in answer.get("Successful", ())]


@per_process
def client(service: str) -> Any:
    """One client per process and service; region and credentials come from the environment.

    botocore alone loads fastest: docs/decisions/0011 has measurements.
    """
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    return get_session().create_client(service, config=config)
