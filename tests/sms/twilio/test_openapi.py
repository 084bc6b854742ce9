"""Our requests and the stub's answers are what Twilio's own OpenAPI description says."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone
from openapi_spec_validator import validate

from localcloud.twilio.resources import ACCOUNT_SID, AUTH_TOKEN, BAD_RECIPIENTS, BAD_SENDERS
from localcloud.twilio.stub import Received, TwilioStub, basic
from sms.providers import OutgoingMessage
from sms.providers.twilio.provider import TwilioProvider
from tests.sms.conftest import FROM, SID, TO
from tests.sms.twilio.contract import DESCRIPTION, FORM, SCHEMAS, answer_errors, request_errors
from tests.sms.twilio.test_provider import CALLBACK, POOL

pytestmark = pytest.mark.enable_socket

LIST = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
ONE = LIST.replace(".json", f"/{SID}.json")
STATUSES = SCHEMAS["message_enum_status"]["enum"]
EXAMPLES = {
    f"{call['operationId']} {name}": (method, path, int(status), example["value"])
    for path, item in DESCRIPTION["paths"].items()
    for method, call in item.items()
    if isinstance(call, dict)
    for status, response in call.get("responses", {}).items()
    for content in response.get("content", {}).values()
    for name, example in content["examples"].items()
}


# --- The description -----------------------------------------------------------------------------


def test_the_excerpt_is_valid_openapi():
    validate(DESCRIPTION)
    assert DESCRIPTION["openapi"].startswith("3.0.")
    assert len(EXAMPLES) == 17


@pytest.mark.parametrize("name", EXAMPLES)
def test_twilios_own_examples_are_as_described(name):
    """So what is asked of the stub here is not more than Twilio does."""
    method, path, status, answer = EXAMPLES[name]
    assert answer_errors(method, path, status, answer) == []


# --- What we send --------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", ["", POOL])
@pytest.mark.parametrize("more", [{}, {"callback_url": CALLBACK, "valid_seconds": 60}])
@pytest.mark.parametrize("body", ["hey mate!!!", "hé & = + %\n😀 x", "a" * 1600])
def test_what_we_send_is_described(twilio, settings, pool, more, body):
    settings.TWILIO_MESSAGING_SERVICE_SID = pool
    TwilioProvider().send(OutgoingMessage(to=TO, from_number=FROM, body=body, **more))
    [request] = twilio.received
    assert request_errors(request) == []
    fields = {"To", "MessagingServiceSid" if pool else "From", "Body"}
    assert set(request.fields) == fields | ({"StatusCallback", "ValidityPeriod"} if more else set())
    assert request.authorization == basic(ACCOUNT_SID, AUTH_TOKEN)
    assert (request.method, request.path) == ("POST", LIST)


def test_what_we_ask_of_the_list_is_described(twilio):
    for _ in range(51):
        twilio.store({"To": [TO], "From": [FROM], "Body": ["a"]})
    now = timezone.now()
    span = {"since": now - timedelta(minutes=5), "until": now}
    TwilioProvider().find(OutgoingMessage(to=TO, from_number=FROM, body="a"), **span)
    day = (span["since"] - timedelta(days=1)).date().isoformat()
    asked = {"To": [TO], "PageSize": ["50"], "DateSent>": [day]}
    assert [each.fields for each in twilio.received] == [
        asked | {"Page": ["0"]},
        asked | {"Page": ["1"]},
    ]
    for request in twilio.received:
        assert request_errors(request) == []
        assert (request.method, request.path) == ("GET", LIST)


def test_what_we_ask_of_one_message_is_described(twilio):
    TwilioProvider().fetch(SID)
    [request] = twilio.received
    assert request_errors(request) == []
    assert (request.method, request.path, request.fields) == ("GET", ONE, {})


# --- What the stub answers -----------------------------------------------------------------------


def call(stub: TwilioStub, method: str, path: str, **what: Any) -> tuple[int, Any]:
    """Status and body; all that is wrong with them fails here."""
    auth = (ACCOUNT_SID, AUTH_TOKEN)
    answer = requests.request(method, f"{stub.url}{path}", auth=auth, timeout=5, **what)
    assert answer_errors(method, path, answer.status_code, answer.json()) == []
    return answer.status_code, answer.json()


@pytest.mark.parametrize("sender", [{"From": FROM}, {"MessagingServiceSid": POOL}])
def test_the_stub_answers_as_described(twilio, sender):
    status, made = call(twilio, "POST", LIST, data={"To": TO, "Body": "a", **sender})
    assert (status, made["status"]) == (201, "queued" if "From" in sender else "accepted")
    for word in STATUSES:
        twilio.move(twilio.messages[0], word, 30003 if word in ("failed", "undelivered") else None)
        status, shown = call(twilio, "GET", made["uri"])
        assert (status, shown["status"]) == (200, word)
        assert call(twilio, "GET", LIST)[1]["messages"] == [shown]


def test_the_stubs_pages_are_as_described(twilio):
    for _ in range(3):
        twilio.store({"To": [TO], "From": [FROM], "Body": ["a"]})
    for query in ({}, {"PageSize": "1", "Page": "1"}, {"To": TO, "DateSent<": "2020-01-01"}):
        status, page = call(twilio, "GET", LIST, params=query)
        assert (status, len(page["messages"])) == (200, 1 if "Page" in query else 0 if query else 3)


@pytest.mark.parametrize("number", [*BAD_RECIPIENTS, *BAD_SENDERS])
def test_the_stub_refuses_as_twilio_refuses(twilio, number):
    """As the documentation has it: the description has no errors."""
    told = {"recipient": BAD_RECIPIENTS.get(number), "sender": BAD_SENDERS.get(number)}
    fields = {"recipient": {"To": number, "From": FROM}, "sender": {"To": TO, "From": number}}
    for role, expected in told.items():
        status, answer = call(twilio, "POST", LIST, data={**fields[role], "Body": "a"})
        if expected is None:
            assert status == 201
        else:
            assert (status, answer["code"], answer["message"]) == expected
            assert answer["status"] == status


# --- It can fail ---------------------------------------------------------------------------------

SENT = {"To": [TO], "From": [FROM], "Body": ["a"]}


def posted(fields: dict[str, list[str]], content_type: str = FORM) -> list[str]:
    return request_errors(Received("POST", LIST, fields, "", content_type))


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"To": []}, "'To' is a required property"),
        ({"To": ["5550099"]}, "'5550099' is not a 'phone-number'"),
        ({"To": [TO, TO]}, "is not of type 'string'"),
        ({"From": []}, "is not valid under any of the given schemas"),
        ({"Body": []}, "is not valid under any of the given schemas"),
        ({"MessagingServiceSid": ["MG1"]}, "'MG1' does not match"),
        ({"MessagingServiceSid": [SID]}, f"'{SID}' does not match"),
        ({"StatusCallback": ["nudge.example.com"]}, "is not a 'uri'"),
        ({"ValidityPeriod": ["1.5"]}, "'1.5' is not of type 'integer'"),
        ({"ContentRetention": ["keep"]}, "'keep' is not one of"),
        ({"IdempotencyKey": ["a"]}, "'IdempotencyKey' was unexpected"),
    ],
)
def test_a_wrong_field_is_noticed(change, at):
    assert posted(SENT) == []
    fields = {name: values for name, values in (SENT | change).items() if values}
    assert any(at in error for error in posted(fields)), posted(fields)


def test_a_wrong_body_of_the_request_is_noticed():
    assert posted(SENT, "application/json") == ["content type: application/json"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (LIST, {"PageSize": ["1001"]}),
        (LIST, {"Page": ["-1"]}),
        (LIST, {"DateSent>": ["yesterday"]}),
        (LIST, {"Status": ["sent"]}),
        (LIST.replace(ACCOUNT_SID, "AC1"), {}),
        (ONE.replace(SID, "SM1"), {}),
        (ONE, {"PageSize": ["1"]}),
    ],
)
def test_a_wrong_question_is_noticed(path, query):
    assert request_errors(Received("GET", LIST, {"PageSize": ["1000"]}, "", "")) == []
    assert request_errors(Received("GET", path, query, "", "")) != []


@pytest.mark.parametrize(("method", "path"), [("PUT", LIST), ("GET", f"{LIST}/"), ("POST", "/")])
def test_a_call_that_is_not_described_is_noticed(method, path):
    with pytest.raises(LookupError, match="describes no"):
        request_errors(Received(method, path, {}, "", ""))


@pytest.mark.parametrize(
    "change",
    [
        {"sid": "SM1"},
        {"messaging_service_sid": "MG1"},
        {"status": "gone"},
        {"status": None},
        {"direction": "outbound"},
        {"error_code": "30003"},
        {"num_segments": 1},
        {"price_unit": "dollars"},
        {"date_created": "2026-01-01T00:00:00Z"},
        {"unknown": 1},
    ],
)
def test_a_wrong_answer_is_noticed(change):
    good = EXAMPLES["FetchMessage fetch"][-1]
    assert answer_errors("GET", ONE, 200, good) == []
    assert answer_errors("GET", ONE, 200, good | change) != []
    page = deepcopy(EXAMPLES["ListMessage readFullPage1"][-1])
    page["messages"][0] |= change
    assert answer_errors("GET", LIST, 200, page) != []


@pytest.mark.parametrize("name", SCHEMAS["api.v2010.account.message"]["properties"])
def test_a_missing_member_is_noticed(name):
    answer = dict(EXAMPLES["FetchMessage fetch"][-1])
    del answer[name]
    assert answer_errors("GET", ONE, 200, answer) == [f"$: '{name}' is a required property"]


@pytest.mark.parametrize("status", [202, 302, 404])
def test_a_status_that_is_not_described_is_noticed(status):
    assert answer_errors("GET", ONE, status, EXAMPLES["FetchMessage fetch"][-1]) != []
