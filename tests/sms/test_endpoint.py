"""POST /service/sms/send: the seed's contract, and the seed's shape for everything else."""

import json
import logging
import re

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from core.models import Counter
from sms.models import Message
from sms.outcomes import Accepted, NotSent, Refused, Throttled, Unknown, WithoutSid
from tests.conftest import make_user
from tests.sms.conftest import FROM, SID, TO
from tests.sms.twilio_stub import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    answers,
    basic,
    closes,
    complains,
)

pytestmark = pytest.mark.django_db
URL = "/service/sms/send"
MAY_NOT = "Your account may not send text messages. Ask the operator to allow it."


def allow(person: User) -> User:
    """What the operator does in the admin."""
    person.user_permissions.add(Permission.objects.get(codename="send_message"))
    return User.objects.get(pk=person.pk)


@pytest.fixture
def phone(provider, api, alice) -> APIClient:
    """Alice, who may send, where texts cost money."""
    return api(allow(alice))


def failure(message: str) -> dict[str, str]:
    return {"status": "failure", "message": message}


def assert_failure(response, status: int, message: str | None = None) -> None:
    body = response.json()
    assert response.status_code == status, body
    assert response["Content-Type"] == "application/json"
    assert body == failure(message or body["message"])
    assert body["message"]


# --- The embedded default -----------------------------------------------------------------------


@pytest.mark.usefixtures("embedded")
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


@pytest.mark.usefixtures("embedded")
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
def test_on_the_embedded_default_no_header_matters(headers):
    response = Client(enforce_csrf_checks=True).post(
        URL, {"msg": "hey"}, content_type="application/json", headers=headers
    )
    assert response.status_code == 201
    assert response["Content-Type"] == "application/json"


@pytest.mark.usefixtures("embedded")
def test_on_the_embedded_default_a_person_is_remembered_and_counted(api, web, alice):
    assert api(alice).post(URL, {"msg": "hey"}).status_code == 201
    without_csrf = Client(enforce_csrf_checks=True)
    without_csrf.force_login(alice)
    assert without_csrf.post(URL, {"msg": "a"}, "application/json").status_code == 201
    senders = Message.objects.order_by("created_at").values_list("sender", flat=True)
    assert list(senders) == [alice.pk, None]
    assert dict(Counter.objects.values_list("scope", "used")) == {
        f"sms:account:{alice.pk}:day": 1,
        "sms:all:day": 2,
    }


# --- Every outcome ------------------------------------------------------------------------------

NOT_SENT = "The provider cannot be reached. Nothing was sent; please try again in a moment."
THROTTLED = "The provider has too much to do. Nothing was sent; please try again in a moment."
OUTCOMES = {
    "accepted": (
        Accepted(SID),
        *(201, {"status": "success", "data": SID, "message": "SMS successfully sent"}, None),
    ),
    "no sid": (WithoutSid(), 200, failure("Please try again!!!"), None),
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
        "message": "The provider did not say what became of the text."
        " It may have been sent; do not send it again.",
    }
    assert (message.state, len(provider.sent)) == ("unknown", 1)


# --- What is wrong with the request -------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "msg: This field is required."),
        ("{}", "msg: This field is required."),
        ('{"msg": null}', "msg: This field may not be null."),
        ('{"msg": ""}', "msg: This field may not be blank."),
        ('{"msg": " \\n\\t "}', "msg: This field may not be blank."),
        ('{"msg": 123}', "msg: Not a valid string."),
        ('{"msg": true}', "msg: Not a valid string."),
        ('{"msg": ["a"]}', "msg: Not a valid string."),
        ('{"msg": {"a": 1}}', "msg: Not a valid string."),
        ('{"msg": "a\\u0000b"}', "msg: Null characters are not allowed."),
        (
            json.dumps({"msg": "a" * 1601}),
            "msg: Ensure this field has no more than 1600 characters.",
        ),
        ('{"msg": "a", "to": "+1"}', "to: There is no such field."),
        (
            '{"to": "+1", "from": "+1"}',
            "from: There is no such field. to: There is no such field.",
        ),
        ("[]", "Invalid data. Expected a dictionary, but got list."),
        ('"hey"', "Invalid data. Expected a dictionary, but got str."),
        ("5", "Invalid data. Expected a dictionary, but got int."),
        ("msg=hey", None),
        ('{"msg": "a"', None),
        ("{'msg': 'a'}", None),
        ('{"msg": NaN}', None),
        ("[" * 6000 + "]" * 6000, None),
        ('{"msg": ' + "[" * 6000 + "]" * 6000 + "}", None),
        (b"\xff\xfe", None),
        (b'{"msg": "\xff"}', None),
        ('{"msg": "\\ud800"}', None),
        ('{"msg": ' + "9" * 5000 + "}", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_wrong_body_is_400_and_says_what_is_wrong(phone, provider, body, message):
    response = phone.post(URL, body, content_type="application/json")
    assert_failure(response, 400, message)
    assert (provider.sent, Message.objects.count(), Counter.objects.count()) == ([], 0, 0)


@pytest.mark.parametrize("text", ["a" * 1600, "é😀", "<b>&amp;</b>", "a\r\nb", "\u202e", "123"])
def test_every_text_arrives_as_it_was(phone, provider, text):
    assert phone.post(URL, {"msg": text}).status_code == 201
    assert provider.sent[0]["body"] == Message.objects.get().body == text


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; x=y"]
)
def test_another_content_type_is_415(phone, provider, content_type):
    assert_failure(phone.post(URL, b"msg=hey", content_type=content_type), 415)
    assert provider.sent == []


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_json_however_it_is_spelt(phone, content_type):
    assert phone.post(URL, b'{"msg": "a"}', content_type=content_type).status_code == 201


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete", "options"])
def test_another_verb_is_405(phone, provider, verb):
    response = getattr(phone, verb)(URL, {"msg": "hey"})
    assert_failure(response, 405)
    assert response["Allow"] == "POST"
    assert provider.sent == []


