"""Which version serves, and which one to go back to."""

import argparse
import os
import subprocess
import sys

import pytest

from deploy import aws
from deploy.versions import Version, before, of
from tests.config.conftest import ROOT

OLD, GOOD, BAD = "old", "good", "bad"


def numbered(*digests: str) -> list[Version]:
    return [Version(number, digest) for number, digest in enumerate(digests, start=1)]


@pytest.mark.parametrize(
    ("published", "serving", "expected"),
    [
        ([OLD, GOOD], GOOD, 1),
        ([GOOD], GOOD, None),
        ([], GOOD, None),
        ([OLD, GOOD, BAD, GOOD], GOOD, 1),  # a failed deploy went back: never to the failed build
        ([OLD, GOOD, OLD], OLD, None),  # taken back by hand: once more does not swing forth again
        ([OLD, GOOD, BAD, GOOD, OLD], OLD, None),
        ([OLD, OLD, GOOD], GOOD, 2),
    ],
)
def test_going_back_leads_to_what_was_published_before_this_code(published, serving, expected):
    found = before(serving, numbered(*published))
    assert (found.number if found else None) == expected


def test_the_newest_version_of_a_code_is_found():
    versions = numbered(OLD, GOOD, BAD, GOOD)
    assert of(GOOD, versions) == Version(4, GOOD)
    assert of("another", versions) is None


def test_the_function_for_commands_is_not_deployed_nor_destroyed_by_its_name():
    """Both functions share one configuration, one bucket and one stack."""
    assert aws.serving_stage("production") == "production"
    with pytest.raises(argparse.ArgumentTypeError, match=r"name the stage itself: production"):
        aws.serving_stage("production_ops")
    known = r"zappa_settings.json has no nope, but dev, staging, production"
    with pytest.raises(argparse.ArgumentTypeError, match=known):
        aws.serving_stage("nope")


@pytest.mark.parametrize("module", ["release", "rollback", "restart", "stack", "destroy", "image"])
def test_every_step_refuses_the_function_for_commands(module):
    command = [sys.executable, "-m", f"deploy.{module}", "production_ops"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (ended.returncode, "name the stage itself" in ended.stderr) == (2, True)


@pytest.mark.parametrize(("region", "used"), [("eu-central-1", "eu-central-1"), ("", "eu-west-1")])
def test_one_region_is_read_by_all_tools(monkeypatch, region, used):
    """boto3 and Zappa know AWS_DEFAULT_REGION only, the AWS CLI prefers AWS_REGION."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # this machine is none of AWS's
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", region)
    aws.use_one_region()
    assert os.environ["AWS_DEFAULT_REGION"] == used
    assert aws.client.__wrapped__("ssm").meta.region_name == used


def test_the_region_is_settled_before_a_client_is_made():
    code = "import os, deploy.aws; print(os.environ['AWS_DEFAULT_REGION'])"
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "eu-central-1\n", ended.stderr


@pytest.mark.parametrize(("region", "used"), [("eu-central-1", "eu-central-1"), ("", "eu-west-1")])
def test_the_region_of_the_aws_cli_wins_if_it_is_set(monkeypatch, region, used):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # this machine is none of AWS's
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_REGION", region)
    aws.use_one_region()
    assert os.environ["AWS_DEFAULT_REGION"] == used
