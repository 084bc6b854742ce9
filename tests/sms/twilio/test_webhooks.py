"""The calls of Twilio: signed or nothing, in any order, as often as it likes."""

import uuid
from itertools import permutations
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse, set_script_prefix
from django.utils import timezone

from localcloud.twilio.callbacks import UNDELIVERABLE, progress, signed
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN, TwilioStub
from sms import delivery
from sms.models import Event, Message
from sms.states import FINAL, State
from tests.config.test_matrix import everything
from tests.sms.conftest import FROM, TO
from tests.sms.twilio.signed_calls import (
    BASE,
    INBOUND,
    OTHER_SID,
    SID,
    assert_nothing_changes,
    configure,
    make_text,
    path_of,
    post,
    report,
)
from tests.sms.twilio.test_signature import theirs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _configured(settings) -> None:
    configure(settings)


@pytest.fixture
def text() -> Message:
    return make_text(State.ACCEPTED, SID)


def history(message: Message) -> list[tuple[str, str, str]]:
    rows = Event.objects.filter(message=message).values_list("source", "status", "error_code")
    return sorted(rows)


def test_a_report_moves_the_text_and_is_kept(text):
    response = post(path_of(text), report("sent"))
    assert (response.status_code, response.content) == (204, b"")
    text.refresh_from_db()
    assert text.state == State.SENT
    assert history(text) == [("callback", "sent", "")]


def test_the_callback_url_that_providers_get_is_this_route(text):
    assert delivery.outgoing(text).callback_url == BASE + path_of(text)
    assert reverse("sms:status", args=[text.pk]) == path_of(text)


def test_a_signature_by_twilios_own_code_is_taken(text):
    fields = report("delivered")
    response = post(path_of(text), fields, theirs(AUTH_TOKEN, BASE + path_of(text), fields))
    assert response.status_code == 204
    text.refresh_from_db()
    assert text.state == State.DELIVERED


HAPPY = ["queued", "sending", "sent", "delivered"]


@pytest.mark.parametrize("order", list(permutations(HAPPY)))
def test_every_order_ends_delivered(text, order):
    for status in order:
        for _ in range(2):
            assert post(path_of(text), report(status)).status_code == 204
    text.refresh_from_db()
    assert (text.state, text.error_code) == (State.DELIVERED, "")
    assert history(text) == [("callback", status, "") for status in sorted(order)]


FAILING = [("queued", ""), ("sent", ""), ("undelivered", "30003"), ("sending", "")]


@pytest.mark.parametrize("order", list(permutations(FAILING)))
def test_every_order_ends_undelivered_with_the_error(text, order):
    for status, code in [*order, *reversed(order)]:
        assert post(path_of(text), report(status, code=code)).status_code == 204
    text.refresh_from_db()
    assert (text.state, text.error_code) == (State.UNDELIVERED, "30003")
    assert (
        text.error_message
        == "The provider reported error 30003. The phone is switched off or has no network."
    )
    assert history(text) == [("callback", status, code) for status, code in sorted(FAILING)]


@pytest.mark.enable_socket
@pytest.mark.parametrize("number", [TO, *UNDELIVERABLE])
def test_the_callbacks_of_the_stub_are_understood(number):
    message = make_text(to=number)
    with TwilioStub() as stub:
        resource = stub.store({"To": [number], "From": [FROM], "Body": ["a"]})
        calls = stub.callbacks_of(resource, BASE + path_of(message))
    for each in reversed(calls):
        assert post(path_of(message), each.fields, each.signature).status_code == 204
    message.refresh_from_db()
    status, code = progress(number)[-1]
    assert (message.state, message.error_code) == (status, str(code or ""))


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.QUEUED])
@pytest.mark.parametrize(
    ("status", "expected"),
    [("queued", State.ACCEPTED), ("sent", State.SENT), ("delivered", State.DELIVERED)],
)
def test_a_report_resolves_a_text_whose_answer_was_lost(state, status, expected):
    message = make_text(state, attempt_count=1)
    assert post(path_of(message), report(status)).status_code == 204
    message.refresh_from_db()
    assert (message.state, message.provider_sid) == (expected, SID)
    assert message.accepted_at is not None


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_a_text_from_before_attempts_were_counted_is_resolved_too(state):
    message = make_text(state, attempt_count=0)
    assert post(path_of(message), report("delivered")).status_code == 204
    message.refresh_from_db()
    assert (message.state, message.provider_sid) == (State.DELIVERED, SID)


