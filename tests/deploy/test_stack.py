"""The infrastructure of a stage: made, changed, waited for, removed; and its addresses."""

import argparse
import re
import sys
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError, NoRegionError

from deploy import aws, destroy, progress, release, stack
from tests.deploy import account as accounts
from tests.deploy.account import API, OUTPUTS

NAME = "nudge-infra-dev"


def run(module, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [module.__name__, *arguments])
    module.main()


# --- Made and changed -----------------------------------------------------------------------------


def test_a_stack_is_made_with_its_parameters(account, clock):
    account.stacks.clear()
    assert stack.apply("dev_ops", {"DbMode": "none"}) == OUTPUTS
    [(action, name, request)] = account.calls
    assert (action, name) == ("create", NAME)
    assert request == {
        "TemplateBody": stack.TEMPLATE.read_text(),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": "DbMode", "ParameterValue": "none"},
            {"ParameterKey": "Stage", "ParameterValue": "dev"},
        ],
    }


def test_a_stack_that_is_there_is_updated_and_keeps_what_is_not_named(account, clock):
    stack.apply("dev", {"Nat": "true"})
    [(action, name, request)] = account.calls
    assert (action, name) == ("update", NAME)
    assert request["Parameters"] == [
        {"ParameterKey": "Nat", "ParameterValue": "true"},
        {"ParameterKey": "Stage", "ParameterValue": "dev"},
        {"ParameterKey": "Cdn", "UsePreviousValue": True},
    ]


def test_nothing_to_change_is_no_failure(account, clock, monkeypatch):
    def refuse(**_request):
        raise account.fail("ValidationError", "No updates are to be performed.")

    monkeypatch.setattr(account, "update_stack", refuse)
    assert stack.apply("dev", {}) == OUTPUTS


def test_a_refused_change_is_a_failure(account, clock, monkeypatch):
    def refuse(**_request):
        raise account.fail("ValidationError", "Parameters: [Nat] must have values")

    monkeypatch.setattr(account, "update_stack", refuse)
    with pytest.raises(ClientError, match=r"must have values"):
        stack.apply("dev", {})


def test_what_is_left_of_a_failed_creation_is_removed_first(account, clock):
    account.stacks[NAME]["StackStatus"] = "ROLLBACK_COMPLETE"
    stack.apply("dev", {})
    assert [call[0] for call in account.calls] == ["delete", "create"]
    assert [each["ParameterKey"] for each in account.calls[1][2]["Parameters"]] == ["Stage"]


def test_a_stack_whose_update_was_rolled_back_is_updated_and_never_removed(account, clock):
    account.states += ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"]
    stack.apply("dev", {})
    assert [call[0] for call in account.calls] == ["update"]


def test_each_state_is_shown_once_until_the_stack_is_complete(account, clock, capsys):
    account.states += ["UPDATE_COMPLETE", *["UPDATE_IN_PROGRESS"] * 3, "UPDATE_COMPLETE"]
    stack.apply("dev", {})
    lines = capsys.readouterr().out.split("\n")
    assert lines == [f"   {NAME}: UPDATE_IN_PROGRESS", f"   {NAME}: UPDATE_COMPLETE", ""]
    assert clock == [9]


