"""The provider of tests: it keeps what it was given and says what it was told to say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sms.providers import OutgoingMessage, UnansweredError, provider_named
from sms.providers.memory import MemoryProvider
from sms.results import (
    Accepted,
    AcceptedWithoutId,
    NotSent,
    Refused,
    Result,
    StatusUpdate,
    Throttled,
    Unknown,
)
from sms.states import State
from tests.sms.conftest import FROM, TO


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    MemoryProvider.reset()
    yield
    MemoryProvider.reset()


def hand_over(body: str = "hey", **more: Any) -> Result:
    return MemoryProvider().send(OutgoingMessage(to=TO, from_number=FROM, body=body, **more))


def ask(**changes: Any) -> StatusUpdate | None:
    now = timezone.now()
    message = OutgoingMessage(to=TO, from_number=FROM, body=changes.pop("body", "hey"))
    times = {"since": now - timedelta(minutes=1), "until": now + timedelta(minutes=1)}
    return MemoryProvider().find(message, **{**times, **changes})


def test_it_is_one_of_the_providers():
    assert provider_named("memory") is MemoryProvider
    assert not MemoryProvider.costs_money


def test_a_text_is_kept_as_it_was_given():
    outcome = hand_over(callback_url="https://a.test/", valid_seconds=60, reference="ours")
    [call] = MemoryProvider.calls
    assert outcome == Accepted(call.sid)
    assert call.message == OutgoingMessage(
        to=TO,
        from_number=FROM,
        body="hey",
        callback_url="https://a.test/",
        valid_seconds=60,
        reference="ours",
    )


ANSWERS = [Accepted("SM1"), AcceptedWithoutId(), Unknown("?"), Refused("No.", "1", 400)]


@pytest.mark.parametrize("answer", [*ANSWERS, NotSent("?"), Throttled("?", "1", 5)])
def test_it_answers_once_what_it_was_told(answer):
    MemoryProvider.answers.append(answer)
    assert hand_over() == answer
    assert isinstance(hand_over(), Accepted)
    arrived = isinstance(answer, Accepted | AcceptedWithoutId | Unknown)
    assert len(MemoryProvider.arrived()) == 1 + arrived


def test_it_raises_or_asks_what_it_was_told():
    MemoryProvider.answers.extend([ZeroDivisionError(), lambda: Unknown("asked")])
    with pytest.raises(ZeroDivisionError):
        hand_over()
    assert hand_over() == Unknown("asked")


def test_a_text_is_found_and_fetched():
    MemoryProvider.answers.append(Unknown("?"))
    hand_over()
    [call] = MemoryProvider.calls
    assert ask() == MemoryProvider().fetch(call.sid) == StatusUpdate(call.sid, "sent", State.SENT)
    MemoryProvider.statuses[call.sid] = StatusUpdate(call.sid, "undelivered")
    assert ask() == StatusUpdate(call.sid, "undelivered")
    assert ask(known={call.sid}) is None
    assert ask(body="other") is None
    assert ask(since=timezone.now() + timedelta(seconds=1)) is None
    assert MemoryProvider().fetch("SM0") is None


def test_what_never_arrived_is_not_found():
    MemoryProvider.answers.append(NotSent("?"))
    hand_over()
    assert ask() is None
    assert MemoryProvider().fetch(MemoryProvider.calls[0].sid) is None


def test_out_of_reach_it_says_nothing():
    hand_over()
    MemoryProvider.unreachable = True
    with pytest.raises(UnansweredError):
        ask()
    with pytest.raises(UnansweredError):
        MemoryProvider().fetch("SM1")


def test_it_is_an_error_where_texts_matter(settings):
    settings.DEBUG = True
    assert MemoryProvider.check() == []
    settings.DEBUG = False
    [message] = MemoryProvider.check()
    assert message.id == "sms.E012"
    assert message.hint
