"""Bounces and complaints of SES, in each shape in which they come to the function."""

import json
from typing import Any

import pytest

from core.mail_reports import MailReport
from localcloud.lambda_events import CONTEXT, load
from serverless.events import TaskError

pytestmark = pytest.mark.django_db  # the boundary looks at the connections
told: list[MailReport] = []
HEADERS = {
    "from": "Nudge <nudge@example.org>",
    "to": "alice@example.com",
    "x-nudge-reminder": "00000000-0000-7000-8000-000000000007",
}
BOUNCED = MailReport(
    id="010001-aaaa-000000",
    address="alice@example.com",
    reason="bounced",
    arrived=False,
    headers=HEADERS,
)


def take(report: MailReport) -> None:
    told.append(report)


@pytest.fixture(autouse=True)
def _is_told(settings):
    settings.MAIL_REPORTS = f"{__name__}.take"
    told.clear()


def bounce(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(load("mail_bounce")["Records"][0]["Sns"]["Message"])
    said["bounce"] |= changes
    return said


def complaint(**changes: Any) -> dict[str, Any]:
    """As event publishing words it, without headers."""
    recipients = [{"emailAddress": "Alice <alice@example.com>"}]
    body = {"feedbackId": "010001-cccc-000000", "complainedRecipients": recipients, **changes}
    return {"eventType": "Complaint", "complaint": body, "mail": {"messageId": "1"}}


def by_topic(said: dict[str, Any] | str) -> dict[str, Any]:
    text = said if isinstance(said, str) else json.dumps(said)
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text}}]}


def by_bridge(said: dict[str, Any]) -> dict[str, Any]:
    return {"source": "aws.ses", "detail-type": "Email Bounced", "detail": said}


@pytest.mark.parametrize("wrap", [by_topic, by_bridge, dict])
def test_a_permanent_bounce_is_told_in_every_shape(handler, wrap):
    assert handler(wrap(bounce()), CONTEXT) is None
    assert handler(wrap(complaint()), CONTEXT) is None
    facts: dict[str, Any] = {
        "id": "010001-cccc-000000",
        "reason": "complained",
        "arrived": True,
        "headers": {},
    }
    assert told == [BOUNCED, BOUNCED._replace(**facts)]


def test_the_recorded_event_is_one(handler):
    handler(load("mail_bounce"), CONTEXT)
    assert told == [BOUNCED]


@pytest.mark.parametrize(
    "said",
    [
        bounce(bounceType="Transient"),
        bounce(bounceType="Undetermined"),
        complaint(complaintFeedbackType="not-spam"),
        {"eventType": "Delivery", "mail": {}, "delivery": {}},
        {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have subscribed"},
        "Successfully validated SNS topic for Amazon SES event publishing.",
    ],
    ids=["full", "unclear", "not-spam", "delivered", "subscribed", "validated"],
)
def test_what_says_nothing_of_the_address_is_done(handler, said):
    assert handler(by_topic(said), CONTEXT) is None
    assert told == []


def test_what_ses_did_not_even_try_has_not_arrived(handler):
    handler(by_topic(complaint(complaintSubType="OnAccountSuppressionList")), CONTEXT)
    assert [(it.reason, it.arrived) for it in told] == [("complained", False)]


@pytest.mark.parametrize("said", ["Hello from SNS!", "[1]", json.dumps({"AlarmName": "errors"})])
def test_another_topic_is_not_taken_for_one(handler, said):
    with pytest.raises(TaskError, match="There is no function for this event"):
        handler(by_topic(said), CONTEXT)
    assert told == []


def test_a_call_of_an_account_is_no_report(handler):
    """CloudTrail, by EventBridge, names the kind of its events in the same member."""
    with pytest.raises(TaskError, match="There is no function for this event"):
        handler(by_bridge({"eventType": "AwsApiCall", "eventName": "SendEmail"}), CONTEXT)


def test_a_mail_without_headers_is_told_without_them(handler):
    said = bounce()
    empty: tuple[object, ...] = (None, [])
    for headers in empty:
        said["mail"]["headers"] = headers
        handler(by_topic(said), CONTEXT)
    assert told == [BOUNCED._replace(headers={})] * 2


@pytest.mark.parametrize(
    "other",
    [{"EventSource": "aws:s3"}, by_topic(json.dumps({"AlarmName": "errors"}))["Records"][0]],
    ids=["another service", "another topic"],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_report_beside_something_else_is_not_taken_alone(handler, other, first):
    """Else Lambda would take the rest for done."""
    [report] = by_topic(bounce())["Records"]
    with pytest.raises(TaskError, match="There is no function for this event"):
        handler({"Records": [report, other] if first else [other, report]}, CONTEXT)
    assert told == []


def test_a_report_that_cannot_be_kept_is_told_again_by_lambda(handler, settings):
    settings.MAIL_REPORTS = "todos.reminders.reports.not_there"
    with pytest.raises(TaskError):
        handler(by_topic(bounce()), CONTEXT)
