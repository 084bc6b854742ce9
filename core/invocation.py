"""Runs an event in an invocation of its own, of the function that this code runs in."""

import functools
import json
from http import HTTPStatus
from typing import Any

from django.conf import settings

from core.events import Event

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
ATTEMPTS = 2  # an event that arrives twice does no harm (core.background)
PAYLOAD_LIMIT = 256_000  # bytes, as Zappa counts


class NotAcceptedError(Exception):
    """Lambda did not take the event: nothing will run."""


def invoke(event: Event) -> None:
    """Returns as soon as Lambda has taken the event; it runs, and is retried, later.

    The operations function of a stage has the same code, so that it may invoke itself too.
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
    """One per process, region and credentials from the environment.

    botocore alone, because it is what costs least: docs/decisions/0011 has the figures.
    """
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    return get_session().create_client("lambda", config=config)
