"""What providers say afterwards: each kept once, every state only forward."""

import pytest

from sms import status_updates
from sms.models import Event, Message, OptOut
from sms.providers.twilio.callbacks import status_update
from sms.results import RefusalReason, Refused
from sms.states import State
from tests.sms.conftest import TO
from tests.sms.twilio.signed_calls import SID, make_text

pytestmark = pytest.mark.django_db


def tell(message: Message, status: str, code: str = "", source: str = "poll") -> str:
    status_updates.apply(message, status_update(SID, status, code), source=source)
    return Message.objects.get(pk=message.pk).state


WORDS = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "partially_delivered": "undelivered",
    "failed": "failed",
    "canceled": "canceled",
    "receiving": "accepted",  # of texts to us: says nothing about ours
    "received": "accepted",
}


@pytest.mark.parametrize(("word", "state"), WORDS.items())
def test_every_word_of_twilio_has_its_state(word, state):
    assert tell(make_text(State.ACCEPTED, SID), word) == state


def test_every_word_that_twilios_own_package_knows_is_in_the_table():
    from twilio.rest.api.v2010.account.message import MessageInstance

    words = {value for name, value in vars(MessageInstance.Status).items() if name.isupper()}
    assert words == set(WORDS)


@pytest.mark.parametrize("final", ["delivered", "undelivered", "failed", "canceled"])
def test_what_is_final_stays(final):
    message = make_text(State.ACCEPTED, SID)
    assert tell(message, final) == final
    for word in WORDS:
        assert tell(message, word, "30008") == final


def test_an_error_is_learnt_late_and_never_forgotten():
    message = make_text(State.ACCEPTED, SID)
    tell(message, "undelivered")
    assert message.error_message == "The provider gave no reason."
    tell(message, "undelivered", "30003")
    tell(message, "undelivered", "30008")
    tell(message, "undelivered")
    message.refresh_from_db()
    assert (message.error_code, message.error_message) == (
        "30003",
        "The provider reported error 30003. The phone is switched off or has no network.",
    )


def test_a_report_is_kept_once_from_every_source():
    message = make_text(State.ACCEPTED, SID)
    for source in ("poll", "callback", "poll"):
        tell(message, "SENT", source=source)
    rows = Event.objects.filter(message=message).values_list("source", "status")
    assert sorted(rows) == [("callback", "sent"), ("poll", "sent")]


def test_a_text_without_an_id_is_not_accepted_by_a_report():
    message = make_text(State.UNKNOWN)
    assert tell(message, "queued") == State.UNKNOWN
    assert tell(message, "delivered") == State.DELIVERED


@pytest.mark.parametrize(
    ("word", "code", "state"),
    [("sent", "", "sent"), ("delivered", "", "delivered"), ("undelivered", "30003", "undelivered")],
)
def test_a_report_corrects_what_was_given_up(word, code, state):
    message = make_text(State.UNKNOWN)
    assert message.mark_lost("a")
    assert status_updates.link_provider_id(message, SID)
    assert tell(message, word, code) == state
    message.refresh_from_db()
    assert (message.error_code, message.provider_sid) == (code, SID)


def test_words_of_any_length_are_kept():
    message = make_text(State.ACCEPTED, SID)
    assert tell(message, "x" * 50, "9" * 50) == State.ACCEPTED
    [event] = Event.objects.filter(message=message)
    assert (event.status, event.error_code) == ("x" * 30, "9" * 20)


@pytest.mark.parametrize("word", ["failed", "undelivered"])
def test_an_opt_out_that_is_reported_blocks_the_number(word):
    other = OptOut.objects.create(number="+15005550098", source="admin")
    message = make_text(State.ACCEPTED, SID)
    state = tell(message, word, "21610")
    assert state == (State.BLOCKED if word == "failed" else State.UNDELIVERED)
    assert message.error_code == "21610"
    numbers = set(OptOut.objects.values_list("number", "source"))
    assert numbers == {(TO, "provider"), (other.number, "admin")}


def test_an_opt_out_that_is_known_keeps_its_source():
    OptOut.objects.create(number=TO, source="inbound")
    tell(make_text(State.ACCEPTED, SID), "failed", "21610")
    assert OptOut.objects.get().source == "inbound"


BLOCKING = {
    RefusalReason.OPTED_OUT,
    RefusalReason.RECIPIENT_BLOCKED,
    RefusalReason.REGION_NOT_ALLOWED,
}


@pytest.mark.parametrize("kind", RefusalReason)
def test_a_refusal_ends_where_its_kind_says(kind):
    message = make_text(State.SENDING)
    assert status_updates.refuse(message, Refused(f"No, {TO}.", "21610", 400, kind))
    assert message.state == (State.BLOCKED if kind in BLOCKING else State.FAILED)
    assert (message.error_code, message.error_message) == ("21610", "No, +…99.")
    assert OptOut.objects.exists() is (kind is RefusalReason.OPTED_OUT)


def test_an_id_is_adopted_once():
    message = make_text(State.UNKNOWN)
    assert status_updates.link_provider_id(message, SID)
    assert status_updates.link_provider_id(message, SID)
    assert not status_updates.link_provider_id(message, "SM2")
    assert (message.state, message.provider_sid) == (State.ACCEPTED, SID)


def test_an_id_is_adopted_of_what_has_moved_further_already():
    message = make_text(State.UNKNOWN)
    assert tell(message, "delivered") == State.DELIVERED
    message.refresh_from_db()
    assert status_updates.link_provider_id(message, SID)
    assert (message.state, Message.objects.get().provider_sid) == (State.DELIVERED, SID)


def test_an_id_of_another_text_is_not_adopted():
    make_text(State.ACCEPTED, SID)
    message = make_text(State.UNKNOWN)
    assert not status_updates.link_provider_id(message, SID)
    assert (message.state, message.provider_sid) == (State.UNKNOWN, "")