@pytest.mark.parametrize("state", ["scheduled", "queued", "blocked", "canceled", "expired"])
@pytest.mark.parametrize("status", ["queued", "delivered", "failed"])
def test_a_report_about_a_text_that_never_left_is_nothing(state, status, caplog):
    """Not even an opt-out of its number."""
    at = timezone.now() if state in FINAL else None
    message = make_text(state, finished_at=at)
    assert_nothing_changes(path_of(message), report(status, code="21610"), 204)
    assert "was reported before it was sent" in caplog.text


def test_a_report_corrects_a_text_that_was_given_up():
    """That it was lost was a guess; what the provider reports is not."""
    message = make_text(State.UNKNOWN)
    message.mark_lost("Nobody knew it.")
    assert post(path_of(message), report("delivered")).status_code == 204
    message.refresh_from_db()
    assert (message.state, message.provider_sid) == (State.DELIVERED, SID)
    assert (message.error_code, message.error_message) == ("", "")
    assert history(message) == [("callback", "delivered", "")]


def test_an_unknown_text_is_nothing(text):
    assert_nothing_changes(f"/service/sms/status/{uuid.uuid4()}/", report("failed"), 204)


def test_a_text_of_another_provider_is_nothing():
    message = make_text(State.ACCEPTED, SID, provider="console")
    assert_nothing_changes(path_of(message), report("failed"), 204)


def test_the_id_of_another_message_is_nothing(text, caplog):
    assert_nothing_changes(path_of(text), report("failed", sid=OTHER_SID), 204)
    assert "was reported with a different id" in caplog.text


@pytest.mark.parametrize(
    "sid", [f"SM{'1' * 33}", f"SM{'g' * 32}", f"XX{'1' * 32}", f"sm{'1' * 32}"]
)
def test_an_id_that_twilio_cannot_have_made_is_not_adopted(sid):
    message = make_text(State.UNKNOWN)
    assert_nothing_changes(path_of(message), report("delivered", sid=sid), 204)


@pytest.mark.parametrize("code", ["9", "10", "30003", "123456789"])
def test_an_error_is_kept_with_all_its_digits(text, code):
    assert post(path_of(text), report("undelivered", code=code)).status_code == 204
    text.refresh_from_db()
    assert (text.error_code, history(text)) == (code, [("callback", "undelivered", code)])


def test_an_id_that_belongs_to_another_text_is_not_adopted(text):
    message = make_text(State.UNKNOWN)
    assert_nothing_changes(path_of(message), report("delivered"), 204)


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageSid": ""},
        {"MessageSid": "a" * 65},
        {"MessageSid": f"{SID}MessageStatusfailed"},
        {"MessageSid": f"{SID}1"},
        {"MessageSid": SID[:-1]},
        {"MessageSid": "a\x00b"},
        {"MessageStatus": ""},
        {"MessageStatus": "s" * 31},
        {"MessageStatus": "de livered"},
    ],
)
def test_a_report_without_id_or_status_is_nothing(text, fields):
    assert_nothing_changes(path_of(text), report("failed") | fields, 204)


def test_the_old_names_of_the_fields_are_understood(text):
    fields = {"AccountSid": ACCOUNT_SID, "SmsSid": SID, "SmsStatus": "delivered"}
    assert post(path_of(text), fields).status_code == 204
    text.refresh_from_db()
    assert text.state == State.DELIVERED


def test_an_unknown_status_is_kept_and_moves_nothing(text):
    assert post(path_of(text), report("Frobnicated", code="12x")).status_code == 204
    text.refresh_from_db()
    assert (text.state, history(text)) == (State.ACCEPTED, [("callback", "frobnicated", "")])


