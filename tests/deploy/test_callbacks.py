"""What Zappa calls: the settings it lacks, our archive in the place of its own, and the rest."""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from click import ClickException
from zappa.cli import ZappaCLI

from deploy import archive, aws, callbacks, package, static, zappa_files, zappa_live
from tests.deploy import account as accounts
from tests.deploy.account import API, OUTPUTS, PARAMETERS, Account

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-11-25T12:00:00+00:00"
VARIABLES = {
    "STAGE": "dev",
    "STARTED_AT": NOW,
    "PARAMETERS_PATH": "/nudge/dev/",
    "STATIC_URL": "https://static.example.com/",
    "MEDIA_BUCKET": "media",
    "TASK_QUEUE_URL": "https://queue.example.com/tasks",
    "DEAD_LETTER_QUEUE_URL": "https://queue.example.com/",
    "DATABASE_HOST": "",
    "DATABASE_NAME": "",
    "DATABASE_POOLED": "",
    "DATABASE_SECRET_ARN": "",
    "AWS_ENDPOINT_URL": "",
    "API_URL": API,
    "PUBLIC_BASE_URL": "",
}


@dataclass
class Zappa:
    """What a command calls, and ours changes."""

    account: Account
    credentials_arn: str | None = None
    extra_permissions: Any = "websocket"
    lambda_client: Any = None
    rules: dict[str, list[str]] = field(default_factory=dict)  # target -> names

    def __post_init__(self) -> None:
        self.lambda_client = SimpleNamespace(update_function_code=self._told("code of Zappa"))
        self.schedule_events = self._told("schedule")
        self.unschedule_events = self._told("unschedule")
        self.create_event_permission = self._told("permit")
        self.update_lambda_function = self._told("update")
        self.create_lambda_function = self._told("create")
        self.rollback_lambda_function_version = self._told("roll back")
        self._clear_policy = self._told("clear")

    def get_event_rule_names_for_lambda(self, lambda_arn: str) -> list[str]:
        return self.rules.get(lambda_arn, [])

    def _told(self, name: str) -> Any:
        def tell(*given: Any, **options: Any) -> str:
            self.account.done.append((name, *given, options))
            return "answer"

        return tell


@pytest.fixture
def cli(account, monkeypatch):
    """Zappa's command line at the moment of a callback, as far as it is read or changed there."""
    monkeypatch.setattr(aws, "now", lambda: NOW)
    overridden: dict[str, Any] = {}
    return SimpleNamespace(
        overridden=overridden,
        override_stage_config_setting=overridden.__setitem__,
        lambda_concurrency=7,
        schedule=lambda: account.calls.append(("schedule",)),
        command="update",
        api_stage="dev",
        lambda_name="nudge-dev",
        architecture="x86_64",
        snap_start="None",
        stage_config={"extra_permissions": None},
        aws_environment_variables={"INSTANTIATE": "True", "STAGE": "?"},
        s3_bucket_name="zappa-random",
        manage_roles=True,
        vpc_config={},
        dead_letter_config={},
        use_websocket="found",
        domain=None,
        base_path=None,
        zip_path="zappa.zip",
        get_zappa_settings_string=lambda: "DEBUG=False\n",
        use_function_url=False,
        num_retained_versions=10,
        apigateway_lambda_qualifier=None,
        zappa=Zappa(account),
    )


# --- Settings -------------------------------------------------------------------------------------


def test_the_stack_fills_in_bucket_role_queue_and_variables(cli):
    callbacks.settings(cli)
    assert (cli.s3_bucket_name, cli.manage_roles) == ("artifacts", False)
    assert cli.zappa.credentials_arn == "arn:role"
    assert cli.dead_letter_config == {"TargetArn": "arn:queue"}
    assert cli.vpc_config == {}
    assert cli.aws_environment_variables == {
        "INSTANTIATE": "True",
        **{name: value for name, value in VARIABLES.items() if value},
    }


SWEEP = {"function": "sms.schedule.sweep", "expression": "rate(1 minute)"}


@pytest.mark.parametrize("events", [[SWEEP], [], None])
def test_a_function_with_events_empties_the_queue_of_the_stage(cli, events):
    cli.stage_config["events"] = events
    callbacks.settings(cli)
    source = {"arn": OUTPUTS["TaskQueueArn"], "batch_size": 10, "batch_window": 0, "enabled": True}
    queue = {"function": "serverless.events.run", "event_source": source}
    assert cli.overridden == ({"events": [SWEEP, queue]} if events else {})


