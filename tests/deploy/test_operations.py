"""Rollback, restart, management commands and what a function is told."""

import json
import os
import signal
import sys

import pytest
from botocore.exceptions import ClientError

from deploy import aws, functions, manage, restart, rollback, smoke, static
from tests.deploy.account import API, PARAMETERS, Function, digest


def serving(account):
    return {name: each.code for name, each in account.functions.items()}


def run(module, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [module.__name__, *arguments])
    module.main()


# --- Rollback -------------------------------------------------------------------------------------


def test_a_rollback_serves_the_code_before_in_both_functions(
    account, clock, monkeypatch, capsys, signals
):
    run(rollback, monkeypatch, "dev")
    assert account.calls == [
        ("code", "nudge-dev", b"first"),
        ("code", "nudge-dev-ops", b"first"),
    ]
    assert "nudge-dev serves the code of version 1 again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "error"),
    [((503, "starting"), SystemExit), (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["not ready", "Ctrl-C"],
)
def test_a_rollback_that_does_not_serve_leaves_what_served(account, clock, answer, error):
    def interrupt(request):
        if request == API + "readyz/":
            raise answer

    if error is SystemExit:
        account.ready[b"first"] = answer
    else:
        account.at_request = interrupt
    with pytest.raises(error) as ended:
        rollback.rollback("dev")
    assert serving(account) == {"nudge-dev": b"old", "nudge-dev-ops": b"old"}
    assert [call[1] for call in account.calls] == ["nudge-dev", "nudge-dev"]
    if error is SystemExit:
        assert str(ended.value) == (
            "The previous version does not serve; this one stays.\n"
            f"{API}readyz/ answers 503: starting"
        )


def test_a_second_signal_does_not_interrupt_the_way_back(account, clock, signals):
    def terminate(request):
        if request == "https://code/nudge-dev/2":
            os.kill(os.getpid(), signal.SIGTERM)

    account.ready[b"first"] = (503, "starting")
    account.at_request = terminate
    with pytest.raises(SystemExit):
        rollback.rollback("dev")
    assert signals == []


def test_a_rollback_without_a_function_or_a_version_is_refused(account):
    account.functions["nudge-dev"].versions = [(b"old", "python3.11")]
    with pytest.raises(SystemExit, match=r"^nudge-dev has no previous version.$"):
        rollback.rollback("dev")
    account.functions["nudge-dev"].code = b"by hand"
    with pytest.raises(SystemExit, match=r"^nudge-dev has no previous version.$"):
        rollback.rollback("dev")
    del account.functions["nudge-dev"]
    with pytest.raises(SystemExit, match=r"^nudge-dev is not deployed.$"):
        rollback.rollback("dev")
    assert account.calls == []


def test_the_function_for_commands_follows_only_if_it_had_the_code(account, clock):
    account.functions["nudge-dev-ops"].versions = [(b"old", "python3.11")]
    rollback.rollback("dev")
    assert serving(account) == {"nudge-dev": b"first", "nudge-dev-ops": b"old"}
    del account.functions["nudge-dev-ops"]
    account.functions["nudge-dev"].publish(b"new")
    rollback.rollback("dev")
    assert serving(account) == {"nudge-dev": b"first"}


def test_a_rollback_of_the_twelfth_version_counts_versions_as_numbers(account, clock):
    """Version 12 is the code of version 10 again, because version 11 failed."""
    for function in account.functions.values():
        codes = [*(f"build {number}".encode() for number in range(1, 10)), b"old", b"bad", b"old"]
        function.versions = [(code, "python3.11") for code in codes]
    account.ready[b"build 9"] = (200, '{"version": "9"}')
    rollback.rollback("dev")
    assert serving(account) == {"nudge-dev": b"build 9", "nudge-dev-ops": b"build 9"}


# --- Code that is restored ------------------------------------------------------------------------


def test_code_that_comes_back_as_another_is_not_restored(account):
    account.spoiled.add(b"first")
    with pytest.raises(SystemExit) as ended:
        functions.restore("nudge-dev", "1")
    assert str(ended.value) == "The code of version 1 of nudge-dev is not available."
    assert (account.calls, serving(account)["nudge-dev"]) == ([], b"old")


@pytest.mark.parametrize("snap_start", ["None", ""], ids=["off", "an answer without it"])
def test_code_is_restored_with_the_python_that_it_was_made_with(account, snap_start):
    account.functions["nudge-dev"].runtime = "python3.13"
    account.functions["nudge-dev"].snap_start = snap_start
    functions.restore("nudge-dev", "1")
    assert account.calls == [
        (
            "configuration",
            "nudge-dev",
            {"Runtime": "python3.11", "SnapStart": {"ApplyOn": "None"}},
        ),
        ("code", "nudge-dev", b"first"),
    ]


def test_code_is_restored_while_aws_still_applies_another_change(account):
    """Of a deploy that was interrupted: AWS refuses a change until then."""
    account.functions["nudge-dev"].begin_change()
    functions.restore("nudge-dev", "1")
    assert account.functions["nudge-dev"].served == b"first"


# --- What a function is told ----------------------------------------------------------------------


def test_variables_are_set_and_removed_in_one_change(account):
    account.functions["nudge-dev"].variables = {"KEPT": "1", "GONE": "2", "OLD": "3"}
    functions.update_environment("nudge-dev", {"OLD": "4", "NEW": "5"}, remove={"GONE", "NEVER"})
    wanted = {"KEPT": "1", "OLD": "4", "NEW": "5"}
    assert account.calls == [("configuration", "nudge-dev", {"Environment": {"Variables": wanted}})]


def test_what_a_function_knows_already_starts_no_process_anew(account):
    account.functions["nudge-dev"].variables = {"KEPT": "1"}
    functions.update_environment("nudge-dev", {"KEPT": "1"}, remove={"NEVER"})
    assert account.calls == []


def test_a_change_is_waited_for_before_and_after(account):
    functions.update_configuration("nudge-dev", Runtime="python3.13")
    looks = ["GetFunction"] * 2  # in progress, and complete
    assert account.requests == ["GetFunction", "UpdateFunctionConfiguration", *looks]


def test_only_a_missing_function_is_not_there(account):
    assert functions.exists("nudge-dev")
    assert not functions.exists("nudge-other")

    def deny(_request):
        raise account.fail("AccessDeniedException")

    account.at_request = deny
    with pytest.raises(ClientError):
        functions.exists("nudge-dev")


def test_the_configuration_of_a_version_is_its_own(account):
    assert functions.configuration("nudge-dev")["CodeSha256"] == digest(b"old")
    assert functions.configuration("nudge-dev", "1")["CodeSha256"] == digest(b"first")


# --- Restart --------------------------------------------------------------------------------------


def test_a_restart_changes_a_variable_of_each_function_that_is_there(
    account, monkeypatch, capsys, signals
):
    monkeypatch.setattr(aws, "now", lambda: "2026-11-25T12:00:00+00:00")
    del account.functions["nudge-dev-ops"]
    account.functions["nudge-dev"].variables = {"KEPT": "1"}
    run(restart, monkeypatch, "dev")
    told = {"KEPT": "1", "STARTED_AT": "2026-11-25T12:00:00+00:00"}
    assert account.calls == [("configuration", "nudge-dev", {"Environment": {"Variables": told}})]
    assert "nudge-dev restarts" in capsys.readouterr().out
    bundle = json.loads(account.parameters["/nudge/dev/bundle/all"])
    assert bundle == dict.fromkeys(PARAMETERS, "x")
    account.functions["nudge-dev-ops"] = Function(b"")
    account.parameters.clear()
    restart.restart("dev")
    assert account.parameters == {}  # a stage without parameters gets no bundle
    assert account.functions["nudge-dev-ops"].variables == {
        "STARTED_AT": "2026-11-25T12:00:00+00:00"
    }


def test_many_parameters_are_one_bundle(account):
    """Over 4 KB it is an advanced parameter; AWS gives ten parameters in an answer."""
    account.parameters |= {f"/nudge/dev/LONG_{number}": "x" * 400 for number in range(10)}
    restart.restart("dev")
    bundle = json.loads(account.parameters.pop("/nudge/dev/bundle/all"))
    assert {f"/nudge/dev/{name}": value for name, value in bundle.items()} == account.parameters
    assert len(bundle) == 14


def test_parameters_that_do_not_fit_into_one_are_told_before_a_process_restarts(account):
    """8 KB is what an advanced parameter holds; each of 4 KB fits by itself."""
    account.parameters = {"/nudge/dev/A": "x" * 4000, "/nudge/dev/B": "x" * (4192 - 18)}
    restart.restart("dev")
    assert len(account.parameters["/nudge/dev/bundle/all"]) == 8192
    account.calls.clear()
    account.parameters["/nudge/dev/B"] += "x"
    with pytest.raises(SystemExit) as ended:
        restart.restart("dev")
    assert str(ended.value) == (
        "The parameters under /nudge/dev/ take 8193 bytes together, over the limit of 8192: "
        "shorten some, or remove what is not needed."
    )
    assert account.calls == []


# --- Management commands --------------------------------------------------------------------------


def test_a_command_runs_in_the_function_for_commands(account, monkeypatch, capsys):
    run(manage, monkeypatch, "dev", "check --deploy")
    assert account.calls == [("manage", "nudge-dev-ops", b"old", "check --deploy")]
    assert capsys.readouterr().out == "log �\n"


def test_a_command_runs_in_the_stage_if_there_is_no_other_function(account, monkeypatch):
    del account.functions["nudge-dev-ops"]
    run(manage, monkeypatch, "dev", "check")
    assert account.calls == [("manage", "nudge-dev", b"old", "check")]


def test_a_command_that_fails_ends_with_its_error(account, monkeypatch):
    account.logs["check"] = "x" * 2001
    with pytest.raises(SystemExit) as ended:
        run(manage, monkeypatch, "dev", "check")
    assert str(ended.value) == f"check: {'x' * 2000}\n log �\n"


def test_no_command_is_not_sent(account, monkeypatch):
    with pytest.raises(SystemExit, match=r"Name a command"):
        run(manage, monkeypatch, "dev", " ")
    assert account.calls == []


# --- The smoke test -------------------------------------------------------------------------------


def test_a_stage_is_asked_until_it_is_ready_as_this_build(account, clock):
    answers = [(503, ""), (200, '{"version": "id-of-first"}'), (200, "[]"), (200, "no json")]
    answers.append((200, '{"version": "id-of-old"}'))

    def next_answer(request):
        if request.endswith("readyz/"):
            account.ready[b"old"] = answers.pop(0)

    account.at_request = next_answer
    smoke.check("dev", "id-of-old")
    assert (answers, clock) == ([], [4])


@pytest.mark.parametrize(
    ("build", "answer", "told"),
    [
        ("", (503, "x" * 201), f"answers 503: {'x' * 200}"),
        ("id-of-new", (200, '{"version": "id-of-old"}'), "answers 200"),
        ("id-of-new", (200, '{"status": "ok"}'), "answers 200"),
    ],
    ids=["not ready", "the build before", "no build"],
)
def test_a_stage_that_does_not_become_ready_fails_after_the_timeout(
    account, clock, build, answer, told
):
    account.ready[b"old"] = answer
    with pytest.raises(smoke.SmokeError) as raised:
        smoke.check("dev", build, timeout=5)
    assert str(raised.value).startswith(f"{API}readyz/ {told}")
    assert not str(raised.value).endswith("x" * 201)
    assert clock == [6]


def test_a_version_is_asked_until_it_is_ready_as_this_build(account, clock):
    answers = [(503, ""), (200, '{"version": "id-of-first"}'), (200, '{"version": "id-of-old"}')]

    def next_answer(request):
        if request == "Invoke":
            account.ready[b"old"] = answers.pop(0)

    account.at_request = next_answer
    smoke.check_version("dev", "2", "id-of-old")
    assert (answers, clock) == ([], [2])


def test_a_version_that_does_not_become_ready_fails_after_the_timeout(account, clock):
    account.ready[b"old"] = (503, "x" * 501)
    with pytest.raises(smoke.SmokeError, match="Version 2 is not ready as build id-of-old"):
        smoke.check_version("dev", "2", "id-of-old", timeout=5)
    assert clock == [6]


def test_a_first_cold_start_has_ninety_seconds(account, clock):
    account.ready[b"old"] = (503, "starting")
    with pytest.raises(smoke.SmokeError):
        smoke.check("dev")
    assert clock == [91]
    with pytest.raises(smoke.SmokeError):
        smoke.check_version("dev", "2", "id-of-old")
    assert clock == [182]


def test_without_a_build_any_ready_version_will_do(account, clock):
    account.ready[b"old"] = (200, "ready")
    smoke.check("dev")
    assert clock == [0]


def test_a_missing_static_file_fails(account, clock):
    account.pages["https://static.example.com/css/app.0123.css"] = (403, "x" * 201)
    with pytest.raises(smoke.SmokeError) as raised:
        smoke.check("dev")
    assert str(raised.value) == (
        f"https://static.example.com/css/app.0123.css answers 403, not 200: {'x' * 200}"
    )


@pytest.mark.parametrize("missing", ["bucket", "manifest"])
def test_static_files_are_asked_for_only_if_there_are_any(account, clock, missing, capsys):
    if missing == "bucket":
        account.stacks["nudge-infra-dev"]["Outputs"] = []
    else:
        static.MANIFEST.unlink()
    del account.pages["https://static.example.com/css/app.0123.css"]
    smoke.check("dev")
    assert "no static files to test" in capsys.readouterr().out


@pytest.mark.parametrize("status", [200, 403, 500])
def test_an_api_that_does_not_ask_who_calls_fails(account, clock, status):
    account.pages[API + "api/v1/todos/"] = (status, "")
    with pytest.raises(smoke.SmokeError, match=f"answers {status}, not 401"):
        smoke.check("dev")


def test_an_address_that_does_not_answer_is_no_status(account, clock):
    del account.pages[API + "api/v1/todos/"]
    with pytest.raises(smoke.SmokeError, match=r"answers 0, not 401: no such address"):
        smoke.check("dev")


def test_the_key_of_an_api_that_wants_one_is_sent(account, clock, monkeypatch):
    sent = []

    def get(url, *, headers, allow_redirects, timeout):
        sent.append((headers, allow_redirects, timeout))
        return account.get(url, timeout=timeout)

    monkeypatch.setattr("requests.get", get)
    smoke.check("dev")
    monkeypatch.setenv("API_KEY", "k")
    smoke.check("dev")
    assert sent == [({}, False, 35)] * 3 + [({"x-api-key": "k"}, False, 35)] * 3