@pytest.mark.parametrize("verb", ["get", "head", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("path", [path_of(Message(pk=uuid.UUID(int=1))), INBOUND])
def test_only_post_is_answered(path, verb):
    response = getattr(Client(), verb)(path)
    assert (response.status_code, response.content) == (405, b"")
    assert response["Allow"] == "POST"


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"]
)
def test_only_forms_are_read(text, kind):
    signature = signed(BASE + path_of(text), {}, AUTH_TOKEN)
    headers = {"X-Twilio-Signature": signature}
    before = everything()
    response = Client().post(path_of(text), b"{}", content_type=kind, headers=headers)
    assert (response.status_code, response.content) == (415, b"")
    assert everything() == before


def test_a_signed_multipart_form_is_not_taken(text):
    fields = report("failed")
    headers = {"X-Twilio-Signature": signed(BASE + path_of(text), fields, AUTH_TOKEN)}
    before = everything()
    response = Client().post(path_of(text), fields, headers=headers)
    assert (response.status_code, response.content) == (415, b"")
    assert everything() == before


@pytest.mark.parametrize("signature", ["forged", None])
@pytest.mark.parametrize("door", ["status", "inbound"])
def test_a_form_of_too_many_fields_is_400_without_a_traceback(text, door, signature, caplog):
    path = path_of(text) if door == "status" else INBOUND
    fields = report("failed") | {f"a{number}": "" for number in range(1500)}
    before = everything()
    response = post(path, fields, signature)
    assert (response.status_code, response.json()) == (
        400,
        {"status": "failure", "message": "There are too many parameters."},
    )
    assert everything() == before
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert "Traceback" not in caplog.text


def test_a_body_that_is_too_large_is_refused(text):
    fields = report("failed", Body="a" * 70_000)
    response = post(path_of(text), fields)
    assert response.status_code == 413
    assert response.json()["status"] == "failure"


@pytest.mark.parametrize("path", ["status", "inbound"])
def test_a_database_that_is_away_is_503_and_the_next_call_is_healthy(text, path):
    """Twilio calls again, or the sweep asks."""
    stop = {"AccountSid": ACCOUNT_SID, "From": TO, "Body": "STOP", "MessageSid": SID}
    url, fields = {
        "status": (path_of(text), report("delivered")),
        "inbound": (INBOUND, stop),
    }[path]
    target = "sms.webhooks._apply" if path == "status" else "sms.keywords.OptOut.objects.remember"
    with mock.patch(target, side_effect=OperationalError("gone")):
        response = post(url, fields)
    assert response.status_code == 503
    assert response.json()["status"] == "failure"
    assert response["Retry-After"]
    assert post(url, fields).status_code in (200, 204)


def test_no_log_line_and_no_answer_has_a_number_a_text_or_a_credential(text, caplog):
    caplog.set_level("DEBUG")
    fields = report("failed", To=TO, From=FROM, Body="private words")
    answers = [
        post(path_of(text), fields),
        post(path_of(text), fields, "forged"),
        post(path_of(text), report("failed", sid=OTHER_SID, To=TO)),
        post(INBOUND, {"AccountSid": ACCOUNT_SID, "From": TO, "Body": "private words"}),
        post(INBOUND, {"AccountSid": ACCOUNT_SID, "From": TO, "Body": "STOP"}),
        post(INBOUND, {"AccountSid": ACCOUNT_SID, "From": TO, "Body": "STOP", "MessageSid": SID}),
    ]
    told = caplog.text + "".join(answer.content.decode() for answer in answers)
    for secret in (TO, FROM, "private", AUTH_TOKEN, ACCOUNT_SID):
        assert secret not in told


def test_the_stage_of_the_gateway_is_not_counted_twice(text):
    try:
        response = post(path_of(text), report("sent"), SCRIPT_NAME="/production")
    finally:
        set_script_prefix("/")
    assert response.status_code == 204
    text.refresh_from_db()
    assert text.state == State.SENT
