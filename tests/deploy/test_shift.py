"""The alias of a stage: a version serves, and a new one takes its traffic in steps."""

import io
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, WaiterError

from deploy import (
    functions,
    live,
    package,
    release,
    restart,
    rollback,
    shift,
    zappa_files,
    zappa_live,
)
from deploy.shift import Shift
from tests.deploy.account import API
from tests.deploy.test_release import UPDATES, made  # noqa: F401 - a fixture

STEPS = {"percents": [10, 50], "minutes": 5}
ERRORS, ANSWERS = "nudge-dev-errors", "nudge-dev-5xx"
RETRIES = ("retries", "nudge-dev")


@pytest.fixture
def aliased(made, monkeypatch):  # noqa: F811
    """The stage shifts traffic; version 2, b"old", serves."""
    stage = {"shift": STEPS}
    monkeypatch.setattr(zappa_files, "stage_settings", lambda _stage: stage)
    made.functions["nudge-dev"].alias = "2"
    made.alarms = {ERRORS: "OK", ANSWERS: "INSUFFICIENT_DATA"}
    return made


@pytest.fixture
def now(monkeypatch, clock):
    time = SimpleNamespace(
        monotonic=lambda: clock[0], sleep=lambda seconds: clock.__setitem__(0, clock[0] + seconds)
    )
    monkeypatch.setattr(shift, "time", time)
    return clock


def pointed(account):
    return [call[2:] for call in account.calls if call[0] == "alias"]


def served(account):
    function = account.functions["nudge-dev"]
    return function.served, function.shares, function.code


# --- The steps ------------------------------------------------------------------------------------


def test_a_release_shifts_the_traffic_in_steps(aliased, now, capsys):
    release.release("dev")
    assert pointed(aliased) == [("2", {"3": 0.1}), ("2", {"3": 0.5}), ("3", {})]
    assert served(aliased) == (b"new", {}, b"new")
    assert now == [600]
    assert [call for call in aliased.calls if call[0] != "alias"][:4] == [
        *UPDATES,
        (*RETRIES, "3"),
    ]
    output = capsys.readouterr().out
    assert "version 3 is ready as build id-of-new" in output
    assert "Version 3 serves 10 %, version 2 the rest" in output
    assert "nudge-dev serves version 3" in output


def test_at_once_there_is_one_step_and_no_judge(aliased, now):
    aliased.alarms = {}
    release.release("dev", at_once=True)
    assert (pointed(aliased), served(aliased)[0], now) == ([("3", {})], b"new", [0])


def test_a_version_that_serves_already_has_nothing_to_shift(aliased, now):
    """AWS makes no new version of the same code, and refuses one as its own share."""
    shift.run("dev", "2", Shift((10, 50), 5))
    assert (pointed(aliased), now) == ([("2", {})], [0])


def test_a_step_ends_at_its_time_and_not_at_the_next_look(aliased, now):
    aliased.functions["nudge-dev"].publish(b"new")
    shift.run("dev", "3", Shift((10, 50), 0.125))
    assert now == [15]


def test_a_first_deploy_has_no_traffic_to_shift(aliased, now):
    aliased.functions.clear()
    aliased.apis.clear()
    aliased.alarms = {}
    release.release("dev")
    assert (pointed(aliased), now) == ([], [0])


@pytest.mark.parametrize("judge", [ERRORS, ANSWERS])
@pytest.mark.parametrize("percent", [10, 50])
def test_an_alarm_during_the_shift_takes_it_back(aliased, now, judge, percent):
    def raise_alarm(request):
        if request == "DescribeAlarms" and aliased.functions["nudge-dev"].shares.get("3") == (
            percent / 100
        ):
            aliased.alarms[judge] = "ALARM"

    aliased.at_request = raise_alarm
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        "Build id-of-new failed, the one before it serves.\n"
        f"{judge} went to ALARM while the new code served {percent} %."
    )
    assert pointed(aliased)[-1] == ("2", {})
    assert served(aliased) == (b"old", {}, b"old")
    assert [code for code, _ in aliased.functions["nudge-dev"].versions[2:]] == [b"new", b"old"]
    everybody, again = aliased.calls[-2:]  # nobody waits for the code to be published again
    assert (everybody, again) == (
        ("alias", "nudge-dev", "2", {}),
        ("code", "nudge-dev", b"old"),
    )


