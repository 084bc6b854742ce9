"""A phone that texts, as Twilio tells of it, and what is texted back to it."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine

from localcloud.twilio.stub import ACCOUNT_SID
from sms import providers
from sms.models import Phone
from sms.results import Accepted
from tests.sms import conftest as texts
from tests.sms.twilio.signed_calls import INBOUND, configure, post

NUMBER, STRANGER = "+15005550098", "+15005550097"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday
Text = Callable[..., list[str]]


def tell(body: str, sid: str, number: str = NUMBER) -> int:
    """Once more, or for the first time."""
    fields = {"AccountSid": ACCOUNT_SID, "From": number, "Body": body, "MessageSid": sid}
    return post(INBOUND, fields).status_code


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sent(monkeypatch, settings, alice, bob) -> list[dict]:
    """What was texted to anybody. Alice and Bob have proved their numbers and may be answered."""
    configure(settings)
    settings.SMS_PROVIDER, settings.SMS_ALLOWED_REGIONS = "scripted", ["US"]
    settings.SMS_DESTINATION_DAILY_LIMIT = settings.SMS_DAILY_LIMIT = 1000
    settings.SMS_COUNTRY_DAILY_LIMIT = 1000
    scripted = texts.ScriptedProvider
    numbers = itertools.count()
    name = f"{scripted.__module__}.ScriptedProvider"
    monkeypatch.setitem(providers.PROVIDERS, "scripted", name)
    monkeypatch.setattr(scripted, "outcome", lambda: Accepted(f"SM{next(numbers):032x}"))
    monkeypatch.setattr(scripted, "sent", [])
    for person, number in ((alice, NUMBER), (bob, STRANGER)):
        Phone.objects.create(account=texts.allow(person, per_day=1000), number=number)
    return scripted.sent


@pytest.fixture
def text(sent, noon) -> Text:
    """`text("done 1")`: what the phone is answered, a second later."""
    sids = (f"SM{number:032x}" for number in itertools.count(2**64))

    def say(body: str, number: str = NUMBER, sid: str = "") -> list[str]:
        noon.shift(1)
        before = len(sent)
        assert tell(body, sid or next(sids), number) == 200
        assert {each["to"] for each in sent[before:]} <= {number}
        return [each["body"] for each in sent[before:]]

    return say
