"""Texts in the cloud: allowed by an operator, sent by a task of Lambda, told of by Twilio."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from localcloud.twilio.resources import ACCOUNT_SID, AUTH_TOKEN
from tests.cloud.local import TIMEOUT, Cloud, eventually
from tests.cloud.people import AdminSession, Phone, signed_up

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

MESSAGES = "api/v1/sms/messages/"
RECIPIENT = "+14155550177"
UNDELIVERABLE = "+15005550010"  # Twilio takes it, the network does not
DELIVER = "sms.delivery.deliver"


@pytest.fixture(scope="module")
def sender(cloud: Cloud, operator: str) -> Phone:
    """Somebody to whom the operator has granted ten texts a day."""
    phone, _email = signed_up(cloud, "sender")
    AdminSession(cloud, operator).grant(account_id(phone), 10)
    return phone


def account_id(phone: Phone) -> str:
    return phone.ask("GET", "api/auth/app/v1/auth/session").json()["data"]["user"]["id"]


def at_twilio(cloud: Cloud, body: str) -> list[dict[str, Any]]:
    return [message for message in all_at_twilio(cloud) if message["body"] == body]


def all_at_twilio(cloud: Cloud) -> list[dict[str, Any]]:
    """What the stub was asked to send, in Twilio's own words, the last first."""
    parameter = cloud.client("ssm").get_parameter(
        Name="/nudge/dev/TWILIO_API_BASE_URL", WithDecryption=True
    )
    answer = requests.get(
        f"{parameter['Parameter']['Value']}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json",
        params={"PageSize": "1000"},
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        timeout=10,
    )
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


def body_of_its_own() -> str:
    return f"Your table is ready ({datetime.now(UTC).isoformat()})"


def ended(phone: Phone, location: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = phone.ask("GET", location).json()
        return found if found["finished_at"] else None

    return eventually(look)


def test_a_text_is_taken_sent_once_and_delivered(cloud, sender):
    body = body_of_its_own()
    taken = sender.ask("POST", MESSAGES, {"to": RECIPIENT, "body": body})
    assert (taken.status_code, taken.json()["status"]) == (202, "queued")
    assert taken.headers["Location"] == f"{cloud.address}{MESSAGES}{taken.json()['id']}/"

    found = ended(sender, taken.headers["Location"])

    assert (found["status"], found["attempts"], found["error_code"]) == ("delivered", 1, "")
    told = {(event["status"], event["source"]) for event in found["events"]}
    assert told == {
        ("queued", "service"),
        ("accepted", "service"),
        *((status, "callback") for status in ("queued", "sent", "delivered")),
    }
    assert [message["to"] for message in at_twilio(cloud, body)] == [RECIPIENT]


def test_a_task_of_lambda_sends_it_and_not_the_request(cloud, sender):
    before = len(deliveries(cloud))
    taken = sender.ask("POST", MESSAGES, {"to": RECIPIENT, "body": body_of_its_own()})
    ended(sender, taken.headers["Location"])

    [done, *_] = eventually(lambda: deliveries(cloud)[before:])

    assert done["request_id"] not in {"-", taken.headers["X-Request-Id"]}


def deliveries(cloud: Cloud) -> list[dict[str, Any]]:
    """Invocations of their own that ended well."""
    return [
        line
        for line in cloud.lines()
        if line.get("task") == DELIVER and line.get("outcome") == "done"
    ]


def test_what_the_network_refuses_is_told(cloud, sender):
    body = body_of_its_own()
    taken = sender.ask("POST", MESSAGES, {"to": UNDELIVERABLE, "body": body})
    found = ended(sender, taken.headers["Location"])

    assert (found["status"], found["error_code"]) == ("undelivered", "30003")


def test_a_scheduled_text_leaves_with_the_minute(cloud, sender):
    """Nobody asks for it again: EventBridge's rule runs the sweep, which finds it."""
    body, send_at = body_of_its_own(), datetime.now(UTC) + timedelta(seconds=3)
    taken = sender.ask(
        "POST", MESSAGES, {"to": RECIPIENT, "body": body, "send_at": send_at.isoformat()}
    )
    assert taken.status_code == 202, taken.text
    assert at_twilio(cloud, body) == []

    found = ended(sender, taken.headers["Location"])

    assert found["status"] == "delivered"
    assert datetime.fromisoformat(found["finished_at"]) >= send_at
    assert len(at_twilio(cloud, body)) == 1
    assert {line["request_id"] for line in cloud.lines() if line.get("task") == "queue"} & {
        line["request_id"] for line in deliveries(cloud)
    }


def test_the_queue_is_bounded_and_keeps_what_failed(cloud):
    [mapping] = cloud.client("lambda").list_event_source_mappings(FunctionName="nudge-dev")[
        "EventSourceMappings"
    ]
    assert mapping["EventSourceArn"].endswith(":nudge-dev-tasks")
    assert mapping["BatchSize"] == 10
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_forged_callback_changes_nothing(cloud, sender):
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    taken = sender.ask(
        "POST", MESSAGES, {"to": RECIPIENT, "body": body_of_its_own(), "send_at": later}
    )
    url = f"{cloud.address}service/sms/status/{taken.json()['id']}/"
    forged = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "To": RECIPIENT}

    answer = requests.post(url, forged, headers={"X-Twilio-Signature": "AAAA"}, timeout=TIMEOUT)

    assert answer.status_code == 403
    assert sender.ask("GET", taken.headers["Location"]).json()["status"] == "scheduled"
    assert sender.ask("POST", f"{taken.headers['Location']}cancel/").json()["status"] == "canceled"


def test_without_an_allowance_nothing_is_taken(cloud):
    phone, _email = signed_up(cloud, "newcomer")
    answer = phone.ask("POST", MESSAGES, {"to": RECIPIENT, "body": body_of_its_own()})
    assert answer.status_code == 403


def test_the_direct_endpoint_answers_with_the_sid(cloud, sender):
    body = body_of_its_own()
    answer = sender.ask("POST", "service/sms/send", {"msg": body})

    [message] = at_twilio(cloud, body)
    assert answer.status_code == 201
    assert answer.json() == {
        "status": "success",
        "data": message["sid"],
        "message": "SMS successfully sent",
    }
    assert message["to"] == "+14155550100"  # TO_NUMBER of the stage


def test_the_direct_endpoint_is_closed_to_strangers(cloud):
    body = body_of_its_own()
    answer = Phone(cloud).ask("POST", "service/sms/send", {"msg": body})

    assert answer.status_code == 401
    assert answer.json()["status"] == "failure"
    assert at_twilio(cloud, body) == []
