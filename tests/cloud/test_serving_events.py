"""What runs without a request: EventBridge's rules as they are deployed, and what they run."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cloud.conftest import Cloud, eventually

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
MINUTE = "sms.schedule.sweep"
NIGHT = "config.schedule.nightly"
KEEP_WARM = "handler.keep_warm_callback"
EXPRESSIONS = {
    MINUTE: "rate(1 minute)",
    NIGHT: "cron(17 3 * * ? *)",
    KEEP_WARM: "rate(4 minutes)",
}


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


def invoked(cloud: Cloud, event: dict[str, Any]) -> str:
    """The id of an invocation that has ended well."""
    answer = cloud.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
    assert "FunctionError" not in answer, answer["Payload"].read()
    return answer["ResponseMetadata"]["RequestId"]


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
    """Twice, a minute apart, each with its own request and its moment in UTC."""
    began = datetime.now(UTC).replace(microsecond=0)

    def two() -> list[dict[str, Any]]:
        said = [line for line in cloud.lines() if line["message"].startswith("Minute ")]
        fresh = [line for line in said if moment(line) >= began]
        return fresh if len(fresh) > 1 else []

    first, second, *_ = sorted(eventually(two, 150), key=moment)

    assert first["logger"] == second["logger"] == "sms.schedule"
    assert first["request_id"] != second["request_id"]
    assert "-" not in {first["request_id"], second["request_id"]}
    assert moment(first).utcoffset() == timedelta(0)
    # The emulator looks at its rules every few seconds, and later where the machine is busy.
    assert timedelta(seconds=30) <= moment(second) - moment(first) <= timedelta(seconds=90)


def moment(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["message"].split(" ")[1].rstrip(":"))


@pytest.mark.parametrize("path", [MINUTE, NIGHT, KEEP_WARM])
def test_the_event_of_a_rule_runs_its_function_once(cloud, rules, path):
    before = ends(cloud, rules, path)
    invoked(cloud, event_of(rules[path]))

    new = eventually(lambda: ends(cloud, rules, path)[len(before) :], 15)

    assert new[0]["outcome"] == "done"
    assert new[0]["request_id"] != "-"


def ends(cloud: Cloud, rules: dict[str, Any], path: str) -> list[dict[str, Any]]:
    return [line for line in cloud.lines() if line.get("task") == path and "outcome" in line]


def test_the_night_tells_what_it_removed(cloud, rules):
    invoked(cloud, event_of(rules[NIGHT]))

    def told() -> set[str]:
        lines = [line for line in cloud.lines() if line["logger"] == "config.schedule"]
        return {line["message"].partition(":")[0] for line in lines}

    assert eventually(told, 15) == {"prune", "clearsessions"}


def test_raw_python_is_refused(cloud):
    event = {"raw_command": "print('marker-of-raw-command')"}
    answer = cloud.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
    assert answer["Payload"].read() == b"null"
    assert not [line for line in cloud.log() if "marker-of-raw-command" in line]
