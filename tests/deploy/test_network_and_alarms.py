"""The network costs by the hour, so there is no more of it than asked for; alarms and logs."""

import json

import pytest

from sms import policy
from sms.alerts import alerts
from tests.config.conftest import ROOT
from tests.deploy.cloudformation import EVERYTHING, Stack

# --- The network ----------------------------------------------------------------------------------


def services(stack: Stack) -> set[str]:
    endpoints = stack.of_type("AWS::EC2::VPCEndpoint").values()
    return {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, set()),
        ({"Nat": "true"}, {"s3"}),
        ({"DbMode": "rds", "Nat": "true"}, {"s3"}),
        ({"DbMode": "rds"}, {"s3", "ssm", "secretsmanager", "lambda", "sqs"}),
        (EVERYTHING, {"s3", "ssm", "secretsmanager", "lambda", "sqs", "sms-voice", "email-smtp"}),
    ],
    ids=["small", "nat", "rds-nat", "rds", "everything"],
)
def test_what_a_function_reaches_without_the_internet(parameters, expected):
    assert services(Stack(**{"Stage": "dev", **parameters})) == expected


def test_nothing_is_paid_by_the_hour_unless_asked_for(small):
    hourly = (
        "AWS::EC2::NatGateway",
        "AWS::EC2::EIP",
        "AWS::EC2::VPCEndpoint",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBProxy",
        "AWS::Backup::BackupPlan",
    )
    assert small.of_type(*hourly) == {}


# --- Logs, dead letters, alarms -------------------------------------------------------------------


def test_the_queue_is_encrypted_and_keeps_letters_for_14_days(small):
    queue = small.properties("DeadLetterQueue")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_logs_end(small):
    groups = small.of_type("AWS::Logs::LogGroup").values()
    assert {group["LogGroupName"]: group["RetentionInDays"] for group in groups} == {
        "/aws/lambda/nudge-dev": 30,
        "/aws/lambda/nudge-dev-ops": 30,
    }


def test_groups_that_exist_are_left_alone():
    """Lambda may have made them; a group that exists would fail the whole stack."""
    stack = Stack(Stage="dev", LogGroups="false")
    assert stack.of_type("AWS::Logs::LogGroup", "AWS::Logs::MetricFilter") == {}
    watched = {alarm["Namespace"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()}
    assert "Nudge" not in watched


def test_every_alarm_tells_somebody_and_says_where_to_read_on(full):
    alarms = full.of_type("AWS::CloudWatch::Alarm")
    document = (ROOT / "docs" / "operations.md").read_text()
    assert len(alarms) == 12
    for properties in alarms.values():
        assert properties["AlarmActions"] == ["${AlarmTopic}"]
        assert properties["AlarmDescription"].endswith("See docs/operations.md.")
        suffix = properties["AlarmName"].removeprefix("nudge-production-")
        assert f"| `{suffix}` |" in document


def test_every_metric_of_ours_has_a_filter_that_writes_it(small):
    written = {
        transformation["MetricName"]
        for properties in small.of_type("AWS::Logs::MetricFilter").values()
        for transformation in properties["MetricTransformations"]
    }
    alarms = small.of_type("AWS::CloudWatch::Alarm").values()
    assert {a["MetricName"] for a in alarms if a["Namespace"] == "Nudge"} == written


def test_the_filters_look_for_lines_that_are_written(small):
    """The words of the filters are those of the code."""
    pattern = small.properties("SmsLimitFilter")["FilterPattern"]
    assert pattern == f'{{ $.message = "{policy.WARNING_CODE}*" }}'
    pattern = small.properties("SmsRefusedFilter")["FilterPattern"]
    assert pattern == f'{{ $.logger = "{alerts.name}" && $.level = "ERROR" }}'


def test_an_alarm_is_mailed_where_somebody_is_named(small, full):
    assert small.of_type("AWS::SNS::Subscription") == {}
    [subscription] = full.of_type("AWS::SNS::Subscription").values()
    assert subscription == {
        "TopicArn": "${AlarmTopic}",
        "Protocol": "email",
        "Endpoint": "operator@example.com",
    }


# --- Money, and what happens ----------------------------------------------------------------------


def test_a_budget_tells_before_the_money_is_spent(small, full):
    [budget] = full.of_type("AWS::Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "100", "Unit": "USD"}
    told = [
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"])
        for each in budget["NotificationsWithSubscribers"]
    ]
    assert told == [("ACTUAL", 80), ("FORECASTED", 100)]
    assert {
        each["Address"] for n in budget["NotificationsWithSubscribers"] for each in n["Subscribers"]
    } == {"operator@example.com"}
    assert small.of_type("AWS::Budgets::Budget") == {}
    assert Stack(Stage="dev", MonthlyBudget="5").of_type("AWS::Budgets::Budget") == {}  # for nobody


def test_the_dashboard_shows_this_stage(small):
    dashboard = small.properties("OperationsDashboard")
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    assert [widget["properties"]["title"] for widget in widgets] == [
        "Requests",
        "Errors and throttles",
        "Milliseconds",
        "Cold starts",
        "Waiting tasks, dead letters",
        "Messages handed to the provider",
        "US dollars of the account this month",
    ]
    text = dashboard["DashboardBody"]
    assert "production" not in text
    assert text.count("nudge-dev") >= 5
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)
    assert Stack(Stage="dev", Dashboard="false").of_type("AWS::CloudWatch::Dashboard") == {}
