"""A backlog of tasks waits in one queue, and what failed for good is kept in the other."""

import json

from tests.config.conftest import ROOT

DAY = 24 * 3600


def test_what_a_queue_keeps_how_long_and_gives_up_when(small):
    """14 days is the most that SQS keeps, and five attempts the fewest that AWS advises."""
    assert small.of_type("AWS::SQS::Queue") == {
        "DeadLetterQueue": {
            "QueueName": "nudge-dev-dead-letters",
            "MessageRetentionPeriod": 14 * DAY,
            "SqsManagedSseEnabled": True,
            "VisibilityTimeout": 120,
        },
        "TaskQueue": {
            "QueueName": "nudge-dev-tasks",
            "MessageRetentionPeriod": 3600,
            "SqsManagedSseEnabled": True,
            "VisibilityTimeout": 180,
            "RedrivePolicy": {
                "deadLetterTargetArn": "${DeadLetterQueue.Arn}",
                "maxReceiveCount": 5,
            },
        },
    }


def test_a_task_is_hidden_for_six_times_as_long_as_a_function_may_take(small):
    """AWS Lambda Developer Guide, "Configuring a queue to use with Lambda"."""
    stages = json.loads((ROOT / "zappa_settings.json").read_text())
    seconds = {
        stage.get("timeout_seconds", stages["dev"]["timeout_seconds"])
        for name, stage in stages.items()
        if not name.endswith("_ops")
    }
    assert small.properties("TaskQueue")["VisibilityTimeout"] >= 6 * max(seconds)


def test_a_task_that_always_fails_becomes_a_dead_letter_before_it_is_forgotten(small):
    queue = small.properties("TaskQueue")
    attempts = queue["RedrivePolicy"]["maxReceiveCount"]
    assert attempts * queue["VisibilityTimeout"] < queue["MessageRetentionPeriod"]
