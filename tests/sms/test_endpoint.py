"""POST /service/sms/send: the seed's contract, and the seed's shape for everything else."""

import logging
import re

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client

from core.models import Counter, IdempotencyKey
from localcloud.twilio.stub import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    answers,
    basic,
    closes,
    complains,
)
from sms.models import Message, OptOut
from sms.results import Accepted, AcceptedWithoutId, NotSent, Refused, Throttled, Unknown
from tests.sms.conftest import FROM, SID, TO, URL, allow, assert_failure, failure

pytestmark = pytest.mark.django_db


# --- Development ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("development")
def test_the_literal_call_of_the_seed_is_answered_201(client, capsys):
    response = client.post(URL, '{"msg": "hey mate!!!"}', content_type="application/json")
    sid = response.json()["data"]
    assert response.status_code == 201
    assert response.json() == {
        "status": "success",
        "data": sid,
        "message": "SMS successfully sent",
    }
    assert re.fullmatch("SM[0-9a-f]{32}", sid)
    assert "hey mate!!!" in capsys.readouterr().out
    message = Message.objects.get()
    assert (message.sender, message.state, message.provider_sid) == (None, "accepted", sid)


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer " + "a" * 32},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"Authorization": "\x01"},
        {"X-Session-Token": "nonsense"},
        {"Cookie": "sessionid=" + "a" * 32},
        {"Accept": "text/html"},
        {"Accept": "application/xml"},
        {"Origin": "https://elsewhere.example"},
    ],
    ids=str,
)
def test_in_development_no_header_matters(headers):
    response = Client(enforce_csrf_checks=True).post(
        URL, {"msg": "hey"}, content_type="application/json", headers=headers
    )
    assert response.status_code == 201
    assert response["Content-Type"] == "application/json"


@pytest.mark.usefixtures("development")
def test_in_development_a_person_is_remembered_and_counted(api, web, alice):
    assert api(alice).post(URL, {"msg": "hey"}).status_code == 201
    without_csrf = Client(enforce_csrf_checks=True)
    without_csrf.force_login(alice)
    assert without_csrf.post(URL, {"msg": "a"}, "application/json").status_code == 201
    senders = Message.objects.values_list("sender", flat=True)
    assert set(senders) == {alice.pk, None}
    assert dict(Counter.objects.filter(scope__startswith="sms:").values_list("scope", "used")) == {
        f"sms:account:{alice.pk}:day": 1,
        "sms:all:day": 2,
        "sms:segments:month": 2,
    }


# --- Every outcome --------------------------------------------------------------------------------

NOT_SENT = "The provider cannot be reached. The message was not sent; please try again in a moment."
THROTTLED = "The provider is busy. The message was not sent; please try again in a moment."
OUTCOMES = {
    "accepted": (
        Accepted(SID),
        *(201, {"status": "success", "data": SID, "message": "SMS successfully sent"}, None),
    ),
    "no sid": (AcceptedWithoutId(), 200, failure("Please try again!!!"), None),
    "refused": (Refused("Not valid.", "21211", 400), 400, failure("Not valid."), None),
    "credentials": (Refused("Authenticate", "20003", 401), 400, failure("Authenticate"), None),
    "not sent": (NotSent("No connection."), 503, failure(NOT_SENT), "5"),
    "throttled": (Throttled("Too many", "20429", 7), 503, failure(THROTTLED), "7"),
}


@pytest.mark.parametrize(
    ("outcome", "status", "body", "retry_after"), OUTCOMES.values(), ids=OUTCOMES
)
def test_every_outcome_has_its_answer(phone, provider, outcome, status, body, retry_after):
    provider.outcome = outcome
    response = phone.post(URL, {"msg": "hey mate!!!"})
    assert (response.status_code, response.json()) == (status, body)
    assert response.get("Retry-After") == retry_after
    assert response["Cache-Control"] == "no-store"
    assert [message["body"] for message in provider.sent] == ["hey mate!!!"]


@pytest.mark.parametrize("outcome", [Unknown("HTTP 500."), ZeroDivisionError()], ids=str)
def test_a_lost_answer_is_pending_with_our_id(phone, provider, outcome):
    provider.outcome = outcome
    response = phone.post(URL, {"msg": "hey"})
    message = Message.objects.get()
    assert response.status_code == 202
    assert response.json() == {
        "status": "pending",
        "data": str(message.pk),
        "message": "The provider did not confirm the message."
        " It may have been sent; do not send it again.",
    }
    assert (message.state, len(provider.sent)) == ("unknown", 1)


# --- Limits, the switch, the database -------------------------------------------------------------


def test_over_the_own_limit_is_429(phone, provider, alice):
    allow(alice, per_day=1)
    phone.post(URL, {"msg": "a"})
    response = phone.post(URL, {"msg": "b"})
    assert_failure(response, 429, "Your daily limit of text messages is used up.")
    assert 0 < int(response["Retry-After"]) <= 24 * 3600 + 1
    assert (len(provider.sent), Message.objects.count()) == (1, 1)


@pytest.mark.usefixtures("development")
def test_over_the_common_limit_is_429_for_strangers_too(client, settings):
    settings.SMS_DAILY_LIMIT = 1
    arguments = (URL, {"msg": "a"}, "application/json")
    assert client.post(*arguments).status_code == 201
    response = client.post(*arguments)
    assert_failure(response, 429, "The daily limit of this service is used up.")
    assert "Retry-After" in response


def test_a_wrong_body_does_not_count(phone, alice):
    allow(alice, per_day=1)
    assert phone.post(URL, {"msg": ""}).status_code == 400
    assert phone.post(URL, {"msg": "a"}).status_code == 201