@pytest.mark.parametrize(
    ("stage", "outputs", "expected"),
    [("dev", {"Concurrency": "50"}, 50), ("dev", {}, 7), ("dev_ops", {"Concurrency": "50"}, 7)],
    ids=["the stack's", "the settings'", "never for commands"],
)
def test_how_many_processes_may_serve_at_once(cli, account, stage, outputs, expected):
    cli.api_stage = stage
    account.stacks["nudge-infra-dev"] = accounts.stack(**OUTPUTS, **outputs)
    callbacks.settings(cli)
    assert cli.lambda_concurrency == expected


def test_behind_a_pooler_the_functions_know_it(cli, account):
    account.stacks["nudge-infra-dev"] = accounts.stack(**OUTPUTS, DatabasePooled="True")
    callbacks.settings(cli)
    assert cli.aws_environment_variables["DATABASE_POOLED"] == "True"


def test_without_a_queue_the_events_stay_as_they_are(cli, account):
    account.stacks["nudge-infra-dev"] = accounts.stack(**OUTPUTS | {"TaskQueueArn": ""})
    cli.stage_config["events"] = [SWEEP]
    callbacks.settings(cli)
    assert cli.overridden == {}


def test_a_stack_with_a_network_and_a_database(cli, account):
    network = {"SubnetIds": "a,b", "SecurityGroupIds": "c,d"}
    database = {"DatabaseHost": "h", "DatabaseName": "n", "DatabaseSecretArn": "arn:secret"}
    account.stacks["nudge-infra-dev"] = accounts.stack(**OUTPUTS, **network, **database)
    callbacks.settings(cli)
    assert cli.vpc_config == {"SubnetIds": ["a", "b"], "SecurityGroupIds": ["c", "d"]}
    told = {"DATABASE_HOST": "h", "DATABASE_NAME": "n", "DATABASE_SECRET_ARN": "arn:secret"}
    assert {name: cli.aws_environment_variables[name] for name in told} == told


