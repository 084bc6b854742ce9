"""The dead letter queue (SQS) of this stage: events that Lambda gave up on after its retries.

AWS Lambda Developer Guide, "Adding a dead-letter queue" and "Adding a destination".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from core.clients import per_process
from serverless import events
from serverless.events import Event

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0  # longer than the second that SQS waits for messages
HOLD_SECONDS = 120  # how long other readers do not see a message, at most
BATCH = 10  # SQS's limit for one request
ERROR_LENGTH = 200
_ENVELOPE = "requestPayload"


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    id: str
    receipt: str
    died_at: datetime
    event: Event
    request_id: str
    error: str

    @property
    def name(self) -> str:
        return events.name_of(self.event)

    @property
    def ids(self) -> list[str]:
        """The arguments of a task, which are ids; empty for other events."""
        return [str(each) for each in self.event.get("args", ())] if self._is_task else []

    @property
    def _is_task(self) -> bool:
        return events.is_task(self.event)


def receive_all() -> list[DeadLetter]:
    """All dead letters, oldest first. Afterwards all can be received again."""
    found: dict[str, DeadLetter] = {}
    try:
        while new := [letter for letter in _receive() if letter.id not in found]:
            found |= {letter.id: letter for letter in new}
    finally:
        for letter in found.values():
            _release(letter)
    return sorted(found.values(), key=lambda letter: letter.died_at)


def _receive() -> Iterator[DeadLetter]:
    answer = client().receive_message(
        QueueUrl=settings.DEAD_LETTER_QUEUE_URL,
        MaxNumberOfMessages=BATCH,
        VisibilityTimeout=HOLD_SECONDS,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp"],
        MessageAttributeNames=["All"],
    )
    return map(_letter, answer.get("Messages", ()))


def _letter(message: dict[str, Any]) -> DeadLetter:
    body = _json_object(message["Body"])
    read = _of_destination(body) if _ENVELOPE in body else _of_queue(message, body)
    event, request_id, error = read
    milliseconds = int(message["Attributes"]["SentTimestamp"])
    first_line, *_rest = error.splitlines() or [""]
    return DeadLetter(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        died_at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        event=event,
        request_id=request_id or "-",
        error=first_line[:ERROR_LENGTH],
    )


def _of_queue(message: dict[str, Any], body: dict[str, Any]) -> tuple[Event, str, str]:
    """Read a message of `dead_letter_arn`: the body is the event, attributes have the rest."""
    attributes = {
        name: str(value.get("StringValue", ""))
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return body, attributes.get("RequestID", ""), attributes.get("ErrorMessage", "")


def _of_destination(body: dict[str, Any]) -> tuple[Event, str, str]:
    """Read a message of an on-failure destination, or of MiniStack: the event in an envelope."""
    event, answer = body[_ENVELOPE], body.get("responsePayload")
    error = str(answer.get("errorMessage", "")) if isinstance(answer, dict) else ""
    request_id = str((body.get("requestContext") or {}).get("requestId", ""))
    return event if isinstance(event, dict) else {}, request_id, error


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _release(letter: DeadLetter) -> None:
    """Make the letter visible again. SQS refuses an expired receipt, which is harmless."""
    from botocore.exceptions import ClientError

    try:
        client().change_message_visibility(
            QueueUrl=settings.DEAD_LETTER_QUEUE_URL,
            ReceiptHandle=letter.receipt,
            VisibilityTimeout=0,
        )
    except ClientError:
        return


@per_process
def client() -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
    return get_session().create_client("sqs", config=config)
