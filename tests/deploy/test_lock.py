"""Two people who change a stage at the same moment: the second is told, and changes nothing."""

import json
import re

import pytest

from deploy import lock, release, rollback
from tests.deploy.test_release import made

__all__ = ["made"]
LOCK = "/nudge/dev/bundle/lock"


def held_by_bob(account, clock, *, seconds: float) -> None:
    account.parameters[LOCK] = json.dumps({"by": "bob@laptop", "at": clock[0] - seconds})


@pytest.fixture
def _time(monkeypatch, clock):
    monkeypatch.setattr("time.time", lambda: clock[0])


@pytest.mark.usefixtures("_time")
@pytest.mark.parametrize("change", ["release", "rollback"])
def test_a_stage_that_somebody_changes_is_left_alone(made, clock, monkeypatch, change):
    held_by_bob(made, clock, seconds=3599)
    monkeypatch.setattr("sys.argv", [change, "dev"])
    monkeypatch.setattr("deploy.interruption.sigterm_is_ctrl_c", lambda: None)
    words = f"dev is being changed by bob@laptop. Wait .* --name {re.escape(LOCK)}"
    with pytest.raises(SystemExit, match=words):
        (release if change == "release" else rollback).main()
    assert made.calls == []
    assert json.loads(made.parameters[LOCK])["by"] == "bob@laptop"


@pytest.mark.usefixtures("_time")
def test_a_lock_whose_holder_died_is_taken_after_an_hour_and_given_back(made, clock):
    held_by_bob(made, clock, seconds=3600)
    release.release("dev")
    assert LOCK not in made.parameters


def test_another_stage_is_not_locked(made, clock):
    with lock.held("production"):
        release.release("dev")
        assert [name for name in made.parameters if name.endswith("lock")] == [
            "/nudge/production/bundle/lock"
        ]


def test_an_account_that_does_not_answer_is_no_lock(made):
    def fail(request):
        raise made.fail("AccessDeniedException")

    made.at_request = fail
    with pytest.raises(Exception, match="AccessDenied"), lock.held("dev"):
        pytest.fail("it was not locked")
