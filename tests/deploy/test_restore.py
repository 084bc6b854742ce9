"""A stage served from a snapshot: no message twice, and every device syncs from the start."""

import subprocess
import sys

import pytest

from deploy import release, restore, zappa_files
from tests.deploy.account import API
from tests.deploy.test_release import ARCHIVE, made

__all__ = ["made"]
UPDATE = {"ParameterKey": "DatabaseSnapshot", "ParameterValue": "nudge-restored"}


@pytest.fixture
def database(made):
    made.databases = {"nudge-db": False}
    return made


def test_devices_are_told_after_the_migrations_and_before_anybody_is_served(
    database, monkeypatch, capsys, signals
):
    monkeypatch.setattr(sys, "argv", ["restore", "dev", "nudge-restored"])
    restore.main()
    [update, *calls] = database.calls
    assert update[:2] == ("update", "nudge-infra-dev")
    assert UPDATE in update[2]["Parameters"]
    assert [call for call in calls if call[0] in ("zappa", "manage")] == [
        ("zappa", "update", "dev_ops", "--zip", ARCHIVE),
        ("manage", "nudge-dev-ops", b"new", "migrate --noinput --verbosity 1"),
        ("manage", "nudge-dev-ops", b"new", "begin_epoch"),
        ("zappa", "update", "dev", "--zip", ARCHIVE),
    ]
    assert database.parameters["/nudge/dev/SMS_ENABLED"] == "False"
    assert "run `make restart STAGE=dev`" in capsys.readouterr().out


def test_messages_are_switched_off_before_the_snapshot_serves(database):
    def look(request):
        if request == "UpdateStack":
            assert database.parameters["/nudge/dev/SMS_ENABLED"] == "False"

    database.at_request = look
    restore.restore("dev", "nudge-restored")


def test_if_devices_cannot_be_told_nothing_is_served_from_it(database):
    database.logs["begin_epoch"] = "the database is away"
    with pytest.raises(SystemExit, match="Migrations failed, dev is as it was"):
        restore.restore("dev", "nudge-restored")
    assert database.functions["nudge-dev"].code == b"old"


def test_nothing_is_released_while_the_database_is_still_made(database, clock):
    """A database of many gigabytes may take longer than the 45 minutes."""
    database.states += ["UPDATE_COMPLETE"] * 2 + ["UPDATE_IN_PROGRESS"] * 10_000
    with pytest.raises(SystemExit, match="still UPDATE_IN_PROGRESS after 45 minutes"):
        restore.restore("dev", "nudge-restored")
    assert [call[0] for call in database.calls] == ["update"]


def test_a_database_elsewhere_is_restored_where_it_is(made):
    with pytest.raises(SystemExit, match=r"has no database.*CMD=\"begin_epoch\""):
        restore.restore("dev", "nudge-restored")
    assert (made.calls, "/nudge/dev/SMS_ENABLED" in made.parameters) == ([], False)


def test_an_ordinary_release_tells_no_device(database):
    release.release("dev")
    assert "begin_epoch" not in str(database.calls)


def test_the_version_before_gets_no_share_because_it_knows_the_former_database(
    database, monkeypatch
):
    stage = {"shift": {"percents": [10], "minutes": 5}}
    monkeypatch.setattr(zappa_files, "stage_settings", lambda _stage: stage)
    database.functions["nudge-dev"].alias = "2"
    restore.restore("dev", "nudge-restored")
    assert [call for call in database.calls if call[0] == "alias"] == [
        ("alias", "nudge-dev", "3", {})
    ]


def test_if_the_new_code_fails_the_old_code_serves_from_the_snapshot(database, monkeypatch):
    """The version that an alias named before knows the former database only."""
    function = database.functions["nudge-dev"]
    function.alias, function.published["2"] = "2", {"DATABASE_HOST": "former"}

    def zappa(command, env):
        function.variables = {"DATABASE_HOST": "restored"}
        return database.zappa(command, env)

    monkeypatch.setattr(subprocess, "call", zappa)
    database.pages[API + "api/v1/todos/"] = (500, "broken")
    with pytest.raises(SystemExit, match="the one before it serves"):
        restore.restore("dev", "nudge-restored")
    assert (function.served, function.code) == (b"old", b"old")
    assert function.published[function.alias] == {"DATABASE_HOST": "restored"}
