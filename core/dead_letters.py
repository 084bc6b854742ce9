"""What Lambda gave up after its retries: the dead letter queue of this stage (SQS).

AWS Lambda Developer Guide, "Adding a dead-letter queue" and "Adding a destination".
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from core import events
from core.events import Event
from serverless import tasks

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0  # above the second that SQS waits for messages
HOLD_SECONDS = 120  # nobody else sees what is read for so long, at most
BATCH = 10  # of one request, SQS's limit
ERROR_LENGTH = 200
_ENVELOPE = "requestPayload"


class NotReplayableError(Exception):
    """The letter holds no event that would do anything."""


@dataclass(frozen=True, kw_only=True)
class Letter:
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
        """What the task was asked for; of other events nothing is shown."""
        return [str(each) for each in self.event.get("args", ())] if self.is_task else []

    @property
    def is_task(self) -> bool:
        return events.is_task(self.event)


@contextmanager
def held() -> Iterator[list[Letter]]:
    """Every letter, oldest first; at the end those that are still there can be read again."""
    letters: dict[str, Letter] = {}
    try:
        while new := [letter for letter in _receive() if letter.id not in letters]:
            letters |= {letter.id: letter for letter in new}
        yield sorted(letters.values(), key=lambda letter: letter.died_at)
    finally:
        for letter in letters.values():
            _release(letter)


def replay(letter: Letter) -> None:
    """Deleted only once Lambda has taken the event: at worst it runs twice, never not at all."""
    if letter.name == events.UNKNOWN:
        raise NotReplayableError("It holds no event that would run anything.")
    tasks.invoke(letter.event)
    forget(letter)


def forget(letter: Letter) -> None:
    client().delete_message(**_address(letter))


def _receive() -> list[Letter]:
    answer = client().receive_message(
        QueueUrl=settings.DEAD_LETTER_QUEUE_URL,
        MaxNumberOfMessages=BATCH,
        VisibilityTimeout=HOLD_SECONDS,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp"],
        MessageAttributeNames=["All"],
    )
    return [_letter(message) for message in answer.get("Messages", ())]


def _letter(message: dict[str, Any]) -> Letter:
    body = _json_object(message["Body"])
    event, request_id, error = _of_destination(body) if _ENVELOPE in body else _of_queue(message)
    milliseconds = int(message["Attributes"]["SentTimestamp"])
    first_line, *_rest = error.splitlines() or [""]
    return Letter(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        died_at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        event=event,
        request_id=request_id or "-",
        error=first_line[:ERROR_LENGTH],
    )


def _of_queue(message: dict[str, Any]) -> tuple[Event, str, str]:
    """What `dead_letter_arn` gives: the event alone, the rest in attributes."""
    told = {
        name: str(value.get("StringValue", ""))
        for name, value in message.get("MessageAttributes", {}).items()
    }
    event = _json_object(message["Body"])
    return event, told.get("RequestID", ""), told.get("ErrorMessage", "")


def _of_destination(body: dict[str, Any]) -> tuple[Event, str, str]:
    """What an on-failure destination gives, and MiniStack always: the event in an envelope."""
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


def _release(letter: Letter) -> None:
    """Harmless where it was deleted or the hold has ended: then SQS does not know the receipt."""
    from botocore.exceptions import ClientError

    try:
        client().change_message_visibility(**_address(letter), VisibilityTimeout=0)
    except ClientError:
        return


def _address(letter: Letter) -> dict[str, str]:
    return {"QueueUrl": settings.DEAD_LETTER_QUEUE_URL, "ReceiptHandle": letter.receipt}


@functools.cache
def client() -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS)
    return get_session().create_client("sqs", config=config)
