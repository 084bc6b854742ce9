"""kill -9 at any moment: nothing is sent twice, nothing is forgotten (quality.md)."""

import collections
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from localcloud.twilio.stub import ACCOUNT_SID, AUTH_TOKEN, TwilioStub
from sms.models import Event, Message
from sms.sweep import sweep
from tests import deaths
from tests.sms.conftest import FROM, TO, allow

pytestmark = [
    pytest.mark.faults,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
KILLS = 100
LAST_EVENTS = (1, 500)  # statements and calls of the provider, each before and after


@pytest.fixture
def worker(twilio) -> Iterator["subprocess.Popen[str]"]:
    limits = ("DAILY_LIMIT", "DESTINATION_DAILY_LIMIT", "COUNTRY_DAILY_LIMIT", "MONTHLY_SEGMENTS")
    environment = {
        **{f"SMS_{name}": "1000000" for name in limits},
        "TASK_BACKEND": "core.tasks.ThreadBackend",
        "SMS_PROVIDER": "twilio",
        "ACCOUNT_SID": ACCOUNT_SID,
        "AUTH_TOKEN": AUTH_TOKEN,
        "FROM_NUMBER": FROM,
        "TO_NUMBER": TO,
        "TWILIO_API_BASE_URL": twilio.url,
    }
    with deaths.process("tests.deaths", "tests.sms.faults.life", **environment) as started:
        yield started


def sweep_until_quiet(at: datetime) -> None:
    while any(number for name, number in sweep(at=at, limit=1000).items() if name != "asked"):
        pass


def test_a_hundred_kills_double_nothing_and_forget_nothing(worker, twilio: TwilioStub, alice):
    allow(alice, per_day=1_000_000)
    moments = random.Random(20)  # noqa: S311 - when to kill
    for _ in range(KILLS):
        deaths.live_and_die(worker, moments.randint(*LAST_EVENTS))

    now = timezone.now()
    for later in (0, 2, 20):
        sweep_until_quiet(now + timedelta(minutes=later))

    at_the_stub = collections.Counter(message["body"] for message in twilio.messages)
    rows = {row["body"]: row for row in Message.objects.values()}
    accepted = {body for body, row in rows.items() if row["state"] == "accepted"}
    lost = {body for body, row in rows.items() if row["state"] == "failed"}
    sids = {row["provider_sid"] for row in rows.values()} - {""}
    assert [body for body, times in at_the_stub.items() if times > 1] == []
    killed_at_work = Event.objects.filter(status="unknown").count()
    assert accepted == set(at_the_stub)
    assert sids == {message["sid"] for message in twilio.messages}
    assert accepted | lost == set(rows)
    assert {rows[body]["error_code"] for body in lost} <= {"lost"}
    # It was a test: there was work, and kills have hit it in every phase.
    sys.stdout.write(
        f"{len(rows)} texts, {killed_at_work} in the air when killed, {len(lost)} never left\n"
    )
    assert len(rows) == Message.objects.count() > 2 * KILLS
    assert killed_at_work > KILLS / 5
    assert killed_at_work > len(lost) > 0
