"""One event, one invocation, of the function that this code runs in."""

import time

import pytest

from serverless import tasks
from serverless.tasks import LambdaBackend, NotAcceptedError, invoke, task_event
from sms.delivery import deliver
from tests.serverless.aws_stub import AwsStub, aws
from todos.transfer.jobs import run

pytestmark = pytest.mark.enable_socket
EVENT = {"command": "a.b", "args": ["x"]}


@pytest.fixture
def stub(monkeypatch, settings):
    with aws(monkeypatch, settings) as stub:
        yield stub


@pytest.mark.parametrize("version", ["", "$LATEST"], ids=["elsewhere", "on Lambda"])
def test_the_function_of_this_stage_is_invoked_asynchronously(stub: AwsStub, settings, version):
    settings.LAMBDA_VERSION = version
    invoke(EVENT)
    assert stub.invoked == [("/2015-03-31/functions/nudge-dev/invocations", "Event", EVENT)]


def test_a_published_version_invokes_itself_and_the_newest_operations_function(stub, settings):
    """While a deploy shifts traffic, another version may not know the task."""
    settings.LAMBDA_VERSION = "7"
    invoke(EVENT)
    invoke(EVENT, "nudge-dev-ops")
    assert [path for path, _kind, _event in stub.invoked] == [
        "/2015-03-31/functions/nudge-dev/invocations?Qualifier=7",
        "/2015-03-31/functions/nudge-dev-ops/invocations",
    ]


def test_an_operations_function_invokes_itself(stub: AwsStub, settings):
    settings.LAMBDA_FUNCTION = "nudge-dev-ops"
    invoke(EVENT)
    [(path, _kind, _event)] = stub.invoked
    assert path == "/2015-03-31/functions/nudge-dev-ops/invocations"


@pytest.mark.parametrize(
    ("own", "missing", "used"),
    [
        ("nudge-dev", 0, ["nudge-dev-ops"]),
        ("nudge-dev-ops", 0, ["nudge-dev-ops"]),
        ("nudge-dev", 404, ["nudge-dev-ops", "nudge-dev"]),
        ("nudge-dev", 403, ["nudge-dev-ops", "nudge-dev"]),
    ],
)
def test_a_long_task_runs_where_there_are_minutes_if_there_is_such_a_function(
    stub: AwsStub, settings, own, missing, used
):
    settings.LAMBDA_FUNCTION, settings.TASK_QUEUE_URL = own, "https://queue.test/"
    stub.missing = missing
    assert LambdaBackend().enqueue_each(run, ["x"], urgent=False) == ["x"]
    assert [path.split("/")[3] for path, _kind, _event in stub.invoked] == used
    event = {"command": tasks.TASK_ROUTE, "task_path": "todos.transfer.jobs.run"}
    assert stub.invoked[-1][2] == {**event, "args": ["x"], "kwargs": {}}


def test_a_long_task_that_lambda_refuses_is_not_tried_elsewhere(stub: AwsStub, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    stub.missing = 503
    assert LambdaBackend().enqueue_each(run, ["x"], urgent=False) == []
    assert {path.split("/")[3] for path, _kind, _event in stub.invoked} == {"nudge-dev-ops"}


def test_the_client_is_made_once(stub: AwsStub):
    invoke(EVENT)
    made = tasks.client("lambda")
    invoke(EVENT)
    assert tasks.client("lambda") is made
    assert len(stub.invoked) == 2


def test_an_event_that_is_too_large_is_not_sent(stub: AwsStub):
    size = tasks.PAYLOAD_LIMIT - len('{"a": ""}')
    invoke({"a": "x" * size})
    with pytest.raises(NotAcceptedError, match="256001 bytes"):
        invoke({"a": "x" * (size + 1)})
    assert len(stub.invoked) == 1


def test_what_lambda_does_not_take_is_an_error(stub: AwsStub):
    stub.status = 200
    with pytest.raises(NotAcceptedError, match="Lambda answered 200"):
        invoke(EVENT)


def test_a_lambda_in_trouble_is_asked_twice_and_no_longer(stub: AwsStub, monkeypatch):
    from botocore.exceptions import ClientError

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    stub.status = 503
    with pytest.raises(ClientError):
        invoke(EVENT)
    assert len(stub.invoked) == 2


def test_a_request_waits_seconds_and_not_minutes(stub: AwsStub):
    """The defaults are 60 s each, five times; API Gateway hangs up after 29."""
    config = tasks.client("lambda").meta.config
    assert config.retries == {"total_max_attempts": 2, "mode": "standard"}
    assert (config.connect_timeout, config.read_timeout) == (1, 3)


# --- Many at once ---------------------------------------------------------------------------------

IDS = [f"{number:032x}" for number in range(23)]
PATH = "sms.delivery.deliver"


def enqueue_each(ids: list[str], *, urgent: bool = False) -> list[str]:
    return LambdaBackend().enqueue_each(deliver, ids, urgent=urgent)


@pytest.fixture
def queue(stub: AwsStub, settings) -> str:
    settings.TASK_QUEUE_URL = f"{stub.url}/queue/nudge-dev-tasks"
    return settings.TASK_QUEUE_URL


def test_a_backlog_waits_in_the_queue(stub: AwsStub, queue):
    assert enqueue_each(IDS) == IDS
    assert stub.sent == [(queue, task_event(PATH, each)) for each in IDS]
    assert stub.invoked == []


def test_what_is_urgent_does_not_wait_in_the_queue(stub: AwsStub, queue):
    assert enqueue_each(IDS[:2], urgent=True) == IDS[:2]
    assert [event for _path, _kind, event in stub.invoked] == [
        task_event(PATH, each) for each in IDS[:2]
    ]
    assert stub.sent == []


def test_without_a_queue_each_is_an_invocation(stub: AwsStub):
    assert enqueue_each(IDS[:3]) == IDS[:3]
    assert [event["args"] for _path, _kind, event in stub.invoked] == [[each] for each in IDS[:3]]


@pytest.mark.parametrize("room", [0, 10, 13])
def test_what_the_queue_does_not_take_was_not_enqueued(stub: AwsStub, queue, room, caplog):
    """And nothing behind it is tried: it would be refused too."""
    stub.room = room
    assert enqueue_each(IDS) == IDS[:room]
    assert len(stub.sent) == room
    assert caplog.messages == [f"{PATH} was enqueued for {room} of 23"]


def test_a_queue_that_is_away_takes_nothing(stub: AwsStub, queue, settings, monkeypatch, caplog):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    settings.TASK_QUEUE_URL = "http://127.0.0.1:9/queue"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert enqueue_each(IDS) == []
    assert caplog.messages == [f"{PATH} was enqueued for 0 of 23"]


def test_a_lambda_that_takes_no_more_ends_it(stub: AwsStub, caplog):
    stub.status = 200
    assert enqueue_each(IDS) == []
    assert (len(stub.invoked), caplog.messages) == (1, ["deliver was enqueued for 0 of 23"])
