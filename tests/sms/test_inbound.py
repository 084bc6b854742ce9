"""STOP and START by text: each text once, nothing answered."""

import itertools
import threading
from unittest import mock

import pytest
from django.db import OperationalError, connection

from core.models import Counter
from localcloud.twilio.stub import ACCOUNT_SID
from sms.models import InboundMessage, OptOut
from sms.telephony import forms
from tests.sms.conftest import allow
from tests.sms.twilio.signed_calls import INBOUND, configure, post

pytestmark = pytest.mark.django_db
NUMBER, STRANGER = "+15005550098", "+15005550097"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
FIRST, SECOND, THIRD = (f"SM{digit * 32}" for digit in "123")
STOP = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]
START = ["START", "YES", "UNSTOP"]
_sids = (f"SM{number:032x}" for number in itertools.count(2**64))


@pytest.fixture(autouse=True)
def _configured(settings) -> None:
    configure(settings)


@pytest.fixture(autouse=True)
def stranger(db) -> OptOut:
    """Somebody else's opt-out, which nobody else's words change."""
    return OptOut.objects.create(number=STRANGER, source="inbound")


def fields(body: str, number: str = NUMBER, sid: str = FIRST, **more: str) -> dict[str, str]:
    return {"AccountSid": ACCOUNT_SID, "From": number, "Body": body, "MessageSid": sid, **more}


def say(body: str, number: str = NUMBER, sid: str = "", **more: str) -> None:
    """A text of its own, unless it has the id of another; nothing is ever answered."""
    response = post(INBOUND, fields(body, number, sid or next(_sids), **more))
    assert (response.status_code, response.content.decode()) == (200, EMPTY)
    assert response["Content-Type"] == "text/xml; charset=utf-8"


def opted_out() -> set[tuple[str, str]]:
    assert OptOut.objects.filter(number__in=forms(STRANGER)).exists()
    return set(OptOut.objects.exclude(number=STRANGER).values_list("number", "source"))


@pytest.mark.parametrize("words", [*STOP, "ST\u200bOP\u00a0ALL", "S\u0000TOP", "Stop.\r\nThanks"])
def test_stop_is_kept_once(words):
    for _ in range(2):
        say(words)
    assert opted_out() == {(NUMBER, "inbound")}


@pytest.mark.parametrize("word", [*START, "\uff33tart\u00a0"])
@pytest.mark.parametrize("source", ["inbound", "provider"])
def test_start_takes_it_back(word, source):
    OptOut.objects.create(number=NUMBER, source=source)
    for _ in range(2):
        say(word)
    assert opted_out() == set()


def test_start_leaves_what_staff_entered():
    OptOut.objects.create(number=NUMBER, source="admin")
    for word in ("START", "STOP", "START"):
        say(word)
    assert opted_out() == {(NUMBER, "admin")}


def test_a_start_that_is_told_again_undoes_no_later_stop():
    """Its signature is right for ever: it has no date."""
    say("START", sid=FIRST)
    say("STOP", sid=SECOND)
    for _ in range(2):
        say("START", sid=FIRST)
    assert opted_out() == {(NUMBER, "inbound")}
    say("START", sid=THIRD)
    say("STOP", sid=SECOND)
    assert opted_out() == set()
    assert set(map(str, InboundMessage.objects.all())) == {FIRST, SECOND, THIRD}


@pytest.mark.parametrize(
    "renamed",
    [
        {"MessageSid": f"{FIRST}NumMedia0"},  # the next field joined to it: the same signature
        {"MessageSid": f"{FIRST}NumMedia0", "SmsSid": ""},
        {"MessageSid": FIRST[:-1]},
        {"MessageSid": ""},
    ],
)
def test_a_text_without_an_id_of_its_own_does_nothing(renamed):
    OptOut.objects.create(number=NUMBER, source="inbound")
    for word in ("START", "STOP"):
        response = post(INBOUND, fields(word) | renamed)
        assert (response.status_code, response.content.decode()) == (200, EMPTY)
    assert opted_out() == {(NUMBER, "inbound")}
    assert not InboundMessage.objects.exists()


