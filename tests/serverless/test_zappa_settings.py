"""zappa_settings.json: strict JSON, no secret, no printed requests, entry points that fit."""

import inspect
import json
import re

import pytest
from django.utils.module_loading import import_string

from tests.config.conftest import ROOT

TEXT = (ROOT / "zappa_settings.json").read_text()
STAGES: dict[str, dict] = json.loads(TEXT)


def effective(stage: str) -> dict:
    """As Zappa reads it: `extends` is a shallow update."""
    own = STAGES[stage]
    return {**(effective(own["extends"]) if "extends" in own else {}), **own}


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_prints_requests_or_tracebacks(stage):
    """Zappa's own defaults, debug and DEBUG, log whole events, passwords included."""
    settings = effective(stage)
    assert (settings["debug"], settings["log_level"]) == (False, "INFO")
    assert "remote_env" not in settings


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_uses_what_breaks_a_deploy(stage):
    """Measured with Zappa 0.63.

    TypeError after the code is live (v2 with a domain, `cors`), policies that grow with each update
    (`sns`), code that no rollback brings back (`slim_handler`), wheels fetched without a hash, a
    first request to an address that may not be there yet (`touch`).
    """
    settings = effective(stage)
    assert (settings["apigateway_version"], settings["async_source"]) == ("v1", "lambda")
    assert (settings["touch"], settings["use_precompiled_packages"]) == (False, False)
    assert {"cors", "slim_handler", "runtime", "aws_region", "s3_bucket"} & set(settings) == set()
    assert settings["callbacks"] == {
        name: f"deploy.callbacks.{name}" for name in ("settings", "zip", "post")
    }


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_has_the_name_of_a_path(stage):
    """Zappa strips the stage from the front of a path by a bare comparison of text."""
    assert not any(path.startswith(stage) for path in ("admin", "api", "auth", "service", "todos"))


def test_no_account_and_no_secret_is_written_in_it():
    """SEED-36."""
    assert (
        re.findall(r"\b\d{12}\b|AKIA\w+|AC[0-9a-f]{32}|secret|password|arn:", TEXT, re.IGNORECASE)
        == []
    )


SERVING = [stage for stage in STAGES if not stage.endswith("_ops")]
FUNCTION = re.compile(r"[._A-Za-z0-9]{0,63}")  # zappa.core get_scheduled_event_name


@pytest.mark.parametrize("stage", STAGES)
def test_every_event_calls_a_function_of_exactly_event_and_context(stage):
    """Zappa calls again with fewer arguments where the body raises TypeError (T5)."""
    for event in effective(stage).get("events", []):
        parameters = inspect.signature(import_string(event["function"])).parameters.values()
        assert [p.name for p in parameters] == ["event", "context"]
        assert {p.kind for p in parameters} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
        assert all(p.default is inspect.Parameter.empty for p in parameters)


@pytest.mark.parametrize("stage", SERVING)
def test_the_minute_and_the_night_are_scheduled_once_in_every_stage_that_serves(stage):
    events = {event["function"]: event["expression"] for event in effective(stage)["events"]}
    assert events == {
        "sms.schedule.sweep": "rate(1 minute)",
        "todos.reminders.schedule.minute": "rate(1 minute)",
        "serverless.schedule.nightly": "cron(17 3 * * ? *)",
    }
    assert len(effective(stage)["events"]) == len(events)


def test_the_document_has_every_event_in_both_tables():
    """What runs, and what repeats it if it fails (docs/events.md)."""
    document = (ROOT / "docs" / "events.md").read_text()
    for event in effective("dev")["events"]:
        rows = re.findall(rf"^\|.*`{re.escape(event['function'])}`.*\|$", document, re.MULTILINE)
        assert len(rows) == 2, event["function"]


@pytest.mark.parametrize("stage", STAGES)
def test_the_name_of_an_event_fits_a_rule_of_eventbridge(stage):
    for event in effective(stage).get("events", []):
        assert FUNCTION.fullmatch(event["function"])
        assert "name" not in event  # with one, the longest allowed function is shorter


def test_operations_functions_have_no_events():
    """They have the same code: every minute would come twice."""
    operations = {stage: effective(stage) for stage in STAGES if stage not in SERVING}
    assert [stage for stage, own in operations.items() if own.get("events")] == []
    assert [stage for stage, own in operations.items() if own.get("keep_warm", True)] == []


def test_operations_functions_have_no_address():
    """Only the owner of the account invokes them; they may run for fifteen minutes."""
    operations = {stage: effective(stage) for stage in STAGES if stage not in SERVING}
    found = {
        stage: (own["apigateway_enabled"], own["timeout_seconds"])
        for stage, own in operations.items()
    }
    assert found == dict.fromkeys(("dev_ops", "staging_ops", "production_ops"), (False, 900))
    assert all(effective(stage).get("apigateway_enabled", True) for stage in SERVING)
