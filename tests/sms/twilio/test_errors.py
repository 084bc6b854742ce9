"""Twilio's error codes: what each says, and that the operator hears of those only he can mend."""

import pytest

from localcloud.twilio import stub as faults
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN, complains
from sms import delivery
from sms.results import RefusalReason, Refused, Throttled
from sms.states import State
from tests.sms.conftest import FROM, TO
from tests.sms.twilio.test_provider import assert_healthy, hand_over

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def _silence_broken(monkeypatch) -> None:
    """Every test may raise an alarm, whatever the one before has raised."""
    monkeypatch.setattr(delivery, "_alerted", {})


TABLE = [
    (400, 21211, RefusalReason.INVALID_RECIPIENT, State.FAILED),
    (400, 21612, RefusalReason.INVALID_RECIPIENT, State.FAILED),
    (400, 21614, RefusalReason.INVALID_RECIPIENT, State.FAILED),
    (400, 21610, RefusalReason.OPTED_OUT, State.BLOCKED),
    (403, 21408, RefusalReason.REGION_NOT_ALLOWED, State.BLOCKED),
    (400, 21617, RefusalReason.BODY_TOO_LONG, State.FAILED),
    (400, 21212, RefusalReason.MISCONFIGURED, State.FAILED),
    (400, 21606, RefusalReason.MISCONFIGURED, State.FAILED),
    (401, 20003, RefusalReason.CREDENTIALS, State.FAILED),
    # Codes that nobody knows: the HTTP status decides.
    (400, 99999, RefusalReason.OTHER, State.FAILED),
    (401, 99999, RefusalReason.CREDENTIALS, State.FAILED),
    (403, 99999, RefusalReason.CREDENTIALS, State.FAILED),
    (404, 20404, RefusalReason.OTHER, State.FAILED),
]


@pytest.mark.parametrize(("status", "code", "kind", "state"), TABLE)
def test_a_refusal_has_the_kind_of_the_table(twilio, status, code, kind, state):
    twilio.faults.append(complains(status, code, "No."))
    assert hand_over() == Refused("No.", str(code), status, kind)
    assert kind.state is state
    assert_healthy(twilio)


@pytest.mark.parametrize(
    ("status", "code"), [(429, 20429), (429, 99999), (429, 21611), (400, 21611)]
)
def test_too_many_at_once_is_throttled_by_code_or_status(twilio, status, code):
    twilio.faults.append(complains(status, code, "Slow down.", Retry_After="3"))
    assert hand_over() == Throttled("Slow down.", str(code), 3)
    assert_healthy(twilio)


def test_the_operator_is_told_once_an_hour_of_what_only_he_can_mend(twilio, caplog, monkeypatch):
    moments = iter([0.0, 1.0, 3599.0, 3601.0])
    monkeypatch.setattr(delivery.time, "monotonic", lambda: next(moments, 9999.0))
    for _ in range(4):
        delivery.alert_operator(
            "twilio", Refused("whose words?", "20003", 401, RefusalReason.CREDENTIALS)
        )
    delivery.alert_operator("twilio", Refused("No.", "21211", 400, RefusalReason.INVALID_RECIPIENT))
    expected = "twilio refuses our messages (provider_auth, code 20003, HTTP 401): see docs/sms.md"
    assert [record.getMessage() for record in caplog.records] == [expected] * 2
    assert {record.levelname for record in caplog.records} == {"ERROR"}


def test_no_log_line_has_a_credential_a_number_or_a_text(twilio, caplog):
    caplog.set_level("DEBUG")
    quoting = f"{ACCOUNT_SID} {AUTH_TOKEN} {TO} {FROM}"
    for fault in (complains(401, 20003, quoting), complains(400, 21606, quoting), faults.closes):
        twilio.faults.append(fault)
        delivery.alert_operator("twilio", hand_over("a very private text"))
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 2
    for secret in (AUTH_TOKEN, TO, FROM, "private"):
        assert secret not in caplog.text
