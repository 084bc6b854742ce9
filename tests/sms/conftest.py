"""Providers that answer what a test says, and Twilio's stub."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
import time_machine

from accounts.models import User
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN, TwilioStub
from sms import providers
from sms.models import Allowance
from sms.providers import OutgoingMessage, Provider
from sms.results import Accepted, Result, StatusUpdate
from tests.conftest import make_user

TO, FROM = "+15005550099", "+15005550006"
SID = f"SM{'1' * 32}"
URL = "/service/sms/send"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)  # the moment of every test, unless it moves on


@pytest.fixture(autouse=True)
def noon(request) -> Iterator[time_machine.Traveller | None]:
    """It is noon for the whole test: however slow the machine is, no time passes by itself."""
    if request.node.get_closest_marker("faults"):
        yield None
        return
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def allow(person: User, per_day: int = 50) -> User:
    """What the operator does in the admin."""
    Allowance.objects.update_or_create(account=person, defaults={"per_day": per_day})
    person._state.fields_cache.pop("sms_allowance", None)  # the next request loads it again
    return person


def somebody() -> User:
    """Whose texts may leave: the sender of rows where it does not matter who sent them."""
    email = "somebody@example.com"
    return User.objects.filter(email=email).first() or allow(make_user(email))


def failure(message: str) -> dict[str, str]:
    return {"status": "failure", "message": message}


def assert_failure(response, status: int, message: str | None = None) -> None:
    """The seed's shape, with this message or with some message."""
    body = response.json()
    assert response.status_code == status, body
    assert response["Content-Type"] == "application/json"
    assert body == failure(message or body["message"])
    assert body["message"]


class ScriptedProvider(Provider):
    """Answers `outcome` to a text and `report` to a question, or raises it; keeps what it got."""

    name: ClassVar[str] = "scripted"
    costs_money: ClassVar[bool] = True
    outcome: Result | Exception | Callable[[], Result] = Accepted(SID)
    report: StatusUpdate | Exception | None = None
    sent: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[Any]] = []

    def send(self, message: OutgoingMessage) -> Result:
        self.sent.append(message._asdict())
        outcome = type(self).outcome
        if isinstance(outcome, Exception):
            raise outcome
        return outcome() if callable(outcome) else outcome

    def fetch(self, sid: str) -> StatusUpdate | None:
        self.asked.append(sid)
        return self._report()

    def find(self, message: OutgoingMessage, **wanted: Any) -> StatusUpdate | None:
        self.asked.append({**message._asdict(), **wanted})
        return self._report()

    def _report(self) -> StatusUpdate | None:
        report = type(self).report
        if isinstance(report, Exception):
            raise report
        return report


@pytest.fixture
def provider(monkeypatch, settings) -> type[ScriptedProvider]:
    """`provider.outcome = Refused(...)`: what the provider in use will answer."""
    monkeypatch.setitem(providers.PROVIDERS, "scripted", f"{__name__}.ScriptedProvider")
    monkeypatch.setattr(ScriptedProvider, "outcome", Accepted(SID))
    monkeypatch.setattr(ScriptedProvider, "report", None)
    monkeypatch.setattr(ScriptedProvider, "sent", [])
    monkeypatch.setattr(ScriptedProvider, "asked", [])
    settings.SMS_PROVIDER = "scripted"
    settings.SMS_TO_NUMBER, settings.SMS_FROM_NUMBER = TO, FROM
    return ScriptedProvider


@pytest.fixture
def numbered(provider) -> type[ScriptedProvider]:
    """Accepts every text under an id of its own."""
    numbers = itertools.count()
    provider.outcome = lambda: Accepted(f"SM{next(numbers):032x}")
    return provider


@pytest.fixture
def development(settings) -> None:
    """What a developer gets without setting anything."""
    settings.DEBUG, settings.SMS_PROVIDER = True, "console"
    settings.SMS_TO_NUMBER = settings.SMS_FROM_NUMBER = ""


@pytest.fixture
def twilio(settings, monkeypatch) -> Iterator[TwilioStub]:
    """The stub, and the settings that lead to it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.SMS_PROVIDER = "twilio"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.SMS_TO_NUMBER, settings.SMS_FROM_NUMBER = TO, FROM
    with TwilioStub() as stub:
        settings.TWILIO_API_BASE_URL = stub.url
        yield stub


@pytest.fixture
def phone(provider, api, alice):
    """Alice, who may send, where texts cost money."""
    return api(allow(alice))