def test_the_alarm_is_looked_at_to_the_end_of_a_step(aliased, now):
    """The last look is at its end, whatever the pause between two."""

    def raise_alarm(_request):
        if now[0] == 300:
            aliased.alarms[ERRORS] = "ALARM"

    aliased.at_request = raise_alarm
    with pytest.raises(SystemExit, match=r"went to ALARM while the new code served 10 %"):
        release.release("dev")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((503, '{"version": "id-of-new"}'), "503"),
        ((200, '{"version": "id-of-old"}'), "id-of-old"),
    ],
    ids=["not ready", "another build"],
)
def test_a_version_that_is_not_ready_gets_no_visitor(aliased, now, answer, told):
    aliased.ready[b"new"] = answer
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    lines = str(ended.value).splitlines()
    assert lines[0] == "Build id-of-new failed, the one before it serves."
    assert lines[1].startswith("Version 3 is not ready as build id-of-new: ")
    assert told in lines[1]
    assert pointed(aliased) == [("2", {})]
    assert served(aliased) == (b"old", {}, b"old")


def test_a_version_that_raises_gets_no_visitor(aliased, now):
    def answer(_name, _version):
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b"null")}

    aliased._answer_of = answer
    with pytest.raises(SystemExit, match=r"Version 3 is not ready as build id-of-new: null"):
        release.release("dev")
    assert pointed(aliased) == [("2", {})]


# --- The first deploy with an alias ---------------------------------------------------------------


@pytest.fixture(params=[{"shift": STEPS}, {"snap_start": "PublishedVersions"}], ids=str)
def switched_on(aliased, monkeypatch, request):
    """Zappa published version 2 before it sent the variables. It deletes all but two versions."""
    function = aliased.functions["nudge-dev"]
    function.alias, function.variables = "", {"API_URL": API}
    monkeypatch.setattr(zappa_files, "stage_settings", lambda _stage: request.param)
    aliased.kept = 2

    def zappa(command, env):
        ended = aliased.zappa(command, env)
        if command[2] == "dev":
            cli = SimpleNamespace(
                api_stage="dev",
                lambda_name="nudge-dev",
                stage_config=request.param,
                num_retained_versions=aliased.kept,
            )
            zappa_live.settle(cli, later=True)
        return ended

    monkeypatch.setattr(subprocess, "call", zappa)
    return aliased


@pytest.mark.parametrize("kept", [10, 2])
def test_the_first_deploy_with_an_alias_goes_back_to_the_variables_that_served(
    switched_on, now, kept
):
    switched_on.kept = kept
    switched_on.pages[API + "api/v1/todos/"] = (500, "broken")
    with pytest.raises(SystemExit, match="Build id-of-new failed, the one before it serves"):
        release.release("dev")
    function = switched_on.functions["nudge-dev"]
    assert served(switched_on) == (b"old", {}, b"old")
    assert (function.alias, function.published["3"]) == ("3", {"API_URL": API})
    assert function.gone == ({"1", "2"} if kept == 2 else set())


def test_the_remains_of_a_first_deploy_that_failed_get_no_alias(aliased, now):
    aliased.functions["nudge-dev"].alias = ""
    aliased.apis.clear()
    release.release("dev")
    assert (pointed(aliased), served(aliased)[0]) == ([], b"new")


def test_the_function_for_commands_and_a_stage_without_the_settings_get_no_alias(made, now):  # noqa: F811
    release.release("dev")
    assert [each.alias for each in made.functions.values()] == ["", ""]


# --- Somebody else --------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [10, 50])
def test_an_update_by_hand_during_a_shift_stays_and_ends_it(aliased, now, percent):
    function = aliased.functions["nudge-dev"]

    def update(request):
        if request == "DescribeAlarms" and function.shares.get("3") == percent / 100:
            function.publish(b"theirs")
            live.point("nudge-dev", "4")

    aliased.at_request = update
    with pytest.raises(SystemExit) as ended:
        release.release("dev")
    assert str(ended.value) == (
        "Somebody else changed the alias live of nudge-dev during the shift, for example with "
        "`zappa update dev`. What they chose stays, and version 3 gets no more traffic from here "
        "(docs/operations.md)."
    )
    assert pointed(aliased)[-1] == ("4", {})
    assert served(aliased) == (b"theirs", {}, b"theirs")


