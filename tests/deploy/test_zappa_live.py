"""Zappa's own commands for a stage with an alias: for shifts, for SnapStart, and after them."""

import json

import pytest
from click import ClickException

from deploy import aws, callbacks, zappa_live
from tests.deploy import account as accounts
from tests.deploy.account import API, OUTPUTS, Function
from tests.deploy.test_callbacks import OWN, SWEEP, cli  # noqa: F401 - a fixture

ARN = "arn:aws:lambda:eu-central-1:account:function:nudge-dev"
SHIFT = {"shift": {"percents": [10], "minutes": 1}}
SNAP = {"snap_start": "PublishedVersions"}
KEPT = {"API_URL": API}


@pytest.fixture(params=["shift", "snap_start"])
def aliased(cli, monkeypatch, request):  # noqa: F811
    cli.stage_config |= SHIFT if request.param == "shift" else SNAP
    monkeypatch.setattr(zappa_live, "PYTHON", (3, 12))
    return cli


def told(account, *kinds):
    return [call for call in account.calls if call[0] in kinds]


# --- What Zappa calls -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["update", "schedule"])
def test_an_update_begins_with_an_alias_for_the_code_of_now(aliased, account, command):
    aliased.command = command
    callbacks.settings(aliased)
    assert account.functions["nudge-dev"].alias == "2"
    assert aliased.apigateway_lambda_qualifier == "live"
    callbacks.settings(aliased)
    assert len(told(account, "alias")) == 1


def test_an_update_of_what_is_not_deployed_is_left_to_zappa(aliased, account):
    """It says so in one sentence."""
    account.functions.clear()
    callbacks.settings(aliased)
    assert (account.calls, aliased.apigateway_lambda_qualifier) == ([], "live")


def test_a_first_deploy_has_its_alias_before_its_schedules_and_its_api(aliased, account):
    account.functions.clear()
    aliased.command = "deploy"
    callbacks.settings(aliased)
    assert account.calls == []
    account.functions["nudge-dev"] = Function(b"new")
    assert aliased.zappa.create_lambda_function(memory_size=1024) == "answer"
    assert account.done == [("create", {"memory_size": 1024})]
    assert account.functions["nudge-dev"].alias == "1"


def test_schedules_and_their_permissions_are_of_the_alias(aliased, account):
    callbacks.settings(aliased)
    aliased.zappa.schedule_events(lambda_arn=ARN, lambda_name="nudge-dev", events=[])
    aliased.zappa.unschedule_events(lambda_arn=ARN, lambda_name="nudge-dev", events=[])
    aliased.zappa.create_event_permission("nudge-dev", "events.amazonaws.com", "arn:rule")
    given = {"lambda_arn": f"{ARN}:live", "lambda_name": "nudge-dev", "events": []}
    assert account.done == [
        ("schedule", given),
        ("unschedule", given),
        ("permit", "nudge-dev:live", "events.amazonaws.com", "arn:rule", {}),
    ]


@pytest.mark.parametrize("wanted", [{}, SHIFT], ids=["switched off", "switched on"])
def test_rules_and_permissions_of_before_the_switch_go(cli, account, wanted):  # noqa: F811
    """Otherwise each schedule would run twice: by the alias and by the newest code."""
    cli.stage_config |= wanted
    cli.zappa.rules = {ARN: ["a", "b"], f"{ARN}:live": ["b", "c"]}
    callbacks.settings(cli)
    for arn in (ARN, f"{ARN}:live"):
        assert cli.zappa.get_event_rule_names_for_lambda(lambda_arn=arn) == ["a", "b", "c"]
    cli.zappa._clear_policy("nudge-dev")
    assert account.done == [("clear", "nudge-dev", {}), ("clear", "nudge-dev:live", {})]


def test_the_new_code_is_not_published_with_the_old_variables(aliased, account):
    callbacks.settings(aliased)
    aliased.zappa.update_lambda_function(function_name="nudge-dev", num_revisions=10)
    given = {"function_name": "nudge-dev", "num_revisions": None, "publish": False}
    assert account.done == [("update", given)]


