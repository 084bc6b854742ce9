"""The OpenAPI document says what the routes of texts answer: status, body and headers."""

import uuid

import pytest
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from sms.models import Message
from sms.results import Accepted, AcceptedWithoutId, NotSent, Refused, Throttled, Unknown
from tests.documented import contract, document
from tests.sms.conftest import SID, TO, URL, allow

pytestmark = pytest.mark.django_db(transaction=True)
MESSAGES = "/api/v1/sms/messages/"
KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
TOLD = ("Location", "Retry-After", "WWW-Authenticate", "Idempotency-Replayed")


def assert_documented(response, path: str, status: int, method: str = "post") -> None:
    """Of this status, with this body, and with no header that is not written there."""
    assert response.status_code == status, response.content
    described = document()["paths"][path][method]["responses"][str(status)]
    described = contract().answer(described)
    schema = {
        **described["content"]["application/json"]["schema"],
        "components": document()["components"],
    }
    assert [
        error.message for error in Draft202012Validator(schema).iter_errors(response.json())
    ] == []
    assert {name for name in TOLD if name in response} <= set(described.get("headers", {}))


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Accepted(SID), 201),
        (AcceptedWithoutId(), 200),
        (Unknown("HTTP 500."), 202),
        (Refused("Not valid.", "21211", 400), 400),
        (NotSent("No connection."), 503),
        (Throttled("Too many", "20429", 7), 503),
    ],
    ids=str,
)
def test_what_becomes_of_a_text_is_documented_and_so_is_its_replay(
    phone, provider, outcome, status
):
    provider.outcome = outcome
    for _ in range(2):
        assert_documented(phone.post(URL, {"msg": "hey"}, headers=KEY), URL, status)


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        ("{", "application/json", {}, 400),
        ("{}", "application/json", {}, 400),
        ('{"msg": "\\u200b"}', "application/json", {}, 400),
        ('{"msg": "a"}', "application/json", {"Idempotency-Key": "a b"}, 400),
        ('{"msg": "' + "a" * 70_000 + '"}', "application/json", {}, 413),
        ("msg=a", "text/plain", {}, 415),
        ('{"msg": "b"}', "application/json", KEY, 422),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_wrong_with_a_request_is_documented(
    phone, provider, body, content_type, headers, status
):
    phone.post(URL, {"msg": "a"}, headers=KEY)
    response = phone.post(URL, body, content_type=content_type, headers=headers)
    assert_documented(response, URL, status)


def test_who_may_not_send_is_documented(provider, api, alice):
    assert_documented(APIClient().post(URL, {"msg": "a"}, "json"), URL, 401)
    assert_documented(api(alice).post(URL, {"msg": "a"}), URL, 403)
    allow(alice, per_day=1)
    assert_documented(api(alice).post(URL, {"msg": "a"}), URL, 201)
    assert_documented(api(alice).post(URL, {"msg": "a"}), URL, 429)
    new = {"to": TO, "body": "a"}
    assert_documented(APIClient().post(MESSAGES, new, "json"), MESSAGES, 401)
    assert_documented(api(alice).post(MESSAGES, new), MESSAGES, 429)
    allow(alice, per_day=0)
    assert_documented(api(alice).post(MESSAGES, new), MESSAGES, 403)


def test_a_request_that_meets_another_of_its_key_is_documented(phone, provider):
    inner = []
    provider.outcome = lambda: (
        inner.append(phone.post(URL, {"msg": "a"}, headers=KEY)) or Accepted(SID)
    )
    phone.post(URL, {"msg": "a"}, headers=KEY)
    assert_documented(inner[0], URL, 409)


@pytest.mark.parametrize("path", [URL, MESSAGES])
def test_the_switch_is_documented(phone, settings, path):
    settings.SMS_ENABLED = False
    body = {"msg": "a"} if path == URL else {"to": TO, "body": "a"}
    assert_documented(phone.post(path, body), path, 503)


def test_a_text_that_is_taken_is_documented_with_its_location(phone, provider):
    for _ in range(2):
        response = phone.post(MESSAGES, {"to": TO, "body": "a"}, headers=KEY)
        assert "Location" in response
        assert_documented(response, MESSAGES, 202)
    assert_documented(phone.post(MESSAGES, {"to": TO, "body": "b"}, headers=KEY), MESSAGES, 422)
    assert_documented(phone.post(MESSAGES, {"to": "1", "body": "a"}), MESSAGES, 400)
    assert_documented(phone.get(MESSAGES), MESSAGES, 200, "get")
    assert_documented(phone.get(f"{MESSAGES}?status=gone"), MESSAGES, 400, "get")


def test_one_text_is_documented(phone, provider):
    one = f"{MESSAGES}{{id}}/"
    location = phone.post(MESSAGES, {"to": TO, "body": "a"})["Location"]
    assert_documented(phone.get(location), one, 200, "get")
    assert_documented(phone.get(f"{MESSAGES}{uuid.UUID(int=0)}/"), one, 404, "get")
    assert_documented(phone.post(f"{location}cancel/"), f"{one}cancel/", 409)
    Message.objects.update(state="queued", provider_sid="")
    assert_documented(phone.post(f"{location}cancel/"), f"{one}cancel/", 200)


def test_the_preview_is_documented(phone, provider):
    preview = f"{MESSAGES}segments/"
    for body in ("hey", "“hey” \N{GRINNING FACE}"):
        assert_documented(phone.post(preview, {"body": body}), preview, 200)
    assert_documented(phone.post(preview, {"body": "hey", "to": TO}), preview, 200)
    assert_documented(phone.post(preview, {}), preview, 400)
