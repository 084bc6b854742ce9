"""What functions may do, by our own policies: their own things only, and no wildcard."""

import re

import pytest

from tests.deploy.cloudformation import (
    ACCOUNT,
    EVERYTHING,
    REGION,
    Stack,
    allows,
    permissions,
    takes_a_resource,
)


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
    assert len(policies) == 6
    for policy in policies.values():
        [target] = [policy[key] for key in ("Bucket", "Queues", "Topics") if key in policy]
        name = (target[0] if isinstance(target, list) else target).strip("${}")
        for action, resource in permissions(policy["PolicyDocument"]["Statement"]):
            assert "*" not in action
            assert resource.startswith(f"${{{name}")


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def test_every_action_that_a_function_needs_and_no_other(small):
    granted: dict[str, set[str]] = {}
    for action, resource in permissions(small.role_statements()):
        granted.setdefault(resource, set()).add(action)
    invoke = {"lambda:InvokeFunction"}
    log = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
    read = {"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}
    queue = {f"sqs:{each}Message" for each in ("Send", "Receive")}
    queue |= {"sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}
    assert granted == {
        arn("lambda", "function:nudge-dev"): invoke,
        arn("lambda", "function:nudge-dev:*"): invoke,
        arn("lambda", "function:nudge-dev-ops"): invoke,
        arn("logs", "log-group:/aws/lambda/nudge-dev:*"): log,
        arn("logs", "log-group:/aws/lambda/nudge-dev-ops:*"): log,
        arn("ssm", "parameter/nudge/dev"): read,
        arn("ssm", "parameter/nudge/dev/*"): read,
        "${DeadLetterQueue.Arn}": queue,
        "${TaskQueue.Arn}": {*queue, "sqs:DeleteMessage"},
        "${MediaBucket.Arn}/*": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        "${MediaBucket.Arn}": {"s3:ListBucket"},  # otherwise a file that is not there is a 403
    }


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-production:live")),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-production")),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev2")),
        ("lambda:UpdateFunctionCode", arn("lambda", "function:nudge-dev")),
        ("ssm:GetParameter", arn("ssm", "parameter/nudge/dev2/SECRET_KEY")),
        ("ssm:GetParameter", arn("ssm", "parameter/nudge/production/SECRET_KEY")),
        ("ssm:GetParametersByPath", arn("ssm", "parameter/nudge")),
        ("ssm:PutParameter", arn("ssm", "parameter/nudge/dev/SECRET_KEY")),
        ("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/nudge-dev2:log-stream:x")),
        ("logs:DeleteLogGroup", arn("logs", "log-group:/aws/lambda/nudge-dev:*")),
        ("sqs:DeleteMessage", "${DeadLetterQueue.Arn}"),
        ("sqs:PurgeQueue", "${TaskQueue.Arn}"),
        ("s3:PutObject", "${StaticBucket.Arn}/a/b"),
        ("s3:GetObject", "${ArtifactBucket.Arn}/a/b"),
        ("s3:DeleteBucket", "${MediaBucket.Arn}"),
        ("sms-voice:SendTextMessage", arn("sms-voice", "phone-number/x")),
    ],
)
def test_what_a_function_may_not_do(small, action, resource):
    assert not allows(small.role_statements(), action, resource)


KEY = EVERYTHING["ParameterKeyArn"]
NUMBERS = ("phone-number", "pool", "sender-id", "configuration-set", "protect-configuration")
READ_SECRET = ("secretsmanager:GetSecretValue", "${Database.MasterUserSecret.SecretArn}")


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        (
            {"SmsByAws": "true"},
            {
                ("sms-voice:SendTextMessage", f"arn:aws:sms-voice:*:{ACCOUNT}:{kind}/*")
                for kind in NUMBERS
            },
        ),
        ({"DbMode": "rds"}, {READ_SECRET}),
        ({"ParameterKeyArn": KEY}, {("kms:Decrypt", KEY)}),
    ],
    ids=["sms", "database", "key"],
)
def test_a_switch_allows_one_thing_more(small, parameters, more):
    before = set(permissions(small.role_statements()))
    after = set(permissions(Stack(Stage="dev", **parameters).role_statements()))
    assert (after - before, before - after) == (more, set())


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


# --- Others ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "service"), [("ProxyRole", "rds"), ("BackupRole", "backup")])
def test_a_service_of_aws_takes_its_role_for_this_account_only(full, role, service):
    assert full.properties(role)["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    ]


def test_the_pooler_reads_one_secret_and_backups_are_made_as_aws_says(full):
    proxy, backup = full.properties("ProxyRole"), full.properties("BackupRole")
    [policy] = proxy["Policies"]
    assert list(permissions(policy["PolicyDocument"]["Statement"])) == [READ_SECRET]
    assert ("ManagedPolicyArns" in proxy, "Policies" in backup) == (False, False)
    assert backup["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    ]


def test_only_alarms_of_this_account_are_told(full):
    [statement] = full.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]
    assert statement == {
        "Sid": "PublishByOurAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "${AlarmTopic}",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }


@pytest.mark.parametrize(
    ("service", "name"),
    [
        *(("s3", f"{kind}Bucket") for kind in ("Artifact", "Media", "Static")),
        *(("sqs", f"{kind}Queue") for kind in ("DeadLetter", "Task")),
    ],
)
def test_a_bucket_and_a_queue_are_reached_by_tls_only(small, service, name):
    policy = small.properties(f"{name}Policy")
    assert [policy.get("Bucket"), *policy.get("Queues", [])][-1] == f"${{{name}}}"
    everything = [f"${{{name}.Arn}}", f"${{{name}.Arn}}/*"]
    denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert denied == [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": f"{service}:*",
            "Resource": everything if service == "s3" else everything[0],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
