"""deploy/template.yaml: valid, private, and no permission more than the service needs."""

import json
import re

import pytest
from cfnlint import ManualArgs
from cfnlint.api import lint, lint_file

from sms import limits
from sms.backends import alarm
from tests.config.conftest import ROOT
from tests.deploy.cloudformation import (
    ACCOUNT,
    REGION,
    TEMPLATE,
    Stack,
    allows,
    permissions,
    source,
    takes_a_resource,
)

EVERYTHING = {
    "Stage": "production",
    "DbMode": "rds",
    "Nat": "false",
    "MailEndpoint": "true",
    "Cdn": "true",
    "AlarmEmail": "operator@example.com",
    "ParameterKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/example",
    "SmsByAws": "true",
    "XRay": "true",
}
ALWAYS = {
    "AlarmTopicArn",
    "ArtifactBucket",
    "DeadLetterQueueArn",
    "DeadLetterQueueUrl",
    "MediaBucket",
    "RoleArn",
    "StaticBucket",
    "StaticUrl",
}
WITH_VPC = {"SecurityGroupIds", "SubnetIds"}
WITH_DATABASE = {"DatabaseHost", "DatabaseName", "DatabaseSecretArn"}


@pytest.fixture(scope="module")
def small() -> Stack:
    return Stack(Stage="dev")


@pytest.fixture(scope="module")
def full() -> Stack:
    return Stack(**EVERYTHING)


# --- The file ------------------------------------------------------------------------------------


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


# --- Outputs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ALWAYS),
        ({"Cdn": "false"}, ALWAYS),
        ({"Nat": "true"}, ALWAYS | WITH_VPC),
        ({"DbMode": "rds"}, ALWAYS | WITH_VPC | WITH_DATABASE),
        ({"DbMode": "rds", "Nat": "true"}, ALWAYS | WITH_VPC | WITH_DATABASE),
    ],
    ids=["small", "no-cdn", "nat", "rds", "rds-nat"],
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


# --- Buckets -------------------------------------------------------------------------------------

BUCKETS = ("ArtifactBucket", "MediaBucket", "StaticBucket")
CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def policy_of(stack: Stack, bucket: str) -> list[dict]:
    policies = stack.of_type("AWS::S3::BucketPolicy").values()
    [policy] = [policy for policy in policies if policy["Bucket"] == f"${{{bucket}}}"]
    return policy["PolicyDocument"]["Statement"]


def test_these_are_the_buckets(full):
    assert set(full.of_type("AWS::S3::Bucket")) == set(BUCKETS)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_encrypted_and_without_acls(small, bucket):
    properties = small.properties(bucket)
    assert properties["PublicAccessBlockConfiguration"] == CLOSED
    assert properties["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    assert properties["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        ]
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_reached_by_tls_only(small, bucket):
    denied = [statement for statement in policy_of(small, bucket) if statement["Effect"] == "Deny"]
    assert denied == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"${{{bucket}.Arn}}", f"${{{bucket}.Arn}}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_half_an_upload_is_not_paid_for_ever(small, bucket):
    rules = small.properties(bucket)["LifecycleConfiguration"]["Rules"]
    aborted = [rule["AbortIncompleteMultipartUpload"] for rule in rules if len(rule) == 3]
    assert aborted[-1] == {"DaysAfterInitiation": 1}


def test_only_our_cdn_reads_the_static_files(small):
    [allowed] = [s for s in policy_of(small, "StaticBucket") if s["Effect"] == "Allow"]
    assert allowed == {
        "Sid": "ReadByOurCdn",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "${StaticBucket.Arn}/*",
        "Condition": {
            "StringEquals": {
                "AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/${{Distribution}}"
            }
        },
    }


