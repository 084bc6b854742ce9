"""The sweep as cron runs it, where the database is away."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.db.backends.utils import CursorWrapper

from tests.config.conftest import ROOT

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_without_the_database_the_command_says_one_line(monkeypatch, fault):
    def away(*args: object, **kwargs: object) -> None:
        raise fault("connection refused\nIs the server running?")

    monkeypatch.setattr(CursorWrapper, "execute", away)
    with pytest.raises(CommandError) as error:
        call_command("sms_sweep")
    told = f"The database cannot be reached ({fault.__name__}); the next sweep continues."
    assert (str(error.value), error.value.returncode) == (told, 1)


def test_a_fault_of_ours_is_not_called_the_databases(monkeypatch):
    def fault(*args: object, **kwargs: object) -> None:
        raise ProgrammingError("no such column")

    monkeypatch.setattr(CursorWrapper, "execute", fault)
    with pytest.raises(ProgrammingError):
        call_command("sms_sweep")


@pytest.mark.wide
def test_on_a_terminal_it_is_one_line_and_an_exit_code():
    """Nothing listens on port 1."""
    environment = {**os.environ, "DATABASE_URL": "postgresql://nudge:pw@127.0.0.1:1/nudge"}
    done = subprocess.run(
        [sys.executable, "manage.py", "sms_sweep"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "CommandError: The database cannot be reached (OperationalError); "
        "the next sweep continues.\n"
    )
