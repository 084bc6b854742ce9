"""Asking Twilio later what became of a text: by its id or, where that was lost, by what it said."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.utils import timezone

from localcloud.twilio import stub as faults
from localcloud.twilio.stub import answers
from sms.providers import OutgoingMessage, UnansweredError
from sms.providers.twilio.provider import TwilioProvider
from sms.results import RefusalReason, StatusUpdate, Unknown
from sms.states import State
from tests.sms.conftest import FROM, NOON, TO
from tests.sms.twilio.test_provider import POOL, hand_over

pytestmark = pytest.mark.enable_socket

LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def ask(**changes: Any) -> StatusUpdate | None:
    now = timezone.now()
    times = {"since": now - timedelta(minutes=5), "until": now + timedelta(minutes=5)}
    fields: dict[str, Any] = {"to": TO, "from_number": FROM, "body": "hey mate!!!"}
    fields |= {name: changes.pop(name) for name in fields if name in changes}
    message = OutgoingMessage(**fields)
    return TwilioProvider().find(message, **{**times, **changes})


def test_a_message_is_fetched_with_its_error(twilio):
    hand_over()
    [message] = twilio.messages
    assert TwilioProvider().fetch(message["sid"]) == StatusUpdate(
        message["sid"], "queued", State.ACCEPTED
    )
    twilio.move(message, "undelivered", 30003)
    assert TwilioProvider().fetch(message["sid"]) == StatusUpdate(
        message["sid"], "undelivered", State.UNDELIVERED, "30003", RefusalReason.UNREACHABLE
    )


@pytest.mark.parametrize("sid", ["SM" + "0" * 32, "", "../Calls", "a b"])
def test_a_message_that_is_not_there_is_none(twilio, sid):
    assert TwilioProvider().fetch(sid) is None


def test_a_text_whose_answer_was_lost_is_found(twilio):
    twilio.faults.append(faults.loses_answer)
    assert hand_over("  two\nlines ") == Unknown("The connection broke off (ProtocolError).")
    hand_over("another")
    hand_over("  two\nlines ", to="+15005550098")
    assert ask(body="  two\nlines ") == StatusUpdate(
        twilio.messages[0]["sid"], "queued", State.ACCEPTED
    )


def test_a_text_of_a_pool_is_found(twilio, settings):
    settings.TWILIO_MESSAGING_SERVICE_SID = POOL
    hand_over()
    assert ask() == StatusUpdate(twilio.messages[0]["sid"], "accepted", State.ACCEPTED)
    settings.TWILIO_MESSAGING_SERVICE_SID = ""
    assert ask() is None


def test_the_oldest_that_belongs_to_no_other_text_is_found(twilio):
    """Two of the same words to the same number are two texts."""
    first, second = (hand_over().sid for _ in range(2))
    assert ask().sid == first
    assert ask(known={first}).sid == second
    assert ask(known={first, second}) is None


@pytest.mark.parametrize("place", [0, 160, 1529])
def test_a_long_text_that_differs_in_one_character_is_another(twilio, place):
    ours, others = ("a" * place + letter + "a" * (1529 - place) for letter in "bc")
    hand_over(others)
    assert ask(body=ours) is None
    hand_over(ours)
    assert ask(body=ours) == StatusUpdate(twilio.messages[1]["sid"], "queued", State.ACCEPTED)


@pytest.mark.parametrize(
    ("seconds", "is_found"), [(-61, False), (-60, True), (60, True), (61, False)]
)
def test_the_providers_clock_may_differ_by_a_minute(twilio, seconds, is_found):
    hand_over()
    [message] = twilio.messages
    message["date_created"] = format_datetime(NOON + timedelta(seconds=seconds))
    found = ask(since=NOON, until=NOON)
    assert found == (StatusUpdate(message["sid"], "queued", State.ACCEPTED) if is_found else None)


@pytest.mark.parametrize("zone", ["+0000", "-0000", "GMT"])
def test_a_date_without_a_zone_is_utc(twilio, zone):
    """RFC 5322, 3.3: `-0000` says nothing of the zone."""
    hand_over()
    twilio.messages[0]["date_created"] = f"{NOON:%a, %d %b %Y %H:%M:%S} {zone}"
    twilio.faults.extend([answers(200, {"messages": twilio.messages})] * 2)
    assert ask(since=NOON, until=NOON).sid == twilio.messages[0]["sid"]
    assert ask(since=NOON - timedelta(hours=2), until=NOON - timedelta(hours=1)) is None


def test_a_number_may_be_listed_in_another_form(twilio):
    hand_over(to="+5491123450001")
    twilio.messages[0]["to"] = "+541123450001"
    twilio.faults.append(answers(200, {"messages": twilio.messages}))
    assert ask(to="+5491123450001").sid == twilio.messages[0]["sid"]
    twilio.messages[0]["to"] = "+541123450002"
    assert ask(to="+5491123450001") is None


def test_nothing_is_found_where_nothing_fits(twilio):
    hand_over()
    assert ask(body="other") is None
    assert ask(to="+15005550098") is None
    assert ask(from_number="+15005550098") is None
    assert ask(since=LONG_AGO, until=LONG_AGO) is None
    assert ask(since=LATER, until=LATER) is None


def test_every_page_is_looked_through(twilio):
    hand_over()
    for _ in range(120):
        twilio.messages.append({**twilio.messages[0], "body": "another", "sid": "SM1"})
    assert ask().sid == twilio.messages[0]["sid"]
    assert [request.method for request in twilio.received] == ["POST", "GET", "GET", "GET"]


def test_a_list_without_an_end_says_nothing_about_a_text(twilio):
    rows = {"messages": [], "next_page_uri": "/again"}
    twilio.faults.extend([answers(200, rows)] * 11)
    with pytest.raises(UnansweredError):
        ask()
    assert len(twilio.received) == 10


STRANGE = [
    {"messages": [{"sid": None, "status": "sent"}, 7, {}]},
    {"messages": [{"sid": "SM1", "status": []}]},
]


@pytest.mark.parametrize("body", STRANGE)
def test_a_strange_list_holds_nothing(twilio, body):
    twilio.faults.append(answers(200, body))
    assert ask() is None


def test_a_strange_member_of_the_list_is_passed_over(twilio):
    now = format_datetime(timezone.now())
    row = {"to": TO, "from": FROM, "body": "hey mate!!!", "date_created": now}
    rows = [{**row, "sid": "SM1", "status": []}, {**row, "date_created": "yesterday"}]
    twilio.faults.append(answers(200, {"messages": [*rows, {**row, "body": None}]}))
    assert ask() is None


SILENCES = [
    answers(500),
    answers(401, {}),
    answers(429),
    answers(302, Location="/"),
    faults.closes,
]


@pytest.mark.parametrize("fault", SILENCES)
def test_who_cannot_be_asked_says_nothing_about_a_text(twilio, fault):
    """None would mean: it is not there. That must never be concluded from a fault."""
    twilio.faults.extend([fault, fault])
    with pytest.raises(UnansweredError):
        TwilioProvider().fetch("SM1")
    with pytest.raises(UnansweredError):
        ask()
    hand_over()
    assert ask() == TwilioProvider().fetch(twilio.messages[0]["sid"])


@pytest.mark.parametrize("body", [b"<html>", b"", {}, {"messages": {}}, []])
def test_a_list_that_is_none_says_nothing_about_a_text(twilio, body):
    twilio.faults.append(answers(200, body))
    with pytest.raises(UnansweredError):
        ask()


def test_a_list_that_is_not_found_says_nothing_about_a_text(twilio):
    twilio.faults.append(answers(404, {}))
    with pytest.raises(UnansweredError):
        ask()