def test_a_call_that_is_repeated_because_its_answer_was_lost_is_nobody_else(
    aliased, now, monkeypatch
):
    change = aliased.update_alias

    def repeated(**given):
        change(**given)
        return change(**given)

    monkeypatch.setattr(aliased, "update_alias", repeated)
    release.release("dev")
    assert pointed(aliased) == [("2", {"3": 0.1}), ("2", {"3": 0.5}), ("3", {})]


# --- Before anything changes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alarms", "told"),
    [
        ({ERRORS: "ALARM", ANSWERS: "OK"}, "nudge-dev-errors is in ALARM already"),
        ({ERRORS: "ALARM", ANSWERS: "ALARM"}, "^nudge-dev-5xx and nudge-dev-errors is in ALARM"),
        ({ERRORS: "OK"}, "no nudge-dev-5xx"),
        ({}, "no nudge-dev-errors and no nudge-dev-5xx"),
    ],
    ids=["raised", "both raised", "one is missing", "none"],
)
def test_alarms_that_cannot_judge_end_a_release_before_it_begins(aliased, now, alarms, told):
    aliased.alarms = alarms
    with pytest.raises(SystemExit, match=told) as ended:
        release.release("dev")
    assert "AT_ONCE=1" in str(ended.value)
    assert (aliased.calls, "package" in aliased.requests) == ([], False)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (True, "Say for example"),
        ({"percents": [10]}, "Say for example"),
        ({"percents": ["x"], "minutes": 1}, "Say for example"),
        ({"percents": [50, 10], "minutes": 1}, r"grow, between 1 and 99: not \[50, 10\]"),
        ({"percents": [10, 10], "minutes": 1}, "grow"),
        ({"percents": [10, 100], "minutes": 1}, "grow"),
        ({"percents": [0], "minutes": 1}, "grow"),
        ({"percents": [10, 50], "minutes": 16}, "takes 32 minutes; it may take 30"),
        ({"percents": [], "minutes": 1}, "takes 0 minutes"),
        ({"percents": [10], "minutes": 0}, "takes 0 minutes"),
    ],
)
def test_settings_that_make_no_sense_end_it_with_one_sentence(made, monkeypatch, wanted, told):  # noqa: F811
    with pytest.raises(shift.ShiftError, match=told):
        shift.of({"shift": wanted})
    monkeypatch.setattr(zappa_files, "stage_settings", lambda _stage: {"shift": wanted})
    with pytest.raises(SystemExit, match=told):
        release.release("dev")
    assert made.calls == []


def test_the_settings_of_a_stage_are_its_own_and_those_that_it_extends():
    assert shift.of({}) is None
    assert shift.of({"shift": STEPS}) == Shift((10, 50), 5)
    longest = {"percents": [1, 99], "minutes": 15}
    assert shift.of({"shift": longest}) == Shift((1, 99), 15)
    found = zappa_files.stage_settings("production_ops")
    assert (found["project_name"], found["timeout_seconds"]) == ("nudge", 900)


# --- Interruptions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), ClientError({"Error": {"Code": "Throttling"}}, "Any")],
    ids=["Ctrl-C", "AWS"],
)
def test_whatever_ends_a_shift_the_old_version_serves_everybody(aliased, now, error):
    """The error is raised at each single request from the update of the stage on, one run each."""
    release.release("dev")
    names = aliased.requests[:]
    first = [number for number, name in enumerate(names) if name == "zappa"][1] + 1
    proved = names.index(API + "api/v1/todos/") + 1
    assert proved - first > 100  # a look at the alarms every five seconds
    looks = [number for number in range(first, proved + 1) if names[number - 1] != "DescribeAlarms"]
    some = [number for number in range(first, proved) if names[number - 1] == "DescribeAlarms"]
    for number in [*looks, some[0], some[-1]]:
        function = aliased.functions["nudge-dev"]
        function.versions, function.alias, function.shares = function.versions[:2], "2", {}
        function.code = b"old"
        aliased.requests.clear()

        def interrupt(_request, number=number):
            if len(aliased.requests) == number:
                aliased.at_request = None
                raise error

        aliased.at_request = interrupt
        with pytest.raises((type(error), SystemExit, WaiterError)):
            release.release("dev")
        assert (number, served(aliased)) == (number, (b"old", {}, b"old"))
        for name in [name for name in aliased.parameters if "/lock" in name]:
            del aliased.parameters[name]


