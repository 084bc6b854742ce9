"""Exports and imports as jobs: their answers, their reports, and what becomes of dead ones."""

import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.management import call_command

from core import files
from core.errors import Refused
from tests.builders import make_list, make_todo
from tests.todos.transfer.shapes import fill
from tests.todos.transfer.test_round_trip import everything, exported
from todos.models import List, Todo, Transfer
from todos.transfer import jobs
from todos.transfer.intake import Intake

pytestmark = pytest.mark.django_db
EXPORTS, IMPORTS = "/api/v1/exports/", "/api/v1/imports/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CSV = "title,list,due\r\nbuy milk,Groceries,2026-12-01\r\n"


def file_of(phone, job: dict[str, Any]) -> tuple[str, bytes]:
    answer = phone.get(job["file"])
    return answer["Content-Disposition"], b"".join(answer.streaming_content)


# --- Exports --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["json", "csv", "ics", "todotxt"])
@time_machine.travel(NOON, tick=False)
def test_an_export_is_a_file_of_ones_own_todos(api, begun, alice, bob, name):
    make_todo(alice, "buy milk")
    make_todo(bob, "secret")
    job = begun(api(alice), EXPORTS, {"format": name})
    suffix = {"todotxt": "txt"}.get(name, name)
    expected = exported(alice, name)
    assert job == {
        "id": job["id"],
        "format": name,
        "state": "done",
        "done": 0,
        "total": 1,
        "size": len(expected),
        "error": None,
        "created_at": "2026-11-20T12:00:00.000Z",
        "ended_at": "2026-11-20T12:00:00.000Z",
        "file": f"http://testserver{EXPORTS}{job['id']}/file/",
    }
    disposition = f'attachment; filename="nudge-2026-11-20.{suffix}"'
    assert file_of(api(alice), job) == (disposition, expected)
    assert b"buy milk" in expected
    assert b"secret" not in expected
    assert api(bob).get(job["file"]).status_code == 404