def test_switched_off_is_503(phone, provider, settings):
    settings.SMS_ENABLED = False
    response = phone.post(URL, {"msg": "hey"})
    assert_failure(response, 503, "Sending text messages is switched off.")
    assert response["Retry-After"] == "300"
    assert (provider.sent, Message.objects.count()) == ([], 0)


def test_a_number_that_opted_out_is_400(phone, provider):
    OptOut.objects.create(number=TO, source="inbound")
    words = "This number has opted out of text messages. It can opt in again by texting START."
    assert_failure(phone.post(URL, {"msg": "hey"}), 400, words)
    assert (provider.sent, Message.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("number", "regions", "words"),
    [
        ("+19005551234", [], "Messages to this type of number are not allowed."),
        ("+18005551212", [], "Messages to this type of number are not allowed."),
        (TO, ["DE"], "Messages to this country are not allowed."),
        (
            "+447700900123",
            ["GB"],
            "Write a phone number in international form, such as +15005550006.",
        ),
    ],
)
def test_the_number_of_the_service_keeps_to_the_rules_of_all(
    phone, provider, settings, number, regions, words
):
    settings.SMS_TO_NUMBER, settings.SMS_ALLOWED_REGIONS = number, regions
    assert_failure(phone.post(URL, {"msg": "hey"}), 400, f"TO_NUMBER: {words}")
    assert (
        provider.sent,
        Message.objects.count(),
        Counter.objects.filter(scope__startswith="sms:").count(),
    ) == ([], 0, 0)


@pytest.mark.usefixtures("development")
def test_where_texts_cost_nothing_any_number_of_the_service_will_do(client, settings):
    settings.SMS_TO_NUMBER = "+19005551234"
    assert client.post(URL, {"msg": "hey"}, "application/json").status_code == 201


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Accepted(SID), 201), (Refused("Not valid.", "21211", 400), 400), (Unknown("a"), 202)],
    ids=str,
)
def test_after_a_crash_a_repeat_is_answered_from_the_row(phone, provider, outcome, status):
    """The process died before its answer was stored; the key's lease has ended since."""
    provider.outcome = outcome
    headers = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first = phone.post(URL, {"msg": "hey"}, headers=headers)
    IdempotencyKey.objects.all().delete()
    second = phone.post(URL, {"msg": "hey"}, headers=headers)
    assert [first.status_code, second.status_code] == [status, status]
    assert (second.json(), "Idempotency-Replayed" in second) == (first.json(), False)
    assert (len(provider.sent), Message.objects.count()) == (1, 1)


@pytest.mark.parametrize("statement", ["SELECT", "INSERT"])
def test_an_absent_database_is_503_and_nothing_is_sent(phone, provider, monkeypatch, statement):
    execute = CursorWrapper.execute

    def fail(self, sql, params=None):
        if sql.startswith(statement):
            raise OperationalError("could not connect")
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", fail)
    phone.raise_request_exception = False
    response = phone.post(URL, {"msg": "hey"})
    assert_failure(
        response,
        503,
        "The database cannot be reached. Nothing was changed; please try again in a moment.",
    )
    assert response["Retry-After"] == "5"
    assert provider.sent == []


def test_a_fault_of_ours_before_the_call_is_500_in_the_same_shape(phone, monkeypatch):
    monkeypatch.setattr("sms.service.send", lambda **_message: 1 / 0)
    phone.raise_request_exception = False
    response = phone.post(URL, {"msg": "hey"})
    assert_failure(response, 500)
    assert "ZeroDivision" not in response.content.decode()


# --- All the way to Twilio ------------------------------------------------------------------------


@pytest.fixture
def real_phone(twilio, api, alice):
    return api(allow(alice))


@pytest.mark.enable_socket
def test_a_text_reaches_twilio(real_phone, twilio):
    response = real_phone.post(URL, {"msg": "hey mate!!!"})
    [message] = twilio.messages
    assert (message["to"], message["from"], message["body"]) == (TO, FROM, "hey mate!!!")
    assert response.status_code == 201
    assert response.json()["data"] == message["sid"] == Message.objects.get().provider_sid


@pytest.mark.enable_socket
def test_twilios_own_words_are_told_and_its_code_is_kept(real_phone, twilio, settings):
    settings.SMS_TO_NUMBER = "+15005550001"
    words = "The 'To' number +15005550001 is not a valid phone number."
    assert_failure(real_phone.post(URL, {"msg": "hey"}), 400, words)
    row = Message.objects.get()
    assert (row.state, row.error_code) == ("failed", "21211")
    assert row.error_message == "The 'To' number +…01 is not a valid phone number."


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "fault",
    [
        answers(201, {"sid": SID}),
        answers(201, b"<html>"),
        complains(401, 20003, f"Authenticate {AUTH_TOKEN}"),
        complains(400, 21211, f"{TO} {AUTH_TOKEN}"),
        complains(429, 20429, "Too Many Requests"),
        complains(500, 20500, AUTH_TOKEN),
        closes,
    ],
)
def test_no_credential_number_or_text_is_logged(real_phone, twilio, caplog, fault):
    caplog.set_level(logging.DEBUG)
    twilio.faults.append(fault)
    response = real_phone.post(URL, {"msg": "a very private text"})
    told = f"{response.content.decode()} {Message.objects.values('error_message').get()}"
    encoded = basic(ACCOUNT_SID, AUTH_TOKEN).removeprefix("Basic ")
    for secret in (AUTH_TOKEN, encoded, "very private"):
        assert secret not in caplog.text
        assert secret not in told
    assert TO not in caplog.text