def test_the_old_name_of_the_id_is_understood():
    call = {"AccountSid": ACCOUNT_SID, "From": NUMBER, "Body": "STOP", "SmsSid": FIRST}
    assert post(INBOUND, call).status_code == 200
    assert opted_out() == {(NUMBER, "inbound")}


def test_a_text_whose_effect_failed_may_be_told_again():
    with mock.patch.object(OptOut.objects, "remember", side_effect=OperationalError("gone")):
        assert post(INBOUND, fields("STOP")).status_code == 503
    assert not InboundMessage.objects.exists()
    say("STOP", sid=FIRST)
    assert opted_out() == {(NUMBER, "inbound")}


@pytest.mark.parametrize(
    ("told", "body", "expected"),
    [
        ("STOP", "ARRET", {(NUMBER, "inbound")}),
        ("stop", "YES", {(NUMBER, "inbound")}),
        ("HELP", "STOP", set()),
        ("START", "STOP", set()),
        ("OTHER", "STOP", {(NUMBER, "inbound")}),
        ("", "STOP", {(NUMBER, "inbound")}),
    ],
)
def test_what_twilio_took_it_for_comes_first(told, body, expected):
    """Advanced Opt-Out has keywords that the operator chooses."""
    say(body, OptOutType=told)
    assert opted_out() == expected


def test_start_by_another_word_is_start():
    OptOut.objects.create(number=NUMBER, source="inbound")
    say("REPRENDRE", OptOutType="START")
    assert opted_out() == set()


@pytest.mark.parametrize("word", ["HELP", "INFO", "help"])
def test_help_is_left_to_twilio(word):
    """A reply would be a text outside the outbox and its limits."""
    for _ in range(2):
        say(word)
        say("?", OptOutType="HELP")
    assert opted_out() == set()
    assert not Counter.objects.filter(scope__startswith="sms:").exists()
    assert not InboundMessage.objects.exists()


def test_stop_holds_where_sending_is_switched_off(settings):
    settings.SMS_ENABLED = False
    say("STOP")
    assert opted_out() == {(NUMBER, "inbound")}


@pytest.mark.parametrize("body", ["", "STOP it", "cancel 3", "yes 2", "yes please", "12"])
def test_anything_else_is_kept_nowhere(body):
    say(body)
    assert opted_out() == set()
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize(
    "number", ["", "whatsapp:+15005550098", "12345", "Nudge", "+0123", "a" * 300]
)
def test_who_has_no_number_is_nobody(number):
    for word in ("STOP", "HELP", "START"):
        say(word, number)
    assert opted_out() == set()
    assert not InboundMessage.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("+5215512345678", "+525512345678"),  # Mexico's mobiles had a 1 until 2019
        ("+4407400123456", "+447400123456"),
        ("+999123456789", "+999123456789"),  # no number that we know
    ],
)
def test_an_opt_out_is_kept_in_the_form_of_recipients(given, kept):
    say("STOP", given)
    assert opted_out() == {(kept, "inbound")}
    assert OptOut.objects.filter(number__in=forms(given)).exists()
    say("START", kept)
    assert opted_out() == set()


def test_who_writes_in_another_form_gets_no_texts(provider, api, alice, settings):
    settings.SMS_ALLOWED_REGIONS = ["MX"]
    say("STOP", "+5215512345678")
    phone = api(allow(alice))
    refused = phone.post("/api/v1/sms/messages/", {"to": "+52 55 1234 5678", "body": "a"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "opted_out")
    settings.SMS_TO_NUMBER = "+5215512345678"
    assert phone.post("/service/sms/send", {"msg": "a"}).status_code == 400
    assert provider.sent == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_tell_the_same_text_at_once_one_is_heard():
    OptOut.objects.create(number=NUMBER, source="inbound")
    together, answers = threading.Barrier(8), []

    def tell() -> None:
        connection.ensure_connection()
        together.wait()
        try:
            answers.append(post(INBOUND, fields("START")).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert InboundMessage.objects.count() == 1
    assert opted_out() == set()
