"""The plain commands of Zappa, as its documents name them, in the order of a stage's life."""

import json
import re
import time
import zipfile
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.cloud.local import ROOT, SCRIPTS, TIMEOUT, Cloud, Ended, eventually

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]


BUCKET = "packages-of-one-stage"


def zappa(cloud: Cloud, *arguments: str, **variables: Any) -> str:
    ended: Ended = cloud.run(str(SCRIPTS / "zappa"), *arguments, **variables)
    assert ended.code == 0, ended.output
    return ended.output


def copy_parameters(cloud: Cloud, source: str, target: str) -> None:
    ssm = cloud.client("ssm")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(
        Path=f"/nudge/{source}/", WithDecryption=True
    )
    for each in (each for page in pages for each in page["Parameters"]):
        name = each["Name"].replace(f"/{source}/", f"/{target}/")
        ssm.put_parameter(Name=name, Value=each["Value"], Type="SecureString", Overwrite=True)


def test_status_tells_what_is_deployed(cloud):
    assert "nudge-dev" in zappa(cloud, "status", "dev")
    assert json.loads(zappa(cloud, "status", "dev", "--json"))["Lambda Name"] == "nudge-dev"


def test_manage_runs_commands(cloud):
    assert "No migrations to apply" in zappa(cloud, "manage", "dev", "migrate")
    checked = zappa(cloud, "manage", "dev", "check --deploy")
    assert "System check identified 1 issue" in checked
    assert "security.W008" in checked  # the one: the local cloud speaks plain http


def test_manage_says_by_its_exit_code_that_a_command_failed(cloud):
    ended = cloud.run(str(SCRIPTS / "zappa"), "manage", "dev", "migrate todos 9999")
    assert ended.code != 0


def test_invoke_runs_a_function(cloud):
    assert "Sweep " in zappa(cloud, "invoke", "dev", "sms.schedule.sweep")


def test_tail_shows_requests_as_lines_of_json(cloud):
    requests.get(cloud.address + "todos/?secret=in-a-query", timeout=TIMEOUT)
    output = eventually(
        lambda: zappa(cloud, "tail", "dev", "--since", "1h", "--http", "--disable-keep-open")
    )
    assert "in-a-query" not in output


def test_package_makes_the_zip(cloud, tmp_path):
    made = tmp_path / "by-hand.zip"
    assert "Package created" in zappa(cloud, "package", "dev", "--output", str(made))
    assert zipfile.is_zipfile(made)


def test_update_and_rollback(cloud):
    function = cloud.client("lambda")
    first = function.get_function_configuration(FunctionName="nudge-dev")["CodeSha256"]
    page = ROOT / "templates" / "robots.txt"
    page.write_text("another build")
    try:
        output = zappa(cloud, "update", "dev")
    finally:
        page.unlink()
    assert "Your updated Zappa deployment is live!" in output
    eventually(cloud.ready)
    second = function.get_function_configuration(FunctionName="nudge-dev")["CodeSha256"]
    assert second != first
    output = zappa(cloud, "rollback", "dev", "-n", "1")
    assert "Done!" in output
    assert function.get_function_configuration(FunctionName="nudge-dev")["CodeSha256"] == first
    eventually(cloud.ready)


def test_schedule_and_unschedule(cloud):
    zappa(cloud, "unschedule", "dev")
    assert cloud.client("events").list_rules(NamePrefix="nudge-dev-")["Rules"] == []
    assert "Scheduled nudge-dev-sms.schedule.sweep" in zappa(cloud, "schedule", "dev")


def lines_until(cloud: Cloud, group: str, at: int) -> list[Any]:
    """Milliseconds. A minute that was still being worked on may begin the log again."""
    logs = cloud.client("logs")
    try:
        found: list[Any] = logs.filter_log_events(logGroupName=group, endTime=at)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return found


def test_undeploy_and_deploy_again(cloud):
    before = int(time.time() * 1000)
    zappa(cloud, "undeploy", "dev", "--remove-logs", "--yes")
    functions = cloud.client("lambda").list_functions()["Functions"]
    assert "nudge-dev" not in {function["FunctionName"] for function in functions}
    assert lines_until(cloud, "/aws/lambda/nudge-dev", before) == []
    assert "Deployment complete" in zappa(cloud, "deploy", "dev")
    assert "No migrations to apply" in zappa(cloud, "manage", "dev", "migrate")
    eventually(cloud.ready)


def test_without_infrastructure_the_command_says_what_to_do(cloud):
    ended = cloud.run(str(SCRIPTS / "zappa"), "deploy", "production")
    assert ended.code != 0
    assert "run `make infra STAGE=production` first" in ended.output


def test_a_bucket_is_enough_if_no_stack_is_wanted(cloud):
    """Zappa makes the role then, with the policy of this project instead of its own.

    A stage without its parameters is refused; with them its pages are styled out of the package.
    """
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    refused = cloud.run(str(SCRIPTS / "zappa"), "deploy", "staging", S3_BUCKET=BUCKET)
    assert refused.code != 0
    assert "staging would refuse to start without DATABASE_URL, EMAIL_HOST" in refused.output
    copy_parameters(cloud, "dev", "staging")
    assert "Deployment complete" in zappa(cloud, "deploy", "staging", S3_BUCKET=BUCKET)
    address = cloud.address_of("staging")
    page = requests.get(f"{address}auth/login/", timeout=TIMEOUT)
    assert page.status_code == 200
    [styles, *_] = re.findall(r'href="([^"]+\.css)"', page.text)
    assert re.fullmatch(r"/.*/static/css/\w+\.[0-9a-f]{12}\.css", styles)
    css = requests.get(urljoin(address, styles), timeout=TIMEOUT)
    assert (css.status_code, css.headers["Content-Type"]) == (200, "text/css")
    role = cloud.client("iam").get_role_policy(
        RoleName="nudge-staging-ZappaLambdaExecutionRole", PolicyName="zappa-permissions"
    )
    assert role["PolicyDocument"] == json.loads((ROOT / "deploy" / "policy.json").read_text())
    refused = cloud.run(str(SCRIPTS / "zappa"), "rollback", "staging", "-n", "1", S3_BUCKET=BUCKET)
    assert "nudge-staging has 0 previous versions" in refused.output
    assert "Traceback" not in refused.output
    zappa(cloud, "undeploy", "staging", "--yes", S3_BUCKET=BUCKET)
    cloud.client("s3").delete_bucket(Bucket=BUCKET)
    python = str(SCRIPTS / "python")
    ended = cloud.run(python, "-m", "deploy.destroy", "staging", "--yes-remove", "staging")
    assert ended.code == 0, ended.output


def test_zz_destroy_leaves_nothing_but_the_uploads(cloud):
    python = str(SCRIPTS / "python")
    refused = cloud.run(python, "-m", "deploy.destroy", "dev", "--yes-remove", "")
    assert (refused.code, "CONFIRM=dev" in refused.output) == (1, True)
    ended = cloud.run(python, "-m", "deploy.destroy", "dev", "--yes-remove", "dev")
    assert ended.code == 0, ended.output
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("apigateway").get_rest_apis()["items"] == []
    assert cloud.client("events").list_rules(NamePrefix="nudge-")["Rules"] == []
    assert cloud.client("ssm").describe_parameters()["Parameters"] == []
    assert cloud.client("sqs").list_queues().get("QueueUrls", []) == []
    buckets = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
    assert [name for name in buckets if "media" not in name] == []
    again = cloud.run(python, "-m", "deploy.destroy", "dev", "--yes-remove", "dev")
    assert again.code == 0, again.output
