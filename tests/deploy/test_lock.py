"""Two people who change a stage at the same moment: the second is told, and changes nothing."""

import json
import re

import pytest

from deploy import lock, release, restart, rollback
from tests.deploy.test_release import made

__all__ = ["made"]
LOCK = "/nudge/dev/bundle/lock"


def held_by_bob(account, clock, *, seconds: float) -> None:
    account.parameters[LOCK] = json.dumps({"by": "bob@laptop", "at": clock[0] - seconds})


@pytest.fixture
def _time(monkeypatch, clock):
    monkeypatch.setattr("time.time", lambda: clock[0])


@pytest.mark.usefixtures("_time", "signals")
@pytest.mark.parametrize("change", ["release", "rollback", "restart"])
def test_a_stage_that_somebody_changes_is_left_alone(made, clock, monkeypatch, change):
    held_by_bob(made, clock, seconds=3599)
    monkeypatch.setattr("sys.argv", [change, "dev"])
    words = f"dev is being changed by bob@laptop. Wait .* --names {re.escape(LOCK)} {LOCK}/"
    with pytest.raises(SystemExit, match=words):
        {"release": release, "rollback": rollback, "restart": restart}[change].main()
    assert made.calls == []
    assert json.loads(made.parameters[LOCK])["by"] == "bob@laptop"


@pytest.mark.usefixtures("_time")
def test_a_lock_whose_holder_died_is_taken_after_an_hour_and_given_back(made, clock):
    held_by_bob(made, clock, seconds=3600)
    release.release("dev")
    assert locks(made) == {}


def locks(account) -> dict[str, str]:
    """The locks, and what is created to change one, by name; whose each is."""
    found = {name: text for name, text in account.parameters.items() if "/lock" in name}
    return {name: json.loads(text)["by"] for name, text in found.items()}


def at(account, number: int, operation: str, happens) -> None:
    """What happens when this operation is called for the so manyth time, before it."""
    before = [0]

    def count(request: str) -> None:
        before[0] += request == operation
        if (before[0], request) == (number, operation):
            before[0] = 1000
            happens()

    account.at_request = count


@pytest.fixture
def carol(account, clock):
    """Carol takes the lock, and does not give it back."""

    def take() -> None:
        entered = lock.held("dev")
        entered.__enter__()
        kept.append(entered)
        value = json.loads(account.parameters[LOCK])
        account.parameters[LOCK] = json.dumps({**value, "by": "carol@desk"})

    kept: list = []
    yield take
    for each in kept:
        each.__exit__(None, None, None)


@pytest.mark.usefixtures("_time")
@pytest.mark.parametrize(
    ("number", "operation"),
    [(2, "PutParameter"), (2, "GetParameter"), (3, "PutParameter")],
    ids=["before the claim", "after the claim", "before the new value"],
)
def test_a_lock_whose_holder_died_is_taken_by_one_of_two(made, clock, carol, number, operation):
    held_by_bob(made, clock, seconds=3600)
    outcomes: list[str] = []

    def take() -> None:
        try:
            carol()
        except SystemExit as error:
            outcomes.append(str(error))

    at(made, number, operation, take)
    try:
        with lock.held("dev"):
            assert (len(outcomes), len(locks(made))) == (1, 1)
            assert locks(made)[LOCK] not in ("bob@laptop", "carol@desk")
    except SystemExit as error:
        outcomes.append(str(error))
        assert locks(made) == {LOCK: "carol@desk"}
    [outcome] = outcomes
    assert outcome.startswith("dev is being changed by bob@laptop. Wait")


@pytest.mark.usefixtures("_time")
def test_two_commands_of_one_person_at_one_moment_hold_two_locks(made, clock):
    """Else the first, whose lock was taken away, would give back the lock of the second."""
    with lock.held("dev"):
        first = json.loads(made.parameters.pop(LOCK))
        with lock.held("dev"):
            second = json.loads(made.parameters[LOCK])
    assert first | {"id": ""} == second | {"id": ""}
    assert first["id"] != second["id"]


@pytest.mark.usefixtures("_time")
def test_a_lock_that_somebody_else_took_over_is_theirs(made, clock, carol):
    with lock.held("dev"):
        clock[0] += 3600
        carol()
    assert locks(made) == {LOCK: "carol@desk"}


@pytest.mark.usefixtures("_time")
def test_a_lock_that_somebody_else_is_taking_over_is_left_to_them(made, clock):
    with lock.held("dev"):
        mine = made.parameters[LOCK]
        claim = lock._claim(LOCK, mine)
        made.parameters[claim] = "carol@desk"
    assert made.parameters == {**made.parameters, LOCK: mine, claim: "carol@desk"}


@pytest.mark.usefixtures("_time")
def test_a_lock_that_is_given_back_while_it_is_looked_at_is_taken(made, clock):
    held_by_bob(made, clock, seconds=1)
    at(made, 1, "GetParameter", lambda: made.parameters.pop(LOCK))
    with lock.held("dev"):
        assert "bob@laptop" not in locks(made)[LOCK]
    assert locks(made) == {}


def test_the_claim_to_a_lock_is_named_after_its_value():
    """An operator who removes a lock by hand removes the claim with it."""
    assert lock._claim(LOCK, "x") == f"{LOCK}/2d711642b726b044"


def test_another_stage_is_not_locked(made, clock):
    with lock.held("production"):
        release.release("dev")
        assert [name for name in made.parameters if name.endswith("lock")] == [
            "/nudge/production/bundle/lock"
        ]


@pytest.mark.parametrize("refused", ["PutParameter", "GetParameter"])
def test_an_account_that_does_not_answer_is_no_lock(made, refused):
    def fail(request):
        if request == refused:
            raise made.fail("AccessDeniedException")

    held_by_bob(made, [0], seconds=0)
    made.at_request = fail
    with pytest.raises(Exception, match="AccessDenied"), lock.held("dev"):
        pytest.fail("it was not locked")