def test_a_body_over_the_limit_is_413(phone, provider):
    assert_failure(phone.post(URL, {"msg": "a" * 70_000}), 413)
    assert provider.sent == []


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense"])
@pytest.mark.parametrize("suffix", ["", "?format=xml"])
def test_whatever_is_accepted_the_answer_is_json(phone, accept, suffix):
    response = phone.post(URL + suffix, {}, headers={"Accept": accept})
    assert_failure(response, 400, "msg: This field is required.")


def test_a_slash_more_is_another_path(phone, provider):
    assert_failure(phone.post(URL + "/", {"msg": "hey"}), 404)
    assert provider.sent == []


# --- Who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debug", "name"), [(False, "console"), (True, "scripted"), (False, "scripted")]
)
@pytest.mark.parametrize("token", [None, "nonsense", "a" * 32])
def test_where_it_is_not_the_embedded_default_a_stranger_is_401(
    provider, settings, debug, name, token
):
    settings.DEBUG, settings.SMS_PROVIDER = debug, name
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = APIClient().post(URL, {"msg": "hey"}, headers=headers)
    assert_failure(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert (provider.sent, Message.objects.count()) == ([], 0)


def test_a_stranger_learns_nothing_about_the_body(provider):
    assert_failure(APIClient().post(URL, b"{", content_type="application/json"), 401)


def test_a_new_account_may_send_nothing(provider, api, web, alice, bob):
    allow(bob)
    assert_failure(api(alice).post(URL, {"msg": "hey"}), 403, MAY_NOT)
    assert_failure(web(alice).post(URL, {"msg": "hey"}, "application/json"), 403, MAY_NOT)
    assert provider.sent == []


def test_staff_without_the_permission_may_send_nothing(provider, api):
    helper = make_user("helper@example.com", is_staff=True)
    assert_failure(api(helper).post(URL, {"msg": "hey"}), 403, MAY_NOT)


def test_an_allowed_account_and_a_superuser_may(provider, api, alice, staff):
    assert api(allow(alice)).post(URL, {"msg": "a"}).status_code == 201
    provider.outcome = Accepted(SID[::-1])
    assert api(staff).post(URL, {"msg": "b"}).status_code == 201
    rows = Message.objects.order_by("body").values_list("body", "sender")
    assert list(rows) == [("a", alice.pk), ("b", staff.pk)]


def test_a_disabled_account_is_401(phone, alice, provider):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert_failure(phone.post(URL, {"msg": "hey"}), 401)
    assert provider.sent == []


def test_a_browser_needs_the_csrf_token(provider, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(allow(alice))
    response = browser.post(URL, {"msg": "hey"}, content_type="application/json")
    assert_failure(response, 403, "CSRF Failed: CSRF cookie not set.")
    browser.cookies["csrftoken"] = "a" * 32
    headers = {"X-CSRFToken": "a" * 32}
    response = browser.post(URL, {"msg": "a"}, content_type="application/json", headers=headers)
    assert response.status_code == 201


# --- Limits, the switch, the database -----------------------------------------------------------


def test_over_the_own_limit_is_429(phone, provider, settings):
    settings.SMS_ACCOUNT_DAILY_LIMIT = 1
    phone.post(URL, {"msg": "a"})
    response = phone.post(URL, {"msg": "b"})
    assert_failure(response, 429, "Your daily limit of text messages is used up.")
    assert 0 < int(response["Retry-After"]) <= 24 * 3600 + 1
    assert (len(provider.sent), Message.objects.count()) == (1, 1)


@pytest.mark.usefixtures("embedded")
def test_over_the_common_limit_is_429_for_strangers_too(client, settings):
    settings.SMS_DAILY_LIMIT = 1
    send = lambda: client.post(URL, {"msg": "a"}, content_type="application/json")  # noqa: E731
    assert send().status_code == 201
    response = send()
    assert_failure(response, 429, "The daily limit of this service is used up.")
    assert "Retry-After" in response


def test_a_wrong_body_does_not_count(phone, settings):
    settings.SMS_ACCOUNT_DAILY_LIMIT = 1
    assert phone.post(URL, {"msg": ""}).status_code == 400
    assert phone.post(URL, {"msg": "a"}).status_code == 201


def test_switched_off_is_503(phone, provider, settings):
    settings.SMS_ENABLED = False
    response = phone.post(URL, {"msg": "hey"})
    assert_failure(response, 503, "Sending text messages is switched off.")
    assert response["Retry-After"] == "300"
    assert (provider.sent, Message.objects.count()) == ([], 0)


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


# --- All the way to Twilio ----------------------------------------------------------------------


@pytest.fixture
def real_phone(twilio, api, alice) -> APIClient:
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
