"""manage.py dead_letters lists the events that Lambda gave up, and changes nothing."""

import copy
import json
from io import StringIO

import pytest
from botocore.exceptions import ClientError  # noqa: TID253 - what the client raises
from django.core.management import CommandError, call_command

from serverless import dead_letters
from tests.config.conftest import ROOT
from tests.serverless.aws_stub import AwsStub, aws

pytestmark = pytest.mark.enable_socket
RECORDED = json.loads((ROOT / "localcloud/events/dead_letter.json").read_text())
SCHEDULED = json.loads((ROOT / "localcloud/events/scheduled.json").read_text())
TASK = json.loads(RECORDED["Body"])
ID = RECORDED["MessageId"]
LINE = (
    f"{ID}  2026-11-21T12:00:00+00:00  sms.delivery.deliver 00000000-0000-7000-8000-000000000007"
    "  request c6af9ac6-7b61-11e6-9a41-93e8deadbeef  OperationalError: connection refused"
)


@pytest.fixture
def stub(monkeypatch, settings):
    with aws(monkeypatch, settings) as stub:
        yield stub


def letter(number: int, body: object = None, **changes: object) -> dict:
    message = copy.deepcopy(RECORDED)
    message |= {"MessageId": f"letter-{number}", "ReceiptHandle": f"receipt-{number}"}
    message["Attributes"]["SentTimestamp"] = str(1795262400000 + number * 1000)
    if body is not None:
        message["Body"] = body if isinstance(body, str) else json.dumps(body)
    return {**message, **changes}


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("dead_letters", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_a_letter_is_listed_with_what_is_needed_and_its_ids_only(stub: AwsStub):
    stub.bury(RECORDED)
    assert run() == [LINE, "1 dead letters."]
    assert (list(stub.queue), stub.hidden, stub.invoked) == ([RECORDED["ReceiptHandle"]], set(), [])


def test_an_empty_queue_says_so(stub: AwsStub):
    assert run() == ["0 dead letters."]


def test_a_letter_is_held_for_two_minutes_and_waited_for(stub: AwsStub, settings):
    """Without the second of waiting, SQS asks only some of its servers."""
    run()
    assert stub.asked == [
        {
            "QueueUrl": settings.DEAD_LETTER_QUEUE_URL,
            "MaxNumberOfMessages": 10,
            "VisibilityTimeout": 120,
            "WaitTimeSeconds": 1,
            "MessageSystemAttributeNames": ["SentTimestamp"],
            "MessageAttributeNames": ["All"],
        }
    ]
    config = dead_letters.client().meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 10)  # longer than the second


def test_more_than_a_batch_is_listed_oldest_first_and_can_be_read_again(stub: AwsStub):
    for number in reversed(range(23)):
        stub.bury(letter(number))
    [*lines, count] = run()
    assert [line.split()[0] for line in lines] == [f"letter-{number}" for number in range(23)]
    assert count == "23 dead letters."
    assert stub.hidden == set()
    assert run()[-1] == "23 dead letters."


def test_a_letter_whose_hold_has_ended_is_listed_all_the_same(stub: AwsStub, monkeypatch):
    def expired(**_receipt: object) -> None:
        error = {"Error": {"Code": "MessageNotInflight", "Message": "It has ended."}}
        raise ClientError(error, "ChangeMessageVisibility")

    monkeypatch.setattr(dead_letters.client(), "change_message_visibility", expired)
    stub.bury(RECORDED)
    assert run() == [LINE, "1 dead letters."]


def test_what_was_read_before_an_error_can_be_read_again(stub: AwsStub):
    for number in range(12):
        stub.bury(letter(number))
    stub.fails_after = 1
    with pytest.raises(ClientError):
        run()
    assert (len(stub.asked), stub.hidden) == (2, set())


def test_a_queue_that_shows_a_letter_twice_ends(stub: AwsStub):
    """A hold may end while a long queue is read."""
    stub.bury(letter(1))
    stub.forgets = True
    assert run()[-1] == "1 dead letters."


def test_of_other_events_nothing_but_the_name_is_shown(stub: AwsStub):
    stub.bury(letter(1, SCHEDULED))
    stub.bury(
        letter(2, {"manage": "createsuperuser --email alice@example.com", "args": ["secret"]})
    )
    stub.bury(letter(3, "no JSON"))
    stub.bury(letter(4, ["no event"]))
    stub.bury(letter(5, {"requestPayload": "text"}))
    names = [line.split("  ")[2] for line in run()[:-1]]
    assert names == [
        "sms.schedule.sweep",
        "manage createsuperuser",
        "unknown",
        "unknown",
        "unknown",
    ]


@pytest.mark.parametrize(
    ("answer", "context", "end"),
    [
        (
            {"errorMessage": "TypeError: x\nsecond"},
            {"requestId": "r-1"},
            "request r-1  TypeError: x",
        ),
        (None, None, "request -  "),
    ],
    ids=["all", "little"],
)
def test_a_letter_of_an_on_failure_destination_is_read_as_well(stub: AwsStub, answer, context, end):
    body = {"requestPayload": TASK, "responsePayload": answer, "requestContext": context}
    stub.bury(letter(1, body, MessageAttributes={}))
    [line, _count] = run()
    assert "  sms.delivery.deliver 00000000-0000-7000-8000-000000000007  " in line
    assert line.endswith(end)


def test_only_the_first_line_of_an_error_is_shown_and_not_all_of_it(stub: AwsStub):
    attributes = {"ErrorMessage": {"StringValue": "x" * 500 + "\nalice@example.com"}}
    stub.bury(letter(1, MessageAttributes=attributes))
    stub.bury(letter(2, MessageAttributes={}))
    [long, none, _count] = run()
    assert long.endswith("  request -  " + "x" * 200)
    assert none.endswith("  request -  ")


def test_without_a_queue_the_command_says_what_is_missing(settings):
    settings.DEAD_LETTER_QUEUE_URL = ""
    with pytest.raises(CommandError, match="DEAD_LETTER_QUEUE_URL is not set"):
        run()
