"""One event, one invocation, of the function that this code runs in."""

import time

import pytest

from serverless import tasks
from serverless.tasks import NotAcceptedError, invoke
from tests.serverless.aws_stub import AwsStub, aws

pytestmark = pytest.mark.enable_socket
EVENT = {"command": "a.b", "args": ["x"]}


@pytest.fixture
def stub(monkeypatch, settings):
    with aws(monkeypatch, settings) as stub:
        yield stub


def test_the_function_of_this_stage_is_invoked_asynchronously(stub: AwsStub):
    invoke(EVENT)
    assert stub.invoked == [("/2015-03-31/functions/nudge-dev/invocations", "Event", EVENT)]


def test_an_operations_function_invokes_itself(stub: AwsStub, settings):
    settings.LAMBDA_FUNCTION = "nudge-dev-ops"
    invoke(EVENT)
    [(path, _kind, _event)] = stub.invoked
    assert path == "/2015-03-31/functions/nudge-dev-ops/invocations"


def test_the_client_is_made_once(stub: AwsStub):
    invoke(EVENT)
    made = tasks.client()
    invoke(EVENT)
    assert tasks.client() is made
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
    config = tasks.client().meta.config
    longest = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
    assert longest < 10
