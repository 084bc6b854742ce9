"""What runs without a request: EventBridge's rules as they are deployed, and what they run."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from serverless.schedule import NIGHTLY
from tests.cloud.local import Cloud, eventually
from tests.serverless.test_zappa_settings import effective

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
MINUTE = "sms.schedule.sweep"
REMINDERS = "todos.reminders.schedule.minute"
NIGHT = "serverless.schedule.nightly"
KEEP_WARM = "handler.keep_warm_callback"
SCHEDULED = {event["function"]: event["expression"] for event in effective("dev")["events"]}
EXPRESSIONS = {**SCHEDULED, KEEP_WARM: "rate(4 minutes)"}


@pytest.fixture
def rules(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """By the function that each runs."""
    found = cloud.client("events").list_rules(NamePrefix=f"{FUNCTION}-")["Rules"]
    return {rule["Name"].rpartition("-")[2]: rule for rule in found}


def event_of(rule: dict[str, Any]) -> dict[str, Any]:
    """As EventBridge sends it (EventBridge User Guide, "Scheduled Event")."""
    return {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": [rule["Arn"]],
        "detail": {},
    }


def logged(cloud: Cloud, event: dict[str, Any]) -> list[dict[str, Any]]:
    """What an invocation that ended well wrote in its log, as Lambda gives it to who invoked."""
    answer = cloud.client("lambda").invoke(
        FunctionName=FUNCTION, LogType="Tail", Payload=json.dumps(event)
    )
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "FunctionError" not in answer, log
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def test_each_schedule_has_its_rule_and_calls_the_function(cloud, rules):
    events = cloud.client("events")
    function = cloud.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    assert {path: rule["ScheduleExpression"] for path, rule in rules.items()} == EXPRESSIONS
    assert {rule["State"] for rule in rules.values()} == {"ENABLED"}
    targets = [events.list_targets_by_rule(Rule=rule["Name"])["Targets"] for rule in rules.values()]
    assert [[target["Arn"] for target in each] for each in targets] == (
        [[function["FunctionArn"]]] * len(rules)
    )
    operations = events.list_rules(NamePrefix=f"{FUNCTION}-ops")["Rules"]
    assert operations == []


def test_the_minute_passes_by_itself(cloud):
    """And again, each with its own request and its moment in UTC."""
    seen = len(minutes(cloud))

    first, second, *_ = eventually(lambda: two(minutes(cloud)[seen:]))

    assert first["logger"] == second["logger"] == "sms.schedule"
    assert first["request_id"] != second["request_id"]
    assert "-" not in {first["request_id"], second["request_id"]}
    assert {moment(first).utcoffset(), moment(second).utcoffset()} == {timedelta(0)}


def minutes(cloud: Cloud) -> list[dict[str, Any]]:
    return [line for line in cloud.lines() if line["message"].startswith("Sweep ")]


def two(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return lines if len(lines) > 1 else []


def moment(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["message"].split(" ")[1].rstrip(":"))


@pytest.mark.parametrize("path", [MINUTE, NIGHT, KEEP_WARM])
def test_the_event_of_a_rule_runs_its_function_once(cloud, rules, path):
    lines = logged(cloud, event_of(rules[path]))

    ends = [(line["task"], line["outcome"]) for line in lines if "outcome" in line]
    assert ends == [(path, "done")]
    [request] = {line["request_id"] for line in lines}
    assert request in {line["request_id"] for line in cloud.lines()}  # of CloudWatch


def test_the_night_tells_what_it_did(cloud, rules):
    lines = logged(cloud, event_of(rules[NIGHT]))
    told = [line["message"] for line in lines if line["logger"] == "serverless.schedule"]
    assert {message.partition(":")[0] for message in told} == {*NIGHTLY}


def test_raw_python_is_refused(cloud):
    event = {"raw_command": "print('marker-of-raw-command')"}
    answer = cloud.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
    assert answer["Payload"].read() == b"null"
    assert not [line for line in cloud.log() if "marker-of-raw-command" in line]
