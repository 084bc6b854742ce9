"""zappa_settings.json: strict JSON, no secret, no printed requests, entry points that fit."""

import inspect
import json
import re
from importlib import import_module

import pytest

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
def test_no_stage_has_the_name_of_a_path(stage):
    """Zappa strips the stage from the front of a path by a bare comparison of text."""
    assert not any(path.startswith(stage) for path in ("admin", "api", "auth", "service", "todos"))


def test_no_account_and_no_secret_is_written_in_it():
    """SEED-36."""
    assert (
        re.findall(r"\b\d{12}\b|AKIA\w+|AC[0-9a-f]{32}|secret|password|arn:", TEXT, re.IGNORECASE)
        == []
    )


@pytest.mark.parametrize("stage", STAGES)
def test_every_event_calls_a_function_of_exactly_event_and_context(stage):
    """Zappa calls again with fewer arguments where the body raises TypeError."""
    for event in effective(stage)["events"]:
        module, _, name = event["function"].rpartition(".")
        parameters = inspect.signature(getattr(import_module(module), name)).parameters.values()
        assert [p.name for p in parameters] == ["event", "context"]
        assert all(p.default is inspect.Parameter.empty for p in parameters)