def test_sigterm_during_a_shift_leaves_the_old_version_and_a_second_one_waits(
    aliased, now, monkeypatch, signals
):
    def terminate(request):
        if request == "DescribeAlarms" and aliased.functions["nudge-dev"].shares:
            os.kill(os.getpid(), signal.SIGTERM)
        if request.startswith("https://code/") or request == "UpdateAlias":
            os.kill(os.getpid(), signal.SIGTERM) if aliased.requests.count("GetAlias") > 8 else None

    aliased.at_request = terminate
    monkeypatch.setattr(sys, "argv", ["release", "dev"])
    with pytest.raises(KeyboardInterrupt):
        release.main()
    assert signals == []
    assert served(aliased) == (b"old", {}, b"old")


def test_code_that_is_gone_is_told_apart_from_a_version_that_does_not_serve(aliased, now):
    aliased.ready[b"new"] = (500, "broken")
    aliased.spoiled.add(b"old")
    with pytest.raises(SystemExit, match="Act now") as ended:
        release.release("dev")
    assert str(ended.value).splitlines()[-1] == (
        "Version 2 serves, but the newest code is the one that failed: deploy another before you "
        "restart it."
    )
    assert served(aliased) == (b"old", {}, b"new")


# --- Rollback and restart -------------------------------------------------------------------------


def test_a_rollback_publishes_the_older_code_and_moves_the_alias(aliased, now):
    rollback.rollback("dev")
    assert served(aliased) == (b"first", {}, b"first")
    assert pointed(aliased) == [("3", {})]


def test_a_rollback_never_leads_to_a_build_that_failed(aliased, now, monkeypatch):
    aliased.ready[b"new"] = (500, "broken")
    with pytest.raises(SystemExit):
        release.release("dev")

    def build(target, *_given, **_options):
        target.write_bytes(b"third")
        return "id-of-third"

    monkeypatch.setattr(package, "build", build)
    aliased.ready[b"third"] = (200, '{"version": "id-of-third"}')
    release.release("dev")
    assert served(aliased)[0] == b"third"
    rollback.rollback("dev")
    assert served(aliased)[0] == b"old"


def test_a_rollback_that_does_not_serve_leaves_the_version_that_served(aliased, now):
    aliased.ready[b"first"] = (503, "starting")
    with pytest.raises(SystemExit, match="The previous version does not serve; this one stays"):
        rollback.rollback("dev")
    assert served(aliased) == (b"old", {}, b"old")
    assert pointed(aliased) == [("3", {}), ("2", {})]


def cut_off(account, shares):
    """A release that was killed: the newest code is new, and serves some or none."""
    function = account.functions["nudge-dev"]
    function.publish(b"new")
    function.shares = shares


def test_a_rollback_after_a_cut_off_that_does_not_serve_leaves_the_version_that_served(
    aliased, now
):
    """Not the newest, of which nobody knows whether it serves."""
    cut_off(aliased, {"3": 0.1})
    aliased.ready[b"old"] = (503, "starting")
    with pytest.raises(SystemExit, match="The previous version does not serve; this one stays"):
        rollback.rollback("dev")
    assert pointed(aliased)[-1] == ("2", {})


def test_a_release_after_a_cut_off_that_fails_goes_back_to_the_version_that_served(aliased, now):
    cut_off(aliased, {})
    aliased.ready[b"new"] = (503, "starting")
    with pytest.raises(SystemExit, match="Build id-of-new failed, the one before it serves"):
        release.release("dev")
    assert pointed(aliased)[-1] == ("2", {})