@pytest.mark.parametrize("state", ["CREATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_that_failed_says_why(account, clock, state):
    account.states += ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", state]
    why = {"ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no more addresses"}
    account.reasons = [
        {"LogicalResourceId": "NatAddress", **why},
        {"LogicalResourceId": "Other", "ResourceStatus": "CREATE_FAILED"},
        {"LogicalResourceId": "Fine", **why, "ResourceStatus": "CREATE_COMPLETE"},
    ]
    with pytest.raises(SystemExit) as ended:
        stack.apply("dev", {})
    assert str(ended.value) == f"The stack {NAME} is {state}.\n  NatAddress: no more addresses"


@pytest.mark.parametrize("change", ["apply", "delete"])
def test_a_stack_that_is_not_ready_in_time_is_not_taken_for_ready(account, clock, change):
    account.states += ["UPDATE_COMPLETE", *["UPDATE_IN_PROGRESS"] * 10_000]
    with pytest.raises(SystemExit) as ended:
        stack.apply("dev", {}) if change == "apply" else stack.delete("dev")
    assert str(ended.value) == (
        f"The stack {NAME} is still UPDATE_IN_PROGRESS after 45 minutes. Wait until it is complete "
        "(`aws cloudformation describe-stacks`), then repeat this."
    )
    assert clock == [2700]


def test_a_stack_that_is_ready_at_the_last_look_is_ready(account, clock):
    account.states += ["UPDATE_COMPLETE", *["UPDATE_IN_PROGRESS"] * 899, "UPDATE_COMPLETE"]
    assert stack.apply("dev", {}) == OUTPUTS
    assert clock == [2697]


def test_a_stack_that_is_gone_has_no_outputs_and_is_not_removed_again(account, clock):
    account.states.append("DELETE_COMPLETE")
    assert stack.outputs("dev") == {}
    stack.delete("dev")
    assert (account.calls, stack.databases("dev")) == ([], [])


def test_only_a_missing_stack_is_empty(account):
    def deny(_request):
        raise account.fail("AccessDenied")

    account.at_request = deny
    for ask in (stack.outputs, aws.api_id):
        with pytest.raises(ClientError):
            ask("dev")


# --- Parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("managed", [False, True])
def test_every_parameter_that_is_missing_is_named(account, managed):
    account.parameters = {"/nudge/devel/SECRET_KEY": "x", "/nudge/dev/OTHER": "x"}
    if managed:
        account.stacks[NAME] = accounts.stack(DatabaseSecretArn="arn")
    database = [] if managed else ["DATABASE_URL"]
    assert stack.missing("dev") == [*database, "EMAIL_HOST", "SECRET_KEY", "SMS_PROVIDER"]


def test_parameters_of_every_page_are_known(account):
    names = {f"NAME_{number}" for number in range(12)}
    account.parameters = {f"/nudge/dev/{name}": "x" for name in names}
    assert stack.configured("dev") == names


def test_a_parameter_is_not_overwritten_unless_wanted(account):
    assert stack.put_parameter("dev_ops", "SECRET_KEY", "new", overwrite=False) is False
    assert account.parameters["/nudge/dev/SECRET_KEY"] == "x"
    assert stack.put_parameter("dev", "SECRET_KEY", "new") is True
    assert account.parameters["/nudge/dev/SECRET_KEY"] == "new"


def test_a_parameter_that_aws_refuses_is_a_failure(account):
    def deny(_request):
        raise account.fail("AccessDeniedException")

    account.at_request = deny
    with pytest.raises(ClientError):
        stack.put_parameter("dev", "SECRET_KEY", "new", overwrite=False)


def test_a_cdn_in_front_of_the_api_needs_its_secret(account):
    account.stacks["nudge-infra-dev"] = accounts.stack(PublicUrl="https://nudge.example.com")
    assert stack.missing("dev") == ["CDN_SECRET"]
    account.parameters["/nudge/dev/CDN_SECRET"] = "x"
    assert stack.missing("dev") == []


def test_the_command_makes_a_secret_key_once_and_names_what_is_missing(
    account, clock, monkeypatch, capsys
):
    account.parameters = {"/nudge/dev/SMS_PROVIDER": "x", "/nudge/dev/DATABASE_URL": "x"}
    run(stack, monkeypatch, "dev", "Nat=true", "AlarmEmail=a=b@example.com")
    first = account.parameters["/nudge/dev/SECRET_KEY"]
    assert len(first) == 86
    values = [pair.get("ParameterValue") for pair in account.calls[0][2]["Parameters"]]
    assert values[:2] == ["true", "a=b@example.com"]
    output = capsys.readouterr().out
    assert "SECRET_KEY was created and stored." in output
    assert first not in output
    assert re.findall(r"Still to be set: (\w+)", output) == ["EMAIL_HOST"]
    assert "--name /nudge/dev/EMAIL_HOST --value ..." in output
    run(stack, monkeypatch, "dev")
    assert account.parameters["/nudge/dev/SECRET_KEY"] == first
    assert "was made" not in capsys.readouterr().out


# --- Removed --------------------------------------------------------------------------------------


@pytest.fixture
def removed(account, clock, monkeypatch):
    account.databases = {"free": False}
    account.objects = {
        "artifacts": [
            {
                "Versions": [{"Key": "a", "VersionId": "1"}],
                "DeleteMarkers": [{"Key": "b", "VersionId": "2"}],
                "IsTruncated": True,
                "NextKeyMarker": "b",
                "NextVersionIdMarker": "2",
            },
            {"Versions": [{"Key": "c", "VersionId": "3"}]},
        ],
        "statics": [{}],
    }

    def zappa(*arguments):
        account.calls.append(("zappa", *arguments))

    monkeypatch.setattr(release, "zappa", zappa)
    return account


def test_a_stage_is_removed_in_order(removed, monkeypatch, capsys):
    removed.parameters |= {"/nudge/devel/OTHER": "x", "/nudge/dev/bundle/all": "{}"}
    run(destroy, monkeypatch, "dev", "--yes-remove", "dev")
    assert removed.calls == [
        ("zappa", "undeploy", "dev", "--remove-logs", "--yes"),
        ("zappa", "undeploy", "dev_ops", "--remove-logs", "--yes"),
        ("empty", "artifacts", [("a", "1"), ("b", "2")]),
        ("empty", "artifacts", [("c", "3")]),
        ("delete", NAME),
        *(("forget", f"/nudge/dev/{name}") for name in sorted(accounts.PARAMETERS)),
    ]
    assert removed.parameters == {"/nudge/devel/OTHER": "x"}
    assert "artifacts: 3 objects are removed" in capsys.readouterr().out


def test_a_protected_database_refuses_before_anything_is_removed(removed):
    removed.databases["protected"] = True
    with pytest.raises(SystemExit, match=r"The database protected is protected. Nothing was remov"):
        destroy.destroy("dev")
    assert removed.calls == []


@pytest.mark.parametrize("given", [(), ("--yes-remove", ""), ("--yes-remove", "production")])
def test_nothing_is_removed_without_the_name_of_the_stage_again(removed, monkeypatch, given):
    with pytest.raises(SystemExit, match=r"^Nothing is removed without CONFIRM=dev.$"):
        run(destroy, monkeypatch, "dev", *given)
    assert removed.requests == []


def test_what_is_removed_already_is_no_failure(account, clock):
    account.functions.clear()
    account.stacks.clear()
    account.parameters.clear()
    destroy.destroy("dev")
    assert account.calls == []


# --- The account and the addresses ----------------------------------------------------------------


def test_the_addresses_of_a_stage(account, monkeypatch):
    assert aws.api_url("dev") == API
    assert aws.api_url("staging") == ""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/")
    assert aws.api_url("dev") == "http://localhost:4566/_aws/execute-api/api0/dev/"


@pytest.mark.parametrize("state", ["DELETE_COMPLETE", "DELETE_IN_PROGRESS", "CREATE_FAILED"])
def test_an_api_that_is_gone_has_no_address(account, state):
    account.stacks["nudge-dev"] = {"StackStatus": state}
    assert aws.api_id("dev") == ""


def test_names_of_a_stage_and_of_its_function_for_commands():
    assert [aws.function_name(each) for each in ("dev", "dev_ops")] == [
        "nudge-dev",
        "nudge-dev-ops",
    ]
    assert [aws.parameters_path(each) for each in ("dev", "dev_ops")] == ["/nudge/dev/"] * 2
    assert [stack.name(each) for each in ("dev", "dev_ops")] == [NAME] * 2
    assert (aws.ops_stage("dev"), aws.base_stage("ops_dev")) == ("dev_ops", "ops_dev")


def test_an_invocation_is_waited_for_and_never_repeated(monkeypatch):
    made = {}
    monkeypatch.setattr(boto3, "client", lambda service, config: made.update({service: config}))
    for service in ("lambda", "ssm"):
        aws.client.__wrapped__(service)
    config = made["lambda"]
    assert (config.read_timeout, config.retries, config.tcp_keepalive) == (
        910,
        {"total_max_attempts": 1},
        True,
    )
    assert made["ssm"] is None


def test_without_a_region_one_sentence_says_so(monkeypatch):
    def fail(*_arguments, **_options):
        raise NoRegionError

    monkeypatch.setattr(boto3, "client", fail)
    with pytest.raises(SystemExit, match=r"^No AWS region: set AWS_REGION, such as eu-central-1.$"):
        aws.client.__wrapped__("lambda")


def test_an_error_without_a_code_has_none():
    assert aws.error_code(ValueError()) == ""


def test_the_moment_is_in_utc_and_to_the_second():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", aws.now())


def test_a_stage_is_taken_from_the_command_line(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["restart", "dev"])
    assert aws.stage_argument("Restart.") == "dev"
    with pytest.raises(argparse.ArgumentTypeError):
        aws.serving_stage("dev_ops")


def test_a_step_shows_the_seconds_since_the_start(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_started", 0.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: 61.4))
    progress.step("Migrations")
    progress.done("applied")
    assert capsys.readouterr().out == "\n== Migrations (61 s)\n   applied\n"


def test_a_line_is_shown_at_once_and_not_with_the_next(monkeypatch):
    """The log of CI is a pipe."""
    told: list[str] = []
    out = SimpleNamespace(write=told.append, flush=lambda: told.append("flushed"))
    monkeypatch.setattr(sys, "stdout", out)
    progress.done("x")
    assert told == ["   x\n", "flushed"]


def test_an_api_that_is_being_made_has_no_address(account, monkeypatch):
    pending = {"StackResourceDetail": {"ResourceStatus": "CREATE_IN_PROGRESS"}}
    monkeypatch.setattr(account, "describe_stack_resource", lambda **_given: pending)
    assert (aws.api_id("dev"), aws.api_url("dev")) == ("", "")
