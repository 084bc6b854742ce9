"""Twilio's stub, and what the tests of deploy/ stand on."""

from collections.abc import Iterator

import pytest
import time_machine

from localcloud.twilio.stub import TwilioStub
from tests.deploy.conftest import account, clock, signals
from tests.sms.conftest import NOON

__all__ = ["account", "clock", "signals"]


@pytest.fixture
def twilio(monkeypatch) -> Iterator[TwilioStub]:
    """The stub; it is noon, so that no day ends while it is asked for the messages of one."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with time_machine.travel(NOON, tick=False), TwilioStub() as stub:
        yield stub
