"""Logs end, and whoever runs the service learns what fails and what it costs."""

import json
from typing import Any

import pytest

from sms import policy
from sms.alerts import alerts
from tests.config.conftest import ROOT
from tests.deploy.cloudformation import Stack

# --- Logs and alarms ------------------------------------------------------------------------------


@pytest.mark.parametrize(("parameters", "days"), [({}, 30), ({"LogRetentionDays": "7"}, "7")])
def test_logs_end(parameters, days):
    groups = Stack(Stage="dev", **parameters).of_type("AWS::Logs::LogGroup")
    assert groups == {
        "LogGroup": {"LogGroupName": "/aws/lambda/nudge-dev", "RetentionInDays": days},
        "OpsLogGroup": {"LogGroupName": "/aws/lambda/nudge-dev-ops", "RetentionInDays": days},
    }


def test_groups_that_exist_are_left_alone():
    """Lambda may have made them; a group that exists would fail the whole stack."""
    stack = Stack(Stage="dev", LogGroups="false")
    assert stack.of_type("AWS::Logs::LogGroup", "AWS::Logs::MetricFilter") == {}
    watched = {alarm["Namespace"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()}
    assert "Nudge" not in watched


def row(
    of: dict[str, str],
    metric: str,
    raised: str,
    *,
    periods: str = "1 of 1 x 300 s",
    silence: str = "notBreaching",
    recovery: bool = False,
) -> tuple[Any, ...]:
    """What is measured, when it raises an alarm, what no data means, and if its end is told."""
    return (of, metric, raised, periods, silence, recovery)


SERVING, OPERATIONS = {"FunctionName": "nudge-production"}, {"FunctionName": "nudge-production-ops"}
GATEWAY = {"ApiName": "nudge-production", "Stage": "production"}
QUEUE = {"QueueName": "${DeadLetterQueue.QueueName}"}
DATABASE = {"DBInstanceIdentifier": "${Database}"}
LETTERS = "AWS/SQS ApproximateNumberOfMessagesVisible"
ALARMS = {
    "errors": row(
        SERVING, "AWS/Lambda Errors", "Sum >= 1", periods="2 of 3 x 300 s", recovery=True
    ),
    "ops-errors": row(OPERATIONS, "AWS/Lambda Errors", "Sum >= 1"),
    "throttles": row(SERVING, "AWS/Lambda Throttles", "Sum >= 1", recovery=True),
    "5xx": row(GATEWAY, "AWS/ApiGateway 5XXError", "Sum >= 5", recovery=True),
    "dead-letters": row(QUEUE, LETTERS, "Maximum >= 1", recovery=True),
    "lost-letters": row(SERVING, "AWS/Lambda DeadLetterErrors", "Sum >= 1"),
    "lost-destinations": row(SERVING, "AWS/Lambda DestinationDeliveryFailures", "Sum >= 1"),
    "sms-limit": row({}, "Nudge SmsLimitWarnings-production", "Sum >= 1"),
    "sms-refused": row({}, "Nudge SmsRefusals-production", "Sum >= 1"),
    "sms-spend": row(
        *({}, "AWS/SMSVoice TextMessageMonthlySpend", "Maximum > 10"),
        periods="1 of 1 x 3600 s",
        silence="ignore",
    ),
    "database-storage": row(
        *(DATABASE, "AWS/RDS FreeStorageSpace", "Minimum < 2147483648"),
        silence="missing",
        recovery=True,
    ),
    "database-connections": row(
        *(DATABASE, "AWS/RDS DatabaseConnections", "Maximum >= 60"),
        silence="missing",
        recovery=True,
    ),
}
OPERATORS = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
}


def row_of(alarm: dict[str, Any]) -> tuple[Any, ...]:
    """Fails for a setting that has no column in the table."""
    own = dict(alarm)
    assert own.pop("AlarmActions") == ["${AlarmTopic}"]
    told, periods = own.pop("OKActions", []), own.pop("EvaluationPeriods")
    assert told in ([], ["${AlarmTopic}"])
    metric = f"{own.pop('Namespace')} {own.pop('MetricName')}"
    operator, threshold = OPERATORS[own.pop("ComparisonOperator")], own.pop("Threshold")
    found = row(
        {each["Name"]: each["Value"] for each in own.pop("Dimensions", [])},
        metric,
        f"{own.pop('Statistic')} {operator} {threshold}",
        periods=f"{own.pop('DatapointsToAlarm', periods)} of {periods} x {own.pop('Period')} s",
        silence=own.pop("TreatMissingData", "missing"),
        recovery=bool(told),
    )
    assert set(own) == {"AlarmName", "AlarmDescription"}
    return found


def test_when_each_alarm_is_raised(full):
    alarms = full.of_type("AWS::CloudWatch::Alarm").values()
    named = {alarm["AlarmName"].removeprefix("nudge-production-"): alarm for alarm in alarms}
    assert {name: row_of(alarm) for name, alarm in named.items()} == ALARMS
    assert len(named) == len(alarms)


def test_the_alarm_about_the_price_of_messages_has_the_limit_that_it_is_given():
    stack = Stack(Stage="dev", SmsByAws="true", SmsSpendAlarm="25")
    assert stack.properties("SmsSpendingAlarm")["Threshold"] == "25"


def test_every_alarm_says_where_to_read_on(full):
    document = (ROOT / "docs" / "operations.md").read_text()
    for properties in full.of_type("AWS::CloudWatch::Alarm").values():
        assert properties["AlarmDescription"].endswith("See docs/operations.md.")
        suffix = properties["AlarmName"].removeprefix("nudge-production-")
        assert f"| `{suffix}` |" in document


def test_a_line_of_the_log_counts_once_for_its_alarm(small):
    """And no line counts as nothing."""
    once = {"MetricNamespace": "Nudge", "MetricValue": "1", "DefaultValue": 0}
    filters = small.of_type("AWS::Logs::MetricFilter").values()
    assert {each["LogGroupName"] for each in filters} == {"${LogGroup}"}
    assert [each["MetricTransformations"] for each in filters] == [
        [{**once, "MetricName": metric}] for metric in ("SmsLimitWarnings-dev", "SmsRefusals-dev")
    ]


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
    """When four fifths are spent, and when the month is expected to cost more than all."""
    [budget] = full.of_type("AWS::Budgets::Budget").values()
    assert budget["Budget"] == {
        "BudgetName": "nudge-production",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "100", "Unit": "USD"},
    }
    assert budget["NotificationsWithSubscribers"] == [
        {
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": percent,
            },
            "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "operator@example.com"}],
        }
        for kind, percent in [("ACTUAL", 80), ("FORECASTED", 100)]
    ]
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
