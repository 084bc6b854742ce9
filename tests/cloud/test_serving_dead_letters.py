"""A task that fails: tried three times by Lambda, kept in the queue, shown, replayed, forgotten."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.conftest import Cloud, eventually
from tests.cloud.people import manage

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
ATTEMPTS = 3
DELIVER = "sms.tasks.deliver"


@pytest.fixture(autouse=True)
def _queue_is_left_empty(cloud: Cloud) -> Iterator[None]:
    yield
    queue = cloud.client("sqs")
    queue.purge_queue(QueueUrl=queue_url(cloud))


def queue_url(cloud: Cloud) -> str:
    variables = cloud.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    return variables["Environment"]["Variables"]["DEAD_LETTER_QUEUE_URL"]


@pytest.fixture
def failing(cloud: Cloud) -> str:
    """The argument of a task that fails for real, since it is no id of a text."""
    argument = f"no-uuid-{secrets.token_hex(4)}"
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
    return argument


def dead(cloud: Cloud, argument: str) -> list[str]:
    """What `dead_letters` lists of this task, once Lambda has given it up."""
    eventually(lambda: waiting(cloud), 60)
    return letters(cloud, argument)


def waiting(cloud: Cloud) -> int:
    name = "ApproximateNumberOfMessages"
    answer = cloud.client("sqs").get_queue_attributes(
        QueueUrl=queue_url(cloud), AttributeNames=[name]
    )
    return int(answer["Attributes"][name])


def letters(cloud: Cloud, argument: str) -> list[str]:
    return [line for line in manage(cloud, "dead_letters").splitlines() if argument in line]


def identifier(line: str) -> str:
    found = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", line)
    assert found, line
    return found[0]


def failures(cloud: Cloud, argument: str, function: str = FUNCTION) -> list[dict[str, Any]]:
    """The ends of this task; its argument stands in the traceback only."""
    return [
        line
        for line in cloud.lines(function)
        if line.get("outcome") == "failed" and argument in line.get("traceback", "")
    ]


def test_it_is_tried_three_times_and_kept_with_its_error(cloud, failing):
    [line] = dead(cloud, failing)

    assert DELIVER in line
    assert "ValidationError" in line
    tried = failures(cloud, failing)
    assert len(tried) == ATTEMPTS
    assert {each["task"] for each in tried} == {DELIVER}


def test_replayed_it_runs_again_and_leaves_the_queue(cloud, failing):
    [line] = dead(cloud, failing)

    told = manage(cloud, f"dead_letters --replay {identifier(line)}")

    assert f"{identifier(line)} replayed: {DELIVER}" in told
    # It fails as before, in the function that was told to, and comes back as another letter.
    [again] = dead(cloud, failing)
    assert identifier(again) != identifier(line)
    tried = [len(failures(cloud, failing, function)) for function in (FUNCTION, f"{FUNCTION}-ops")]
    assert tried == [ATTEMPTS, ATTEMPTS]


def test_forgotten_it_never_runs_again(cloud, failing):
    [line] = dead(cloud, failing)

    told = manage(cloud, f"dead_letters --forget {identifier(line)}")

    assert f"{identifier(line)} forgotten: {DELIVER}" in told
    assert letters(cloud, failing) == []
    assert len(failures(cloud, failing)) == ATTEMPTS
