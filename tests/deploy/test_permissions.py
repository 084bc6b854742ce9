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


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev"), True),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev:live"), True),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-dev-ops"), True),
        ("lambda:InvokeFunction", arn("lambda", "function:nudge-production:live"), False),
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
        ("sqs:DeleteMessage", "${DeadLetterQueue.Arn}", False),
        ("sqs:SendMessage", "${TaskQueue.Arn}", True),
        ("sqs:DeleteMessage", "${TaskQueue.Arn}", True),
        ("sqs:PurgeQueue", "${TaskQueue.Arn}", False),
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