@pytest.mark.parametrize(("answer", "moves"), [("arn", True), (False, False)])
def test_a_rollback_by_zappa_moves_the_alias(aliased, account, answer, moves):
    aliased.command, aliased.vargs = "rollback", {"num_rollback": "1"}
    function = account.functions["nudge-dev"]
    function.alias = "2"

    def back(name, versions_back):
        function.begin_change()  # Zappa does not wait for it
        function.publish(b"first")
        return answer

    aliased.zappa.rollback_lambda_function_version = back
    callbacks.settings(aliased)
    assert aliased.zappa.rollback_lambda_function_version("nudge-dev", versions_back=1) == answer
    assert function.alias == ("3" if moves else "2")


def test_code_goes_to_the_processor_that_it_was_made_for(cli, account):  # noqa: F811
    callbacks.settings(cli)
    cli.zappa.lambda_client.update_function_code(FunctionName="nudge-dev")
    assert account.done == [
        ("code of Zappa", {"Architectures": ["x86_64"], "FunctionName": "nudge-dev"})
    ]


# --- SnapStart ------------------------------------------------------------------------------------


def test_snapstart_is_ours_to_switch_on_and_nothing_is_kept_warm(cli, account, monkeypatch):  # noqa: F811
    monkeypatch.setattr(zappa_live, "PYTHON", (3, 12))
    cli.stage_config |= SNAP
    cli.snap_start, cli.apigateway_lambda_qualifier = "PublishedVersions", "snapstart"
    callbacks.settings(cli)
    assert (cli.snap_start, cli.apigateway_lambda_qualifier) == ("None", "live")
    assert cli.overridden == {"keep_warm": False}
    account.functions["nudge-dev"].variables, account.functions["nudge-dev"].queue = (
        dict(KEPT),
        "arn:queue",
    )
    account.calls.clear()
    account.functions["nudge-dev"].code = b"new"
    callbacks.post(cli)
    assert account.calls == [
        ("retries", "nudge-dev", "$LATEST"),
        ("configuration", "nudge-dev", {"SnapStart": {"ApplyOn": "PublishedVersions"}}),
        ("retries", "nudge-dev", "3"),
        ("alias", "nudge-dev", "3", {}),
    ]


def test_the_function_for_commands_has_neither(cli, account, monkeypatch):  # noqa: F811
    monkeypatch.setattr(zappa_live, "PYTHON", (3, 12))
    cli.api_stage, cli.lambda_name = "dev_ops", "nudge-dev-ops"
    cli.stage_config |= SNAP | SHIFT
    cli.snap_start, cli.apigateway_lambda_qualifier = "PublishedVersions", "snapstart"
    callbacks.settings(cli)
    callbacks.post(cli)
    assert (cli.snap_start, cli.apigateway_lambda_qualifier) == ("None", None)
    assert told(account, "alias") == []
    assert account.functions["nudge-dev-ops"].snap_start == "None"


# --- After the deployment -------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "serves"), [(False, "3"), (True, "2")])
def test_zappa_alone_moves_the_alias_and_a_release_moves_it_itself(
    aliased, account, monkeypatch, later, serves
):
    callbacks.settings(aliased)
    if later:
        monkeypatch.setenv(zappa_live.SHIFTS_LATER, "1")
    function = account.functions["nudge-dev"]
    function.code = b"new"
    callbacks.post(aliased)
    assert function.alias == serves
    assert [code for code, _ in function.versions] == [b"first", b"old", b"new"]


def test_a_stage_that_stops_loses_its_alias(cli, account):  # noqa: F811
    account.functions["nudge-dev"].alias = "2"
    callbacks.settings(cli)
    callbacks.post(cli)
    assert told(account, "alias", "no alias") == [("no alias", "nudge-dev")]


