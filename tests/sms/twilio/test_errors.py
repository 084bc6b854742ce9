"""Twilio's error codes: what each means, and who can mend it."""

import re

import pytest

from localcloud.twilio.stub import complains
from sms.providers.twilio.errors import KNOWN, THROTTLED, Known
from sms.providers.twilio.provider import TwilioProvider
from sms.results import RefusalReason, Refused, Throttled
from sms.states import State
from tests.config.conftest import ROOT
from tests.sms.twilio.test_provider import assert_healthy, hand_over

pytestmark = pytest.mark.enable_socket

TABLE = [
    (400, 21211, RefusalReason.INVALID_RECIPIENT, State.FAILED),
    (400, 21612, RefusalReason.INVALID_RECIPIENT, State.FAILED),
    (400, 21614, RefusalReason.INVALID_RECIPIENT, State.FAILED),
    (400, 21610, RefusalReason.OPTED_OUT, State.BLOCKED),
    (403, 21408, RefusalReason.REGION_NOT_ALLOWED, State.BLOCKED),
    (400, 21617, RefusalReason.BODY_TOO_LONG, State.FAILED),
    (400, 21212, RefusalReason.MISCONFIGURED, State.FAILED),
    (400, 21606, RefusalReason.MISCONFIGURED, State.FAILED),
    (400, 21608, RefusalReason.MISCONFIGURED, State.FAILED),
    (400, 21703, RefusalReason.MISCONFIGURED, State.FAILED),
    (401, 20003, RefusalReason.CREDENTIALS, State.FAILED),
    (400, 90010, RefusalReason.CREDENTIALS, State.FAILED),
    (404, 20404, RefusalReason.CREDENTIALS, State.FAILED),
    (400, 63038, RefusalReason.QUOTA, State.FAILED),
    # Codes that nobody knows: the HTTP status decides.
    (400, 99999, RefusalReason.OTHER, State.FAILED),
    (401, 99999, RefusalReason.CREDENTIALS, State.FAILED),
    (403, 99999, RefusalReason.CREDENTIALS, State.FAILED),
    (404, 99999, RefusalReason.OTHER, State.FAILED),
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


# The codes of messages that people meet in public bug reports.
MET = """
    10001 20003 20005 21211 21408 21606 21608 21610 21612 21614 21617 21659 21660 21703 21704
    30001 30002 30003 30004 30005 30006 30007 30008 30009 30010 30011
    30019 30020 30021 30022 30023 30024 30026 30027 30029 30030 30031 30032 30033 30034 30035 30036
    30038 30410 30450 30500 63038 90010
"""


def test_every_code_that_people_meet_is_known():
    assert set(MET.split()) <= KNOWN.keys()
    assert not KNOWN.keys() & THROTTLED


def test_every_code_has_a_cure_in_words_of_ours():
    for code, known in KNOWN.items():
        assert TwilioProvider.explain(code) == known.advice
        assert re.fullmatch(r"[A-Z7][^\n]{10,150}\.", known.advice), code
    assert TwilioProvider.explain("99999") == ""


def test_the_operators_document_has_the_same_table():
    section = (ROOT / "docs/sms.md").read_text().partition("\n### Error codes of Twilio\n")[2]
    section = section.partition("\n### ")[0]
    rows = re.findall(r"^\| ([0-9, ]+) \| `(\w+)`( \(alarm\))? \| (.*) \|$", section, re.MULTILINE)
    documented = {
        code: (Known(RefusalReason(kind), advice.replace("`", "")), bool(alarm))
        for codes, kind, alarm, advice in rows
        for code in codes.split(", ")
    }
    assert documented == {
        code: (known, known.reason.needs_operator) for code, known in KNOWN.items()
    }
