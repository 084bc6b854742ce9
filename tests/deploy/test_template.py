"""deploy/template.yaml: valid, small enough, and with every output that a deployment reads."""

import json
import re

import pytest
from cfnlint import ManualArgs
from cfnlint.api import lint, lint_file

from tests.config.conftest import ROOT
from tests.deploy.cloudformation import EVERYTHING, REGION, TEMPLATE, Stack, source

ALWAYS = {
    "AlarmTopicArn",
    "Alias",
    "ArtifactBucket",
    "DeadLetterQueueArn",
    "DeadLetterQueueUrl",
    "MediaBucket",
    "RoleArn",
    "StaticBucket",
    "StaticUrl",
    "TaskQueueArn",
    "TaskQueueUrl",
}
WITH_VPC = {"SecurityGroupIds", "SubnetIds"}
WITH_DATABASE = {"DatabaseHost", "DatabaseName", "DatabaseSecretArn"}


# --- The file -------------------------------------------------------------------------------------


@pytest.mark.wide
def test_cfn_lint_finds_nothing():
    regions = ManualArgs(regions=["us-east-1", "eu-central-1"])
    assert [str(match) for match in lint_file(TEMPLATE, regions)] == []


def test_the_linter_would_find_something():
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueuName": "nudge"}}
    matches = lint(json.dumps({"Resources": {"Queue": queue}}), regions=["us-east-1"])
    assert [match.rule.id for match in matches] == ["E3002"]


def test_it_is_small_enough_to_be_sent_as_it_is():
    """51,200 bytes, the limit of TemplateBody; above it wants a bucket, which is made here."""
    assert len(TEMPLATE.read_bytes()) < 51_200


def test_every_parameter_and_condition_is_used():
    text = json.dumps({**source(), "Parameters": {}, "Metadata": {}})
    assert [name for name in source()["Parameters"] if f'"{name}"' not in text] == []
    assert set(Stack(**EVERYTHING).resources) | set(
        Stack(**{**EVERYTHING, "Nat": "true"}).resources
    ) == set(source()["Resources"])


@pytest.mark.parametrize(
    ("stage", "right"),
    [("dev", True), ("production", True), ("dev_ops", False), ("Dev", False), ("d-1", False)],
)
def test_a_stage_is_a_name_that_fits_everywhere(stage, right):
    """A bucket, a function and a parameter are called after it."""
    pattern = source()["Parameters"]["Stage"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, stage)) is right


def test_every_stage_of_zappa_has_a_stack():
    stages = json.loads((ROOT / "zappa_settings.json").read_text())
    pattern = source()["Parameters"]["Stage"]["AllowedPattern"]
    assert {"dev", "staging", "production"} <= set(stages)
    assert [n for n in stages if not re.fullmatch(pattern, n.removesuffix("_ops"))] == []


# --- Outputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ALWAYS),
        ({"Cdn": "false"}, ALWAYS),
        ({"ApiHost": "a.execute-api.eu-west-1.amazonaws.com"}, ALWAYS | {"PublicUrl"}),
        ({"Nat": "true"}, ALWAYS | WITH_VPC),
        ({"DbMode": "rds"}, ALWAYS | WITH_VPC | WITH_DATABASE),
        ({"DbMode": "rds", "Nat": "true"}, ALWAYS | WITH_VPC | WITH_DATABASE),
    ],
    ids=["small", "no-cdn", "api-cdn", "nat", "rds", "rds-nat"],
)
def test_every_output_that_a_deployment_reads(parameters, expected):
    assert set(Stack(Stage="dev", **parameters).outputs) == expected


def test_the_address_of_static_files(small):
    assert small.outputs["StaticUrl"] == "https://${Distribution.DomainName}/"
    without = Stack(Stage="dev", Cdn="false")
    assert without.outputs["StaticUrl"] == f"https://${{StaticBucket}}.s3.{REGION}.amazonaws.com/"


def test_lists_are_separated_by_commas(full):
    assert full.outputs["SubnetIds"] == "${PrivateSubnetA},${PrivateSubnetB}"
    assert full.outputs["SecurityGroupIds"] == "${FunctionSecurityGroup.GroupId}"


# --- The document ---------------------------------------------------------------------------------


def test_the_document_names_every_parameter_with_its_default():
    document = (ROOT / "docs" / "deployment.md").read_text()
    table = document.split("| parameter | default | |")[1].split("\n\n")[0]
    rows = [row.split("|")[1:3] for row in table.splitlines()[2:]]
    told = {
        name: default
        for names, defaults in rows
        for name, default in zip(
            re.findall(r"`(\w+)`", names),
            re.findall(r"`([\w.]+)`", defaults) or [""] * names.count("`"),
            strict=False,
        )
    }
    declared = source()["Parameters"]
    assert told == {name: str(spec.get("Default", "")) for name, spec in declared.items()}
