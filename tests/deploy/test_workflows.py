"""A deploy by GitHub Actions: without stored keys, one at a time, and cancelled without harm."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cfnlint import ManualArgs
from cfnlint.api import lint_file
from cfnlint.decode import decode_str
from cfnlint.decode.cfn_yaml import load

from tests.config.conftest import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "deploy.yml"
GITHUB = ROOT / "deploy" / "github.yaml"
# In the place of Python: a release that ends with the code in `code`, or waits for a signal.
RELEASE = """#!/bin/bash
echo "$@" >arguments
trap 'echo goes back; sleep 0.2; echo old >serves; exit 130' TERM
echo deploys
if [ -e code ]; then echo new >serves; exit "$(cat code)"; fi
while true; do sleep 0.02; done
"""


# --- The workflow ---------------------------------------------------------------------------------


def test_a_deploy_waits_for_the_one_before_and_has_no_more_rights_than_it_needs():
    workflow = load(str(WORKFLOW))
    assert workflow["concurrency"] == {
        "group": "deploy-${{ inputs.stage }}",
        "cancel-in-progress": False,
    }
    assert workflow["permissions"] == {}
    [job] = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert job["environment"] == "${{ inputs.stage }}"
    assert "secrets." not in WORKFLOW.read_text()
    assert (job["steps"][-1]["if"], job["steps"][-1]["run"]) == ("always()", ".ci/deploy --settle")


def test_only_an_environment_of_the_repository_takes_the_role():
    assert [str(match) for match in lint_file(GITHUB, ManualArgs(regions=["us-east-1"]))] == []
    template, _faults = decode_str(GITHUB.read_text())
    [statement] = template["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    issuer = "token.actions.githubusercontent.com"
    assert statement["Condition"] == {
        "StringEquals": {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": {"Fn::Sub": "repo:${Repository}:environment:${Stage}"},
        }
    }
    # Outside of nudge-*, which an operator may change.
    name = template["Resources"]["Role"]["Properties"]["RoleName"]["Fn::Sub"]
    assert not name.startswith("nudge-")


# --- The step -------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path) -> Iterator[Path]:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "deploy", tmp_path / ".ci")
    python = tmp_path / "build" / "runtime" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(RELEASE)
    python.chmod(0o755)
    yield tmp_path
    if not (tmp_path / "build" / "release.status").exists():
        os.kill(int((tmp_path / "build" / "release.pid").read_text()), signal.SIGKILL)


def deploy(checkout: Path, *arguments: str) -> tuple[int, str]:
    ended = subprocess.run(  # noqa: S603 - our own script
        [checkout / ".ci" / "deploy", *arguments], capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("code", [0, 1])
def test_a_deploy_ends_as_its_release_does(checkout, code):
    (checkout / "code").write_text(str(code))
    assert deploy(checkout, "dev") == (code, "deploys\n")
    assert (checkout / "arguments").read_text() == "-u -m deploy.release dev\n"
    assert deploy(checkout, "--settle") == (0, "")
    assert (checkout / "serves").read_text() == "new\n"


@pytest.mark.parametrize(("chosen", "told"), [("--at-once", " --at-once"), ("", "")])
def test_whoever_starts_a_deploy_may_skip_the_steps_of_a_shift(checkout, chosen, told):
    job = load(str(WORKFLOW))["jobs"]["deploy"]
    assert job["env"]["AT_ONCE"] == "${{ inputs.at_once && '--at-once' || '' }}"
    assert '.ci/deploy "$STAGE" "$AT_ONCE"' in [step.get("run") for step in job["steps"]]
    (checkout / "code").write_text("0")
    assert deploy(checkout, "dev", chosen) == (0, "deploys\n")
    assert (checkout / "arguments").read_text() == f"-u -m deploy.release dev{told}\n"


def test_a_job_that_is_killed_goes_back_to_the_old_code(checkout):
    with subprocess.Popen(  # noqa: S603 - our own script
        [checkout / ".ci" / "deploy", "dev"], stdout=subprocess.PIPE
    ) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == b"deploys\n"
        job.kill()
    assert not (checkout / "serves").exists()
    code, output = deploy(checkout, "--settle")
    assert (code, output.splitlines()[1:]) == (130, ["deploys", "goes back"])
    assert (checkout / "serves").read_text() == "old\n"


def test_a_job_that_never_came_to_its_deploy_has_nothing_to_settle(checkout):
    (checkout / "build" / "release.status").touch()
    assert deploy(checkout, "--settle") == (0, "")
