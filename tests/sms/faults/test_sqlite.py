"""On one SQLite file too, a key is one text, whoever asks how often (quality.md)."""

import collections
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.conftest import ROOT
from tests.task_backends import RECORDING

pytestmark = pytest.mark.faults
SENDERS, KEYS = 8, 50
PREPARE = """
import django; django.setup()
from django.core.management import call_command
from accounts.models import User
from sms.models import Allowance
call_command("migrate", verbosity=0)
Allowance.objects.create(account=User.objects.create_user("a@example.com"), per_day=1000)
"""
SENDER = """
import random, sys
import django; django.setup()
from accounts.models import User
from sms import delivery, service
actor, keys = User.objects.get(), [f"key {number}" for number in range(50)]
ids = []
for key in random.sample(keys, len(keys)):
    ids.append(service.queue(actor=actor, to="+14155552671", body=key, key=key).pk)
for message_id in random.sample(ids * 3, len(ids) * 3):
    delivery.deliver(str(message_id))
"""


def start(database: Path, code: str) -> subprocess.Popen[str]:
    limits = ("DAILY_LIMIT", "DESTINATION_DAILY_LIMIT", "COUNTRY_DAILY_LIMIT")
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SMS_ALLOWED_REGIONS": "US",
        "TASK_BACKEND": RECORDING,  # the messages are delivered below, by everybody
        **{f"SMS_{name}": "1000" for name in limits},
    }
    return subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_fifty_keys_by_eight_senders_are_fifty_texts(tmp_path):
    database = tmp_path / "db.sqlite3"
    assert start(database, PREPARE).communicate()[1] == ""
    senders = [start(database, SENDER) for _ in range(SENDERS)]
    told = [sender.communicate() for sender in senders]
    assert [errors for _, errors in told] == [""] * SENDERS
    lines = [line for output, _ in told for line in output.splitlines()]
    texts = collections.Counter(line for line in lines if line.startswith("key "))
    assert texts == {f"key {number}": 1 for number in range(KEYS)}
