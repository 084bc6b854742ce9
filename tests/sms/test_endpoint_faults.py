"""POST /service/sms/send against a provider that fails in every way: Twilio's stub, over HTTP."""

import socket
from http import HTTPStatus
from typing import Any

import pytest
from django.test import override_settings

from localcloud.twilio.faults import (
    Fault,
    answers,
    closes,
    complains,
    cuts_body,
    drips_body,
    drips_headers,
    hangs,
    loses_answer,
)
from sms.models import Message, OptOut
from sms.providers import http
from tests.sms.conftest import SID, URL, allow, failure
from tests.sms.test_endpoint import NOT_SENT, THROTTLED

pytestmark = [pytest.mark.enable_socket, pytest.mark.django_db]
PENDING = "The provider did not confirm the message. It may have been sent; do not send it again."
WITHOUT_SID = failure("Please try again!!!")
# What the provider says becomes the answer: (status, code) of it, and where the text ends.
REFUSALS = {
    "not a number": (400, 21211, "failed"),
    "not reachable": (400, 21612, "failed"),
    "not a mobile number": (400, 21614, "failed"),
    "region not enabled": (403, 21408, "blocked"),
    "too long": (400, 21617, "failed"),
    "sender is no number": (400, 21212, "failed"),
    "sender is not ours": (400, 21606, "failed"),
    "credentials": (401, 20003, "failed"),
    "suspended": (403, 20003, "failed"),
    "a code that nobody knows": (400, 99999, "failed"),
    "not found": (404, 20404, "failed"),
}
LOST: dict[str, Fault] = {
    "hangs": hangs,
    "closes": closes,
    "loses the answer": loses_answer,
    "cuts the body": cuts_body,
    "drips the body": drips_body,
    "drips the headers": drips_headers,
    "junk": answers(201, b"<html>"),
    "redirects": answers(302, b"", Location="/elsewhere"),
    "500": complains(500, 20500, "Internal Server Error"),
    "503 in HTML": answers(503, b"<html>"),
}


@pytest.fixture
def phone(twilio, api, alice):
    return api(allow(alice))


def told(phone) -> tuple[int, Any, str | None]:
    """Status, body and Retry-After of a text."""
    response = phone.post(URL, {"msg": "hey mate!!!"})
    assert response["Content-Type"] == "application/json"
    return response.status_code, response.json(), response.get("Retry-After")


def assert_healthy(phone, twilio) -> None:
    """The next call is as if nothing had happened."""
    status, body, _retry_after = told(phone)
    sid = twilio.messages[-1]["sid"]
    assert (status, body) == (
        *(201, {"status": "success", "data": sid, "message": "SMS successfully sent"}),
    )


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_lost_answer_is_202_with_our_id(phone, twilio, fault, monkeypatch):
    twilio.faults.append(fault)
    with monkeypatch.context() as patch:
        if fault in (hangs, drips_body, drips_headers):  # the real bounds are eight and nine
            patch.setattr(http, "READ_SECONDS", 0.2)
            patch.setattr(http, "CALL_SECONDS", 0.2)
        answer = told(phone)
    row = Message.objects.get()
    assert answer == (202, {"status": "pending", "data": str(row.pk), "message": PENDING}, None)
    assert (row.state, len(twilio.requests(1))) == ("unknown", 1)
    assert_healthy(phone, twilio)


@pytest.mark.parametrize(
    "body", [{"status": "queued"}, {"sid": None}, {"sid": ""}, [SID], b""], ids=str
)
def test_an_answer_without_sid_is_200_with_a_failure(phone, twilio, body):
    twilio.faults.append(answers(201, body))
    assert told(phone) == (200, WITHOUT_SID, None)
    assert Message.objects.get().state == "unknown"
    assert_healthy(phone, twilio)


@pytest.mark.parametrize(("status", "code", "state"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_400_in_the_providers_words(phone, twilio, status, code, state):
    twilio.faults.append(complains(status, code, f"No, says {code}."))
    assert told(phone) == (400, failure(f"No, says {code}."), None)
    row = Message.objects.get()
    assert (row.state, row.error_code) == (state, str(code))
    assert_healthy(phone, twilio)


@pytest.mark.parametrize("body", [b"<html>", b"", {}, [], {"message": ""}], ids=str)
def test_a_refusal_without_words_is_400_with_ours(phone, twilio, body):
    twilio.faults.append(answers(400, body))
    assert told(phone) == (400, failure("The provider answered HTTP 400."), None)
    assert_healthy(phone, twilio)


def test_who_has_opted_out_at_the_provider_is_not_asked_for_again(phone, twilio):
    words = "Attempt to send to unsubscribed recipient"
    twilio.faults.append(complains(400, 21610, words))
    assert told(phone) == (400, failure(words), None)
    assert (Message.objects.get().state, OptOut.objects.count()) == ("blocked", 1)
    ours = "This number has opted out of text messages. It can opt in again by texting START."
    assert told(phone) == (400, failure(ours), None)
    assert len(twilio.received) == 1
    OptOut.objects.all().delete()
    assert_healthy(phone, twilio)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (complains(429, 20429, "Too Many Requests", Retry_After="7"), "7"),
        (complains(429, 20429, "Too Many Requests"), "30"),
        (complains(429, 21611, "The queue is full"), "30"),
        (complains(400, 21611, "The queue is full"), "30"),
        (answers(429, b"<html>"), "30"),
    ],
    ids=["with Retry-After", "without", "queue", "queue as 400", "HTML"],
)
def test_a_provider_with_too_much_to_do_is_503(phone, twilio, fault, seconds):
    twilio.faults.append(fault)
    assert told(phone) == (HTTPStatus.SERVICE_UNAVAILABLE, failure(THROTTLED), seconds)
    assert Message.objects.get().state == "failed"
    assert_healthy(phone, twilio)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_fails_is_503(phone, twilio, scheme):
    """Nobody listens, or nobody who speaks TLS: either way nothing was sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}" if scheme == "http" else twilio.url.replace("http", "https")
    with override_settings(TWILIO_API_BASE_URL=url):
        assert told(phone) == (503, failure(NOT_SENT), "5")
    assert (Message.objects.get().state, twilio.received) == ("failed", [])
    assert_healthy(phone, twilio)
