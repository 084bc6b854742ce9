"""A task that fails: tried three times by Lambda, then kept in the queue and listed."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.local import Cloud, eventually
from tests.cloud.people import manage

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
ATTEMPTS = 3
DELIVER = "sms.delivery.deliver"


def queue_url(cloud: Cloud) -> str:
    variables = cloud.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    return variables["Environment"]["Variables"]["DEAD_LETTER_QUEUE_URL"]


@pytest.fixture(scope="module")
def argument() -> str:
    """Of a task that fails for real, since it is no id of a text."""
    return f"no-uuid-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def kept(cloud: Cloud, argument: str) -> Iterator[str]:
    """What `dead_letters` lists of this task, once Lambda has given it up."""
    event = {
        "command": "zappa.asynchronous.route_lambda_task",
        "task_path": DELIVER,
        "args": [argument],
        "kwargs": {},
    }
    answer = cloud.client("lambda").invoke(
        FunctionName=FUNCTION, InvocationType="Event", Payload=json.dumps(event)
    )
    assert answer["StatusCode"] == 202
    [line] = eventually(lambda: letters(cloud, argument))
    yield line
    cloud.client("sqs").purge_queue(QueueUrl=queue_url(cloud))


def letters(cloud: Cloud, argument: str) -> list[str]:
    return [line for line in manage(cloud, "dead_letters").splitlines() if argument in line]


def failures(cloud: Cloud, argument: str, function: str = FUNCTION) -> list[dict[str, Any]]:
    """The ends of this task; its argument stands in the traceback only."""
    return [
        line
        for line in cloud.lines(function)
        if line.get("outcome") == "failed" and argument in line.get("traceback", "")
    ]


def test_a_failing_task_is_tried_three_times_and_kept_with_its_error(cloud, argument, kept):
    assert DELIVER in kept
    assert "ValidationError" in kept
    tried = failures(cloud, argument)
    assert len(tried) == ATTEMPTS
    assert {each["task"] for each in tried} == {DELIVER}


def test_it_is_listed_again_and_runs_no_more(cloud, argument, kept):
    assert letters(cloud, argument) == [kept]
    assert len(failures(cloud, argument)) == ATTEMPTS