def test_a_function_on_a_local_aws_names_its_addresses(cli, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1/")
    assert callbacks.environment(cli, OUTPUTS) == VARIABLES | {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "STATIC_URL": "http://127.0.0.1:1/statics/",
        "API_URL": "http://localhost:1/_aws/execute-api/api0/dev/",
    }


def test_before_the_first_deploy_the_address_is_not_known(cli, account):
    account.apis.clear()
    callbacks.settings(cli)
    assert cli.aws_environment_variables["API_URL"] == "https://not-known-yet.invalid/"


def test_the_function_for_commands_has_the_address_and_the_secrets_of_its_stage(cli):
    cli.api_stage = "dev_ops"
    callbacks.settings(cli)
    told = cli.aws_environment_variables
    assert (told["STAGE"], told["API_URL"]) == ("dev_ops", API)
    assert told["PARAMETERS_PATH"] == "/nudge/dev/"


@pytest.mark.parametrize(
    ("domain", "path", "address"),
    [
        ("nudge.example.com", None, "https://nudge.example.com"),
        ("nudge.example.com", "/app/", "https://nudge.example.com/app"),
        (None, "app", ""),
    ],
)
def test_the_address_of_a_domain(cli, domain, path, address):
    cli.domain, cli.base_path = domain, path
    assert callbacks.environment(cli, {})["PUBLIC_BASE_URL"] == address
    made = {"PublicUrl": "https://cdn.example.com"}
    assert callbacks.environment(cli, made)["PUBLIC_BASE_URL"] == "https://cdn.example.com"


def test_websockets_are_permitted_only_if_the_settings_say_so(cli):
    callbacks.settings(cli)
    assert (cli.use_websocket, cli.zappa.extra_permissions) == (None, None)


@pytest.mark.parametrize("command", ["deploy", "update"])
def test_new_processes_find_all_parameters_as_one(cli, account, command):
    cli.command = command
    callbacks.settings(cli)
    stored = json.loads(account.parameters["/nudge/dev/bundle/all"])
    assert stored == dict.fromkeys(PARAMETERS, "x")
    account.parameters["/nudge/dev/EMAIL_HOST"] = "changed"
    cli.command = "tail"
    callbacks.settings(cli)
    assert json.loads(account.parameters["/nudge/dev/bundle/all"]) == stored


@pytest.mark.parametrize("command", ["package", "save-python-settings-file", "template"])
def test_what_is_made_offline_asks_no_account(cli, account, command):
    cli.command = command
    callbacks.settings(cli)
    assert (account.requests, cli.s3_bucket_name) == ([], "zappa-random")


def test_without_a_stack_a_bucket_must_be_named(cli, account, monkeypatch):
    account.stacks.clear()
    with pytest.raises(
        ClickException, match=r"no stack nudge-infra-dev: run `make infra STAGE=dev`"
    ):
        callbacks.settings(cli)
    monkeypatch.setenv("S3_BUCKET", "by-hand")
    callbacks.settings(cli)
    assert (cli.s3_bucket_name, cli.manage_roles) == ("by-hand", True)
    assert "MEDIA_BUCKET" not in cli.aws_environment_variables
    cli.stage_config["s3_bucket"] = "of the settings"
    cli.s3_bucket_name = "of the settings"
    callbacks.settings(cli)
    assert cli.s3_bucket_name == "of the settings"


# --- The archive ----------------------------------------------------------------------------------


@pytest.fixture
def built(monkeypatch):
    """The order of the parts, and what the package is built from."""
    parts: list[tuple[Any, ...]] = []
    monkeypatch.setattr(static, "collect", lambda outputs: parts.append(("collect", outputs)))

    def build(target, architecture, *, extra):
        parts.append(("build", target, architecture, extra))
        return "0123456789ab"

    monkeypatch.setattr(package, "build", build)
    return parts


def test_static_files_are_collected_and_our_archive_is_written(cli, built, capsys):
    callbacks.zip(cli)
    assert built == [
        ("collect", OUTPUTS),
        ("build", Path("zappa.zip"), "x86_64", ()),
    ]
    assert capsys.readouterr().out == "Build 0123456789ab\n"


@pytest.mark.parametrize(
    "error", [NoCredentialsError(), EndpointConnectionError(endpoint_url="x"), SystemExit("region")]
)
def test_only_a_package_is_made_without_an_account(cli, account, built, error):
    def away(_request):
        raise error

    account.at_request = away
    with pytest.raises(type(error)):
        callbacks.zip(cli)
    assert built == []
    cli.command = "package"
    callbacks.zip(cli)
    packed = ("staticfiles/css/app.0123.css",)
    assert built == [("collect", {}), ("build", Path("zappa.zip"), "x86_64", packed)]


@pytest.mark.parametrize("error", [archive.PackageError("why"), static.CollectError("why")])
def test_a_package_that_cannot_be_made_ends_zappa_with_one_sentence(cli, monkeypatch, error):
    def fail(_outputs):
        raise error

    monkeypatch.setattr(static, "collect", fail)
    with pytest.raises(ClickException, match=r"^why$"):
        callbacks.zip(cli)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ImportWarning")
def test_zappa_and_a_release_write_the_same_files(account, built, monkeypatch, tmp_path):
    """Zappa's real command line, which copies neither the folder nor the environment."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    target = tmp_path / "zappa.zip"
    cli = ZappaCLI()
    cli.vargs = {"output": str(target)}
    cli.command, cli.load_credentials = "package", False
    cli._detect_websocket_usage = lambda: None
    cli.dispatch_command("package", "dev")
    with zipfile.ZipFile(target) as packed:
        of_zappa = {name: packed.read(name) for name in packed.namelist()}
    assert set(of_zappa) == {"django_zappa_app.py", "zappa_settings.py"}
    assert built[-1][:3] == ("build", target, "x86_64")


def test_a_stage_of_the_settings_has_its_own_command_line(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert zappa_files.command_line("production").lambda_name == "nudge-production"


def test_a_stage_that_the_settings_do_not_name_has_no_package(monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ClickException, match=r"Please define stage 'other'"):
        zappa_files.command_line("other")


def test_an_archive_without_a_name_has_the_prefix(cli, tmp_path):
    zappa_files.copy_nothing(cli)
    made = cli.zappa.create_lambda_zip(prefix="nudge-dev", exclude=["x"], output=None)
    assert (made.startswith("nudge-dev-"), made.endswith(".zip")) == (True, True)
    with zipfile.ZipFile(made) as packed:
        assert packed.namelist() == []


# --- What is refused before it begins -------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dev", "dev_ops"])
@pytest.mark.parametrize("command", ["deploy", "update"])
def test_a_function_that_could_not_start_is_not_deployed(cli, account, command, stage):
    cli.command, cli.api_stage = command, stage
    del account.parameters["/nudge/dev/EMAIL_HOST"], account.parameters["/nudge/dev/DATABASE_URL"]
    with pytest.raises(ClickException, match="would refuse to start without DATABASE_URL, EMAIL_H"):
        callbacks.settings(cli)
    cli.command = "tail"
    callbacks.settings(cli)


@pytest.mark.parametrize(("back", "is_there"), [("1", True), ("2", False)])
def test_a_version_that_never_was_is_not_rolled_back_to(cli, back, is_there):
    cli.command, cli.vargs = "rollback", {"num_rollback": back}
    if is_there:
        callbacks.settings(cli)
        return
    with pytest.raises(ClickException, match=r"^nudge-dev has 1 previous versions\.$"):
        callbacks.settings(cli)


def test_a_function_that_published_nothing_has_no_version_to_roll_back_to(cli, account):
    account.functions["nudge-dev"].versions.clear()
    cli.command, cli.vargs = "rollback", {"num_rollback": "1"}
    with pytest.raises(ClickException, match=r"^nudge-dev has 0 previous versions\.$"):
        callbacks.settings(cli)


def test_files_that_no_page_uses_are_not_packed(account):
    jquery = "admin/js/vendor/jquery/jquery"
    paths = {
        "css/app.css": "css/app.1.css",
        "js/app.js.map": "js/app.js.1.map",
        "drf_spectacular_sidecar/redoc/x.js": "drf_spectacular_sidecar/redoc/x.1.js",
        "a.png": "a.1.png",
        f"{jquery}.js": f"{jquery}.1.js",
        f"{jquery}.min.js": f"{jquery}.min.1.js",
        "rest_framework/fonts/a.svg": "rest_framework/fonts/a.1.svg",
        "rest_framework/fonts/a.woff": "rest_framework/fonts/a.1.woff",
    }
    static.MANIFEST.write_text(json.dumps({"paths": paths}))
    assert static.packed({}) == (
        "staticfiles/a.1.png",
        f"staticfiles/{jquery}.min.1.js",
        "staticfiles/css/app.1.css",
        "staticfiles/rest_framework/fonts/a.1.woff",
    )
    assert static.packed(OUTPUTS) == ()


# --- After the deployment -------------------------------------------------------------------------


def test_retries_dead_letters_and_variables_are_set(cli, account):
    kept = {"KEPT": "1", "STAGE": "dev"}
    account.functions["nudge-dev"].variables = {"DATABASE_HOST": "gone", **kept}
    callbacks.post(cli)
    assert account.requests[0] == "GetFunction"  # waits for what Zappa did last
    told = {**kept, "API_URL": API}
    assert account.calls == [
        ("retries", "nudge-dev", "$LATEST"),
        ("configuration", "nudge-dev", {"DeadLetterConfig": {"TargetArn": "arn:queue"}}),
        ("configuration", "nudge-dev", {"Environment": {"Variables": told}}),
    ]


OWN = "5c0c3cf4-3ad6-4e43-8c0b-0d3f0f1f6f0a"


def test_the_queue_is_emptied_by_so_many_processes_and_keeps_what_failed(cli, account, monkeypatch):
    account.functions["nudge-dev"].queue = "arn:queue"
    account.functions["nudge-dev"].variables = {"API_URL": API}
    account.mappings = {
        ("nudge-dev", OUTPUTS["TaskQueueArn"]): OWN,
        ("nudge-dev", "arn:other"): "another queue",
        ("nudge-dev-ops", OUTPUTS["TaskQueueArn"]): "another function",
        ("other-nudge-dev", OUTPUTS["TaskQueueArn"]): "another project",
    }
    cli.stage_config["events"] = [SWEEP]
    callbacks.settings(cli)
    assert account.calls == []
    account.states = ["Creating", "Enabling"]
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    cli.schedule()
    bounded = {
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 5},
    }
    assert account.calls == [("schedule",), ("mapping", OWN, bounded)]
    assert pauses == [2, 2]


@pytest.mark.parametrize(
    ("looks", "waits"),
    [([[]], 0), ([["Enabled"]], 0), ([["Enabled", "Updating"], ["Enabled", "Enabled"]], 1)],
    ids=["none", "one", "one of two"],
)
def test_every_mapping_is_waited_for(cli, account, monkeypatch, looks, waits):
    def listed(EventSourceArn):  # noqa: N803 - AWS's word
        arn = "arn:aws:lambda:eu-central-1:account:function:nudge-dev"
        states = looks.pop(0)
        found = [{"UUID": OWN, "State": state, "FunctionArn": arn} for state in states]
        return {"EventSourceMappings": found}

    monkeypatch.setattr(account, "list_event_source_mappings", listed)
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    cli.stage_config["events"] = [SWEEP]
    callbacks.settings(cli)
    cli.schedule()
    assert (looks, pauses) == ([], [2] * waits)


def test_a_mapping_that_aws_goes_on_changing_is_waited_for_for_five_minutes(
    cli, account, monkeypatch
):
    account.mappings = {("nudge-dev", OUTPUTS["TaskQueueArn"]): OWN}
    cli.stage_config["events"] = [SWEEP]
    callbacks.settings(cli)
    account.states = ["Updating"] * 1000
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    with pytest.raises(ClickException) as ended:
        cli.schedule()
    assert ended.value.message == (
        "AWS still changes the mapping of the task queue to nudge-dev after 5 minutes. Repeat the "
        "command later."
    )
    assert (account.calls, sum(pauses)) == ([("schedule",)], 300)


def test_what_is_set_already_is_not_changed(cli, account):
    function = account.functions["nudge-dev"]
    function.variables, function.queue = {"API_URL": API}, "arn:queue"
    callbacks.post(cli)
    assert [call[0] for call in account.calls] == ["retries"]


def test_without_a_stack_a_queue_of_before_is_taken_away(cli, account):
    account.stacks.clear()
    function = account.functions["nudge-dev"]
    function.variables, function.queue = {"API_URL": API, "MEDIA_BUCKET": "gone"}, "arn:queue"
    callbacks.post(cli)
    assert (function.queue, function.variables) == ("", {"API_URL": API})


# --- What is not supported ------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["arm64", "SnapStart"])
@pytest.mark.parametrize(("python", "refused"), [((3, 11), True), ((3, 12), False)])
def test_what_lambda_has_from_python_3_12_on_is_refused_before(
    cli, account, monkeypatch, switch, python, refused
):
    monkeypatch.setattr(zappa_live, "PYTHON", python)
    if switch == "arm64":
        cli.architecture = "arm64"
    else:
        cli.stage_config["snap_start"] = "PublishedVersions"
    if refused:
        with pytest.raises(ClickException, match=rf"^{switch} needs Python 3\.12 or newer"):
            callbacks.settings(cli)
        cli.command = "undeploy"
    callbacks.settings(cli)


# --- Static files ---------------------------------------------------------------------------------


@pytest.fixture
def collectstatic(monkeypatch, tmp_path):
    """In the place of the command; remembers with which variables it ran."""
    given = SimpleNamespace(code=0, command=None, env=None)
    monkeypatch.chdir(tmp_path)

    def run(command, *, env, **_options):
        given.command, given.env = command, env
        static.MANIFEST.parent.mkdir(exist_ok=True)
        if given.code is not None:
            static.MANIFEST.write_text("{}")
        return SimpleNamespace(returncode=given.code or 0, stderr="first" + "x" * 2000)

    monkeypatch.setattr(subprocess, "run", run)
    return given


@pytest.mark.parametrize(
    ("outputs", "endpoint", "bucket", "url", "place"),
    [
        (OUTPUTS, "", "statics", "https://static.example.com/", "static.example.com"),
        (OUTPUTS, "http://127.0.0.1:1/", "statics", "http://127.0.0.1:1/statics/", "127.0.0.1:1"),
        ({}, "http://127.0.0.1:1", "", "/static/", "in the package"),
    ],
    ids=["AWS", "local AWS", "no bucket"],
)
def test_static_files_go_to_the_bucket_of_the_stage(
    collectstatic, monkeypatch, capsys, outputs, endpoint, bucket, url, place
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    static.collect(outputs)
    quietly = ["--noinput", "--verbosity", "0"]
    assert collectstatic.command == [sys.executable, "manage.py", "collectstatic", *quietly]
    told = {name: collectstatic.env[name] for name in ("DEBUG", "STATIC_BUCKET", "STATIC_URL")}
    assert told == {"DEBUG": "True", "STATIC_BUCKET": bucket, "STATIC_URL": url}
    assert capsys.readouterr().out == f"Static files are collected ({place}).\n"


@pytest.mark.parametrize("code", [1, None], ids=["an error", "no manifest"])
def test_static_files_that_cannot_be_collected_end_with_the_reason(collectstatic, code):
    collectstatic.code = code
    with pytest.raises(static.CollectError) as raised:
        static.collect({})
    assert str(raised.value) == f"collectstatic failed:\n{'x' * 2000}"