@pytest.mark.parametrize("shares", [{}, {"3": 0.1}], ids=["before the shift", "in the shift"])
def test_a_shift_that_was_cut_off_is_ended_by_a_rollback_or_a_deploy(aliased, now, shares):
    cut_off(aliased, shares)
    with pytest.raises(SystemExit, match=r"deploy was cut off\. First `make deploy STAGE=dev`"):
        restart.restart("dev")
    assert served(aliased) == (b"old", shares, b"new")
    rollback.rollback("dev")
    assert served(aliased) == (b"old", {}, b"old")
    cut_off(aliased, shares)
    release.release("dev")
    assert served(aliased) == (b"new", {}, b"new")


@pytest.mark.parametrize("ready", [True, False], ids=["ready", "not ready"])
def test_a_deploy_that_was_cut_off_before_it_published_is_ended_by_a_rollback(aliased, now, ready):
    function = aliased.functions["nudge-dev"]
    function.code = b"new"
    if ready:
        rollback.rollback("dev")
    else:
        aliased.ready[b"old"] = (503, "starting")
        with pytest.raises(SystemExit, match="The previous version does not serve"):
            rollback.rollback("dev")
    assert served(aliased) == (b"old", {}, b"old")
    assert function.alias == ("3" if ready else "2")
    assert aliased.functions["nudge-dev-ops"].code == b"old"


def test_a_share_alone_says_that_a_deploy_was_cut_off(aliased):
    aliased.functions["nudge-dev"].shares = {"1": 0.1}
    assert not live.is_settled("nudge-dev")
    aliased.functions["nudge-dev"].shares = {}
    assert live.is_settled("nudge-dev")


def test_a_restart_publishes_and_moves_the_alias(aliased):
    aliased.functions["nudge-dev"].versions.append((b"other", "python3.11"))
    restart.restart("dev")
    assert pointed(aliased) == [("4", {})]
    assert served(aliased) == (b"old", {}, b"old")


def test_a_version_that_cannot_start_does_not_serve(aliased):
    aliased.functions["nudge-dev"].versions.append((b"other", "python3.11"))
    aliased.functions["nudge-dev"].failed = {"4"}
    with pytest.raises(SystemExit) as ended:
        restart.restart("dev")
    assert str(ended.value) == "Version 4 of nudge-dev cannot start: it raised"
    assert pointed(aliased) == []


@pytest.mark.parametrize(("seconds", "ends"), [(14 * 60, True), (16 * 60, False)])
def test_a_version_has_a_quarter_of_an_hour_to_start(aliased, seconds, ends):
    """A snapshot takes AWS minutes."""
    function = aliased.functions["nudge-dev"]
    function.versions.append((b"other", "python3.11"))
    function.code, function.starting = b"slow", seconds
    if ends:
        live.move("nudge-dev")
    else:
        with pytest.raises(SystemExit) as ended:
            live.move("nudge-dev")
        why = "it is not ready after 15 minutes."
        assert str(ended.value) == f"Version 4 of nudge-dev cannot start: {why}"
    assert function.alias == ("4" if ends else "2")


# --- The alias ------------------------------------------------------------------------------------


def test_without_an_alias_nothing_is_published(account):
    live.move("nudge-dev")
    live.remove("nudge-dev")
    assert account.calls == []


def test_a_new_alias_limits_retries_as_the_function_does(account):
    live.point("nudge-dev", "2")
    live.point("nudge-dev", "1")
    assert account.calls == [
        ("alias", "nudge-dev", "2", {}),
        (*RETRIES, "live"),
        ("alias", "nudge-dev", "1", {}),
    ]


def test_an_error_of_aws_is_not_a_missing_alias(account):
    def deny(_request):
        raise account.fail("AccessDeniedException")

    account.at_request = deny
    with pytest.raises(ClientError):
        live.serving("nudge-dev")


@pytest.mark.parametrize("end", ["", ":live", ":7"])
def test_an_arn_names_the_alias_once(end):
    arn = "arn:aws:lambda:eu-central-1:account:function:nudge-dev"
    assert live.qualified(arn + end) == f"{arn}:live"
    assert live.unqualified(arn + end) == arn


def test_the_newest_code_of_a_version_is_put_back_without_an_alias_too(account):
    functions.take_back("nudge-dev", "1")
    assert account.functions["nudge-dev"].code == b"first"
