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


# --- Parameters and conditions --------------------------------------------------------------------


def test_a_switch_is_true_or_false_and_a_number_is_not_negative():
    declared = source()["Parameters"]
    switches = [spec for spec in declared.values() if spec.get("Default") in ("true", "false")]
    assert [spec.get("AllowedValues") for spec in switches] == [["true", "false"]] * 10
    numbers = {name for name, spec in declared.items() if spec.get("MinValue") == 0}
    assert numbers == {"Concurrency", "MonthlyBudget", "SmsSpendAlarm"}


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("ApiCdnSecret", ["", "a" * 32, "0-_Z" * 32], ["a" * 31, "a" * 129, f"{'a' * 32} "]),
        (
            "ApiHost",
            ["", EVERYTHING["ApiHost"]],
            ["example.com", f"https://{EVERYTHING['ApiHost']}"],
        ),
        ("ApiCdnDomain", ["", "nudge.example.com"], ["https://nudge.example.com", "a/b"]),
        ("ApiCdnCertificate", ["none", "1a2b-3c"], ["", "arn:aws:acm:us-east-1:0:certificate/a"]),
        ("AlarmEmail", ["", "you@example.com"], ["you", "a@b@c", "you @example.com"]),
        ("DatabaseSnapshot", ["", "rds:nudge-2026", "nudge-restored"], ["1a", "a b"]),
        ("ParameterKeyArn", ["", EVERYTHING["ParameterKeyArn"]], ["alias/nudge", "*"]),
    ],
)
def test_the_form_of_a_parameter(name, right, wrong):
    pattern = source()["Parameters"][name]["AllowedPattern"]
    assert [text for text in (*right, *wrong) if re.fullmatch(pattern, text)] == right


def test_nobody_reads_the_secret_of_the_cdn_in_the_stack():
    declared = source()["Parameters"]
    assert {name for name, spec in declared.items() if spec.get("NoEcho")} == {"ApiCdnSecret"}


def test_nothing_is_paid_by_the_hour_unless_asked_for(small):
    """Each of these is free, or costs by use or a few cents a month."""
    kinds = {body["Type"].removeprefix("AWS::") for body in small.resources.values()}
    assert kinds == {
        *("CloudFront::Distribution", "CloudFront::OriginAccessControl", "CloudWatch::Alarm"),
        *("CloudWatch::Dashboard", "IAM::Role", "Logs::LogGroup", "Logs::MetricFilter"),
        *("S3::Bucket", "S3::BucketPolicy", "SNS::Topic", "SNS::TopicPolicy"),
        *("SQS::Queue", "SQS::QueuePolicy"),
    }


VPC = {"Vpc", "PrivateSubnetA", "PrivateSubnetB", "PrivateRoutes", "PrivateRoutesOfA"}
VPC |= {"PrivateRoutesOfB", "S3Endpoint", "FunctionSecurityGroup"}
NAT = {"InternetGateway", "InternetGatewayAttachment", "PublicSubnetA", "PublicSubnetB"}
NAT |= {"PublicRoutes", "PublicDefaultRoute", "PublicRoutesOfA", "PublicRoutesOfB"}
NAT |= {"NatAddress", "NatGateway", "PrivateDefaultRoute"}
ENDPOINTS = {"EndpointSecurityGroup", "ParametersEndpoint", "SecretsEndpoint", "LambdaEndpoint"}
ENDPOINTS |= {"QueueEndpoint"}
DATABASE = {"Database", "DatabaseSubnets", "DatabaseSecurityGroup", "DatabaseSecretAccess"}
DATABASE |= {"DatabaseStorageAlarm", "DatabaseConnectionsAlarm"}
PROXY = {"ProxySecurityGroup", "ProxyRole", "Proxy", "ProxyTargets"}
BACKUPS = {"BackupVault", "BackupPlan", "BackupRole", "BackupSelection"}
PRIVATE = {"DbMode": "rds"}


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        ({"Nat": "true"}, VPC | NAT),
        (PRIVATE, VPC | DATABASE | ENDPOINTS),
        ({**PRIVATE, "Nat": "true"}, VPC | DATABASE | NAT),
        ({**PRIVATE, "Nat": "true", "RdsProxy": "true"}, VPC | DATABASE | NAT | PROXY),
        ({**PRIVATE, "Nat": "true", "Backups": "true"}, VPC | DATABASE | NAT | BACKUPS),
        ({**PRIVATE, "MailEndpoint": "true"}, VPC | DATABASE | ENDPOINTS | {"SesEndpoint"}),
        (
            {**PRIVATE, "SmsByAws": "true"},
            VPC | DATABASE | ENDPOINTS | {"SmsEndpoint", "SmsAccess", "SmsSpendingAlarm"},
        ),
        (
            {**PRIVATE, "Nat": "true", "SmsByAws": "true", "MailEndpoint": "true"},
            VPC | DATABASE | NAT | {"SmsAccess", "SmsSpendingAlarm"},
        ),
        ({"RdsProxy": "true", "Backups": "true", "MailEndpoint": "true"}, set()),
        ({"SmsByAws": "true"}, {"SmsAccess", "SmsSpendingAlarm"}),
        ({"AlarmEmail": "you@example.com"}, {"AlarmSubscription"}),
        ({"ApiHost": EVERYTHING["ApiHost"]}, {"ApiDistribution"}),
        ({"ApiCdnDomain": "nudge.example.com", "XRay": "true", "Concurrency": "9"}, set()),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_a_switch_adds(small, parameters, more):
    """And takes nothing away."""
    assert set(Stack(Stage="dev", **parameters).resources) == set(small.resources) | more


def test_a_stage_has_nothing_of_another():
    """So what other tests demand of one stage is so in each. Production alone is protected."""
    one, production = (
        {**stack.resources, "Outputs": stack.outputs}
        for stack in (Stack(**{**EVERYTHING, "Stage": "zzz9"}), Stack(**EVERYTHING))
    )
    one["Database"]["Properties"] |= {"BackupRetentionPeriod": 14, "DeletionProtection": True}
    text = json.dumps(one)
    assert "production" not in text
    assert json.loads(text.replace("zzz9", "production")) == production


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


def test_what_the_outputs_say(full):
    """Lists are separated by commas."""
    assert full.outputs == {
        "ArtifactBucket": "${ArtifactBucket}",
        "StaticBucket": "${StaticBucket}",
        "StaticUrl": "https://${Distribution.DomainName}/",
        "PublicUrl": "https://nudge.example.com",
        "MediaBucket": "${MediaBucket}",
        "RoleArn": "${Role.Arn}",
        "Alias": "live",
        "TaskQueueUrl": "${TaskQueue}",
        "TaskQueueArn": "${TaskQueue.Arn}",
        "DeadLetterQueueUrl": "${DeadLetterQueue}",
        "DeadLetterQueueArn": "${DeadLetterQueue.Arn}",
        "AlarmTopicArn": "${AlarmTopic}",
        "SubnetIds": "${PrivateSubnetA},${PrivateSubnetB}",
        "SecurityGroupIds": "${FunctionSecurityGroup.GroupId}",
        "DatabaseHost": "${Proxy.Endpoint}",
        "DatabasePooled": "True",
        "Concurrency": "50",
        "DatabaseName": "nudge",
        "DatabaseSecretArn": "${Database.MasterUserSecret.SecretArn}",
    }
    without = Stack(**{**EVERYTHING, "RdsProxy": "false"}).outputs
    assert without["DatabaseHost"] == "${Database.Endpoint.Address}"


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