def test_without_a_cdn_everybody_reads_the_static_files_and_nothing_else():
    stack = Stack(Stage="dev", Cdn="false")
    opened = {
        name: policy_of(stack, name)[1:]
        for name in BUCKETS
        if stack.properties(name)["PublicAccessBlockConfiguration"] != CLOSED
    }
    assert opened == {
        "StaticBucket": [
            {
                "Sid": "ReadByEverybody",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": "${StaticBucket.Arn}/*",
            }
        ]
    }


def test_modules_of_another_origin_are_let_through(small):
    """A browser fetches <script type="module"> of another origin by CORS only."""
    behavior = small.properties("Distribution")["DistributionConfig"]["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert behavior["ResponseHeadersPolicyId"] == "e61eb60c-9c35-4d20-a928-2b84e02af89c"
    [rule] = small.properties("StaticBucket")["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["GET", "HEAD"], ["*"])


# --- Data outlives the stack ---------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dev", "production"])
def test_the_stack_takes_no_data_with_it(stage):
    stack = Stack(Stage=stage, DbMode="rds")
    kept = {
        name: (body["DeletionPolicy"], body["UpdateReplacePolicy"])
        for name, body in stack.resources.items()
        if body.get("DeletionPolicy", "Delete") != "Delete"
    }
    assert kept == {
        "MediaBucket": ("RetainExceptOnCreate", "Retain"),
        "MediaBucketPolicy": ("RetainExceptOnCreate", "Retain"),
        "Database": ("Snapshot", "Snapshot"),
    }
    assert stack.properties("MediaBucket")["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize(
    ("stage", "protected", "days"), [("dev", False, 1), ("production", True, 14)]
)
def test_the_database_is_private_encrypted_and_backed_up(stage, protected, days):
    database = Stack(Stage=stage, DbMode="rds").properties("Database")
    expected = {
        "PubliclyAccessible": False,
        "StorageEncrypted": True,
        "ManageMasterUserPassword": True,
        "BackupRetentionPeriod": days,
        "DeleteAutomatedBackups": False,
        "DeletionProtection": protected,
        "DBInstanceClass": "db.t4g.micro",
    }
    assert {key: database[key] for key in expected} == expected
    assert "MasterUserPassword" not in database


def test_a_restored_database_is_what_the_snapshot_was():
    """CloudFormation refuses a snapshot beside a name, a user or an encryption."""
    stack = Stack(Stage="dev", DbMode="rds", DatabaseSnapshot="rds:nudge-2026")
    database = stack.properties("Database")
    assert database["DBSnapshotIdentifier"] == "rds:nudge-2026"
    assert {"DBName", "MasterUsername", "StorageEncrypted"} & set(database) == set()
    new = Stack(Stage="dev", DbMode="rds").properties("Database")
    assert "DBSnapshotIdentifier" not in new


def test_only_functions_reach_the_database(full):
    assert full.properties("DatabaseSecurityGroup")["SecurityGroupIngress"] == [
        {
            "IpProtocol": "tcp",
            "FromPort": 5432,
            "ToPort": 5432,
            "SourceSecurityGroupId": "${FunctionSecurityGroup}",
            "Description": "PostgreSQL",
        }
    ]
    assert "SecurityGroupIngress" not in full.properties("FunctionSecurityGroup")


# --- The role ------------------------------------------------------------------------------------


def test_the_role_trusts_exactly_those_who_call_functions(full):
    assert full.properties("Role")["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {
                "Service": [
                    "lambda.amazonaws.com",
                    "apigateway.amazonaws.com",
                    "events.amazonaws.com",
                ]
            },
        }
    ]


def test_no_permission_is_a_wildcard(full):
    granted = list(permissions(full.role_statements()))
    assert len(granted) > 20
    assert [action for action, _ in granted if "*" in action or not takes_a_resource(action)] == []
    # Our own thing, or an address of this account that begins with our name or kind.
    ours = re.compile(
        r"\$\{\w+(\.[\w.]+)?\}(/\*)?"
        rf"|arn:aws:(lambda|logs|ssm|kms):{REGION}:{ACCOUNT}:[^*]+[:/]?\*?"
        rf"|arn:aws:sms-voice:\*:{ACCOUNT}:[a-z-]+/\*"
    )
    assert [resource for _, resource in granted if not ours.fullmatch(resource)] == []


def test_every_policy_of_a_resource_is_about_that_resource(full):
    kinds = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
    policies = full.of_type(*kinds)
    assert len(policies) == 5
    for policy in policies.values():
        [target] = [policy[key] for key in ("Bucket", "Queues", "Topics") if key in policy]
        name = (target[0] if isinstance(target, list) else target).strip("${}")
        for action, resource in permissions(policy["PolicyDocument"]["Statement"]):
            assert "*" not in action
            assert resource.startswith(f"${{{name}")


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev"), True),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev-ops"), True),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-production"), False),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev2"), False),
        ("lambda:UpdateFunctionCode", arn("lambda", "function:nudge-dev"), False),
        ("ssm:GetParametersByPath", arn("ssm", "parameter/nudge/dev"), True),
        ("ssm:GetParametersByPath", arn("ssm", "parameter/nudge/dev/"), True),
        ("ssm:GetParameter", arn("ssm", "parameter/nudge/dev/SECRET_KEY"), True),
        ("ssm:GetParameter", arn("ssm", "parameter/nudge/dev2/SECRET_KEY"), False),
        ("ssm:GetParameter", arn("ssm", "parameter/nudge/production/SECRET_KEY"), False),
        ("ssm:GetParametersByPath", arn("ssm", "parameter/nudge"), False),
        ("ssm:PutParameter", arn("ssm", "parameter/nudge/dev/SECRET_KEY"), False),
        ("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/nudge-dev:log-stream:x"), True),
        ("logs:CreateLogGroup", arn("logs", "log-group:/aws/lambda/nudge-dev-ops:*"), True),
        ("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/nudge-dev2:log-stream:x"), False),
        ("logs:DeleteLogGroup", arn("logs", "log-group:/aws/lambda/nudge-dev:*"), False),
        ("sqs:SendMessage", "${DeadLetterQueue.Arn}", True),
        ("sqs:ReceiveMessage", "${DeadLetterQueue.Arn}", True),
        ("sqs:DeleteMessage", "${DeadLetterQueue.Arn}", True),
        ("s3:PutObject", "${MediaBucket.Arn}/a/b", True),
        ("s3:PutObject", "${StaticBucket.Arn}/a/b", False),
        ("s3:GetObject", "${ArtifactBucket.Arn}/a/b", False),
        ("s3:DeleteBucket", "${MediaBucket.Arn}", False),
        ("sms-voice:SendTextMessage", arn("sms-voice", "phone-number/x"), False),
    ],
)
def test_what_a_function_may_do(small, action, resource, allowed):
    assert allows(small.role_statements(), action, resource) is allowed


@pytest.mark.parametrize(
    ("parameters", "action", "resource"),
    [
        (
            {"SmsByAws": "true"},
            "sms-voice:SendTextMessage",
            f"arn:aws:sms-voice:*:{ACCOUNT}:phone-number/*",
        ),
        (
            {"DbMode": "rds"},
            "secretsmanager:GetSecretValue",
            "${Database.MasterUserSecret.SecretArn}",
        ),
        (
            {"ParameterKeyArn": EVERYTHING["ParameterKeyArn"]},
            "kms:Decrypt",
            EVERYTHING["ParameterKeyArn"],
        ),
    ],
    ids=["sms", "database", "key"],
)
def test_a_switch_allows_one_thing_more(small, parameters, action, resource):
    before = set(permissions(small.role_statements()))
    after = set(permissions(Stack(Stage="dev", **parameters).role_statements()))
    assert before < after
    assert (action, resource) in after - before
    assert {name for name, _ in after - before} == {action}


def test_a_key_opens_parameters_only(full):
    [statement] = [s for s in full.role_statements() if s["Action"] == "kms:Decrypt"]
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": f"ssm.{REGION}.amazonaws.com"}
    }


@pytest.mark.parametrize(
    ("parameters", "policies"),
    [
        ({}, []),
        ({"DbMode": "rds"}, ["service-role/AWSLambdaVPCAccessExecutionRole"]),
        ({"Nat": "true"}, ["service-role/AWSLambdaVPCAccessExecutionRole"]),
        ({"XRay": "true"}, ["AWSXRayDaemonWriteAccess"]),
    ],
    ids=["small", "rds", "nat", "xray"],
)
def test_policies_of_aws_are_attached_where_needed_only(parameters, policies):
    attached = Stack(Stage="dev", **parameters).properties("Role")["ManagedPolicyArns"]
    assert attached == [f"arn:aws:iam::aws:policy/{name}" for name in policies]


# --- The network ---------------------------------------------------------------------------------


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
    )
    assert small.of_type(*hourly) == {}


# --- Logs, dead letters, alarms ------------------------------------------------------------------


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
    assert pattern == f'{{ $.message = "{limits.WARNING_CODE}*" }}'
    pattern = small.properties("SmsRefusedFilter")["FilterPattern"]
    assert pattern == f'{{ $.logger = "{alarm.logger.name}" && $.level = "ERROR" }}'


def test_an_alarm_is_mailed_where_somebody_is_named(small, full):
    assert small.of_type("AWS::SNS::Subscription") == {}
    [subscription] = full.of_type("AWS::SNS::Subscription").values()
    assert subscription == {
        "TopicArn": "${AlarmTopic}",
        "Protocol": "email",
        "Endpoint": "operator@example.com",
    }


# --- The document --------------------------------------------------------------------------------


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