@pytest.mark.parametrize(
    ("kept", "gone"), [(10, []), (2, ["2", "3"]), (1, ["2", "3", "4"]), (None, [])]
)
def test_old_versions_go_but_never_the_one_that_serves(aliased, account, monkeypatch, kept, gone):
    """Many deploys may have failed since."""
    monkeypatch.setenv(zappa_live.SHIFTS_LATER, "1")
    function = account.functions["nudge-dev"]
    function.versions = [(str(n).encode(), "python3.11") for n in range(5)]
    function.code, function.alias = b"4", "1"
    aliased.num_retained_versions = kept
    callbacks.settings(aliased)
    callbacks.post(aliased)
    assert [call[2] for call in told(account, "prune")] == gone


def test_the_oldest_of_twelve_versions_go(aliased, account):
    """As numbers: as texts, 10 comes before 2."""
    function = account.functions["nudge-dev"]
    function.versions = [(str(n).encode(), "python3.11") for n in range(1, 13)]
    function.code, function.alias = b"12", "12"
    callbacks.settings(aliased)
    callbacks.post(aliased)
    assert [call[2] for call in told(account, "prune")] == ["1", "2"]


@pytest.mark.parametrize("wanted", [{}, SHIFT], ids=["switched off", "switched on"])
def test_one_mapping_takes_from_the_queue(cli, account, wanted):  # noqa: F811
    cli.stage_config |= {"events": [SWEEP], **wanted}
    queue = OUTPUTS["TaskQueueArn"]
    account.mappings = {("nudge-dev", queue): OWN, ("nudge-dev:live", queue): OWN[::-1]}
    callbacks.settings(cli)
    account.calls.clear()
    cli.schedule()
    stays, goes = (OWN[::-1], OWN) if wanted else (OWN, OWN[::-1])
    assert [call[:2] for call in told(account, "mapping", "unmap")] in (
        [("mapping", stays), ("unmap", goes)],
        [("unmap", goes), ("mapping", stays)],
    )


def test_a_stage_may_have_the_name_of_the_alias(cli, account):  # noqa: F811
    cli.lambda_name, cli.stage_config["events"] = "nudge-live", [SWEEP]
    account.functions["nudge-live"] = Function(b"old")
    account.mappings = {("nudge-live", OUTPUTS["TaskQueueArn"]): OWN}
    callbacks.settings(cli)
    cli.schedule()
    assert [call[:2] for call in told(account, "mapping", "unmap")] == [("mapping", OWN)]


# --- What is refused ------------------------------------------------------------------------------


def test_a_stack_that_does_not_know_the_alias_is_updated_first(aliased, account):
    outputs = {name: value for name, value in OUTPUTS.items() if name != "Alias"}
    account.stacks["nudge-infra-dev"] = accounts.stack(**outputs)
    with pytest.raises(ClickException, match=r"may not call an alias yet.*make infra STAGE=dev"):
        callbacks.settings(aliased)
    assert account.calls == []


def test_a_function_url_would_pass_by_the_alias(aliased, account):
    aliased.use_function_url = True
    with pytest.raises(ClickException, match="calls the newest code, past the alias"):
        callbacks.settings(aliased)
    assert account.calls == []


def test_a_stage_without_an_alias_may_have_a_function_url(cli):  # noqa: F811
    cli.use_function_url = True
    callbacks.settings(cli)
    assert cli.apigateway_lambda_qualifier is None


def test_a_role_by_hand_is_not_known_to_lack_the_alias(aliased, account, monkeypatch):
    account.stacks.clear()
    monkeypatch.setenv("S3_BUCKET", "by-hand")
    callbacks.settings(aliased)
    assert account.functions["nudge-dev"].alias == "2"


def test_a_shift_that_makes_no_sense_is_refused_by_zappa_too(cli):  # noqa: F811
    cli.stage_config["shift"] = {"percents": [100], "minutes": 1}
    with pytest.raises(ClickException, match="between 1 and 99"):
        callbacks.settings(cli)


def test_no_stage_of_ours_has_an_alias():
    stages = json.loads(aws.SETTINGS.read_text()).values()
    assert [stage for stage in stages if {"shift", "snap_start", "architecture"} & set(stage)] == []
