"""The operator hears of what only the operator can mend, however the code came, once an hour."""

from unittest import mock

import pytest
from django.db import OperationalError
from django.utils import timezone

from core.models import Counter
from localcloud.twilio import stub as faults
from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN, complains
from sms import alerts, delivery, sweep
from sms.models import Message
from sms.providers.twilio.errors import KNOWN
from sms.results import RefusalReason
from sms.states import State
from tests.sms.conftest import FROM, TO, somebody
from tests.sms.twilio.signed_calls import SID, configure, make_text, path_of, post, report

pytestmark = [pytest.mark.django_db, pytest.mark.enable_socket]
ADVICE = "The number is not registered for US A2P 10DLC: add it to an approved campaign."
LINE = (
    f"twilio refuses our messages (provider_misconfigured, code 30034). {ADVICE} See docs/sms.md."
)


@pytest.fixture(autouse=True)
def _configured(settings) -> None:
    configure(settings)
    settings.SMS_TO_NUMBER, settings.SMS_FROM_NUMBER = TO, FROM


def alarms(caplog) -> list[str]:
    return [row.getMessage() for row in caplog.records if row.name == "sms.alerts"]


def by_answer(twilio, code: str) -> None:
    twilio.faults.append(complains(400, int(code), "No."))
    message = make_text(State.SENDING, sender=somebody(), attempt_count=1)
    Message.objects.filter(pk=message.pk).update(claimed_at=timezone.now())
    message.refresh_from_db()
    delivery.attempt(message)


def by_callback(twilio, code: str) -> None:
    message = make_text(State.ACCEPTED, SID)
    assert post(path_of(message), report("undelivered", code=code)).status_code == 204


def by_poll(twilio, code: str) -> None:
    """The message is asked for by its id."""
    answer = {"sid": SID, "status": "failed", "error_code": int(code)}
    twilio.faults.append(faults.answers(200, answer))
    make_text(State.SENT, SID, claimed_at=timezone.now() - sweep.POLL_AFTER)
    sweep.sweep(at=timezone.now())


def by_refused_question(twilio, code: str) -> None:
    """Twilio does not even say what became of it."""
    twilio.faults.append(complains(401, int(code), "No."))
    make_text(State.SENT, SID, claimed_at=timezone.now() - sweep.POLL_AFTER)
    sweep.sweep(at=timezone.now())


WAYS = [by_answer, by_callback, by_poll, by_refused_question]


@pytest.mark.parametrize("way", WAYS)
def test_an_alarm_is_raised_however_the_code_came(twilio, caplog, way):
    way(twilio, "30034")
    assert alarms(caplog) == [LINE]
    assert {row.levelname for row in caplog.records if row.name == "sms.alerts"} == {"ERROR"}


@pytest.mark.parametrize("way", WAYS[:3])
def test_what_passes_by_itself_raises_none(twilio, caplog, way):
    way(twilio, "30003")
    assert alarms(caplog) == []
    assert not Counter.objects.filter(scope__startswith="sms:alert").exists()


def test_the_message_says_what_the_code_means():
    message = make_text(State.ACCEPTED, SID)
    post(path_of(message), report("undelivered", code="30034"))
    message.refresh_from_db()
    assert (message.error_code, message.error_message) == (
        "30034",
        f"The provider reported error 30034. {ADVICE}",
    )


def test_every_known_code_raises_an_alarm_exactly_if_its_kind_says_so(caplog):
    for code, known in KNOWN.items():
        alerts.refused("twilio", known.reason, code)
    expected = [code for code, known in KNOWN.items() if known.reason.needs_operator]
    assert len(alarms(caplog)) == len(expected) > 25
    for line, code in zip(alarms(caplog), expected, strict=True):
        assert f"code {code})" in line
        assert KNOWN[code].advice in line


def test_a_cause_is_told_once_an_hour(caplog, noon):
    for seconds in (0, 1, 3598, 1, 3599, 1):  # from noon on
        noon.shift(seconds)
        alerts.refused("twilio", RefusalReason.CREDENTIALS, "20003")
        alerts.refused("aws", RefusalReason.CREDENTIALS, "20003")
        alerts.refused("twilio", RefusalReason.MISCONFIGURED, "21606")
        alerts.refused("twilio", RefusalReason.INVALID_RECIPIENT, "21211")
        alerts.refused("twilio", None, "")
    assert len(alarms(caplog)) == 3 * 3


def test_a_cause_that_cannot_be_counted_is_told(caplog):
    with mock.patch.object(alerts, "take", side_effect=OperationalError("gone")):
        for _ in range(2):
            alerts.refused("twilio", RefusalReason.QUOTA, "63038")
    assert len(alarms(caplog)) == 2
    Message.objects.count()  # the transaction around it goes on


def test_a_refusal_without_known_advice_points_to_the_document(caplog):
    alerts.refused("twilio", RefusalReason.CREDENTIALS, "403")
    expected = "twilio refuses our messages (provider_auth, code 403). See docs/sms.md."
    assert alarms(caplog) == [expected]


def test_no_log_line_has_a_credential_a_number_or_a_text(twilio, caplog):
    caplog.set_level("DEBUG")
    for status, code in ((401, 20003), (400, 21606)):
        quoting = complains(status, code, f"{ACCOUNT_SID} {AUTH_TOKEN} {TO} {FROM}")
        twilio.faults.append(quoting)
        message = make_text(State.SENDING, sender=somebody(), claimed_at=timezone.now())
        delivery.attempt(message)
    assert len(alarms(caplog)) == 2
    for secret in (AUTH_TOKEN, TO, FROM, "private"):
        assert secret not in caplog.text
