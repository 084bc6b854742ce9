"""Deploys that visitors do not feel, and SnapStart: an alias names what serves.

The last test switches both off, for the files after this one.
"""

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cloud.local import COMMAND_SECONDS, ROOT, TIMEOUT, Cloud, Ended, eventually
from tests.cloud.test_release import (  # noqa: F401 - `changed` is a fixture
    PYTHON,
    build,
    changed,
    release,
)

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]
SNAP = {"snap_start": "PublishedVersions", "runtime": "python3.12"}
PYTHON_3_12 = "\nPYTHON = (3, 12)\n"  # the emulator runs another Python than it is told


def shift(minutes: float) -> dict[str, Any]:
    return {"shift": {"percents": [50], "minutes": minutes}}


@pytest.fixture(scope="module")
def switched(changed) -> Callable[..., Path]:  # noqa: F811
    """`switched(keys, file, text)`: a copy of the code with these keys in the stage dev."""

    def copy(keys: dict[str, Any], file: str, text: str) -> Path:
        folder = changed(file, text)
        settings = json.loads((folder / "zappa_settings.json").read_text())
        settings["dev"] |= keys
        (folder / "zappa_settings.json").write_text(json.dumps(settings))
        return folder

    return copy


def alias(cloud: Cloud) -> dict[str, Any]:
    found = cloud.client("lambda").get_alias(FunctionName="nudge-dev", Name="live")
    return {"version": found["FunctionVersion"], "shares": shares_of(found)}


def shares_of(found: dict[str, Any]) -> dict[str, float]:
    return dict(found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def called(cloud: Cloud) -> set[str]:
    """Every function, version or alias that a schedule or the queue calls."""
    events, targets = cloud.client("events"), set()
    for rule in events.list_rules(NamePrefix="nudge-dev-")["Rules"]:
        found = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        targets |= {target["Arn"] for target in found if ":nudge-dev-ops" not in target["Arn"]}
    mappings = cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return {arn.partition(":function:")[2] for arn in targets} | {
        mapping["FunctionArn"].partition(":function:")[2] for mapping in mappings
    }


@contextmanager
def visitor(cloud: Cloud) -> Iterator[list[tuple[int, str]]]:
    """What somebody gets who asks all the time: status, and the build that answered."""
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            answer = requests.get(cloud.address + "readyz/", timeout=TIMEOUT)
            answers.append((answer.status_code, str(answer.json().get("version"))))
            ended.wait(0.1)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="module")
def before(cloud: Cloud) -> str:
    return build(cloud)


@pytest.fixture(scope="module")
def shifted(cloud: Cloud, before: str, switched) -> tuple[Ended, list[tuple[int, str]]]:
    code = switched(shift(0.05), "todos/apps.py", "\n# one\n")
    with visitor(cloud) as answers:
        ended = release(cloud, code)
    return ended, answers


def during_a_shift(
    cloud: Cloud, code: Path, what: Callable[[subprocess.Popen[str]], None]
) -> Ended:
    """Runs a release, and this once two versions serve."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [PYTHON, "-m", "deploy.release", "dev"],
        cwd=code,
        env=cloud.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        eventually(lambda: process.poll() is not None or alias(cloud)["shares"])
        what(process)
        output, _ = process.communicate(timeout=COMMAND_SECONDS)
    finally:
        process.kill()
    return Ended(process.returncode, output)


def test_visitors_get_the_old_and_the_new_build_and_no_error(cloud, before, shifted):
    ended, answers = shifted
    assert ended.code == 0, ended.output
    assert {status for status, _ in answers} == {200}
    builds = [version for _, version in answers]
    assert builds[0] == before
    assert set(builds) == {before, build(cloud)}
    first_new = builds.index(build(cloud))
    assert before in builds[first_new:]  # both at the same time
    assert alias(cloud)["shares"] == {}
    assert called(cloud) == {"nudge-dev:live"}


@pytest.mark.parametrize("how", ["alarm", "SIGTERM"])
def test_whatever_ends_a_shift_the_old_build_serves_everybody(cloud, shifted, switched, how):
    old, served = build(cloud), alias(cloud)
    cloudwatch = cloud.client("cloudwatch")

    def end(process: subprocess.Popen[str]) -> None:
        if how == "SIGTERM":
            process.send_signal(signal.SIGTERM)
            return
        cloudwatch.set_alarm_state(
            AlarmName="nudge-dev-errors", StateValue="ALARM", StateReason="test"
        )

    code = switched(shift(1), "todos/apps.py", f"\n# {how}\n")
    try:
        ended = during_a_shift(cloud, code, end)
    finally:
        cloudwatch.set_alarm_state(
            AlarmName="nudge-dev-errors", StateValue="OK", StateReason="test"
        )
    assert ended.code not in (0, None), ended.output
    said = "nudge-dev-errors went to ALARM while the new code served 50 %."
    assert (said in ended.output) == (how == "alarm"), ended.output
    assert (alias(cloud), build(cloud)) == (served, old)


def test_a_snapshot_is_made_of_each_change_and_then_serves(cloud, shifted, switched):
    code = switched(SNAP, "deploy/zappa_live.py", PYTHON_3_12)
    ended = release(cloud, code)
    assert ended.code == 0, ended.output
    first = alias(cloud)
    assert snapshot(cloud, first["version"]) == ("On", "Active")
    assert requests.get(cloud.address + "api/v1/todos/", timeout=TIMEOUT).status_code == 401
    rules = cloud.client("events").list_rules(NamePrefix="nudge-dev-")["Rules"]
    assert [rule["Name"] for rule in rules if "keep_warm" in rule["Name"]] == []
    assert called(cloud) == {"nudge-dev:live"}
    restarted = cloud.run(PYTHON, "-m", "deploy.restart", "dev", folder=code)
    assert restarted.code == 0, restarted.output
    second = alias(cloud)
    assert int(second["version"]) > int(first["version"])
    assert snapshot(cloud, second["version"]) == ("On", "Active")


def snapshot(cloud: Cloud, version: str) -> tuple[str, str]:
    found = cloud.client("lambda").get_function_configuration(
        FunctionName="nudge-dev", Qualifier=version
    )
    return found["SnapStart"]["OptimizationStatus"], found["State"]


def test_switched_off_the_newest_code_serves_and_nothing_calls_the_alias(cloud, before, shifted):
    ended = release(cloud, ROOT)
    assert ended.code == 0, ended.output
    names = cloud.client("lambda").list_aliases(FunctionName="nudge-dev")["Aliases"]
    assert (names, called(cloud), build(cloud)) == ([], {"nudge-dev"}, before)
