"""deploy/policy.json, for a role that Zappa makes, and deploy/operator-policy.json, for people."""

import json
from typing import Any

import pytest
from cfnlint.api import lint

from tests.config.conftest import ROOT
from tests.deploy.cloudformation import allows, listed, permissions, takes_a_resource

STAGES = ("dev", "staging", "production")
MANAGED_POLICY_CHARACTERS = 6144  # IAM counts those that are no white space
ROLE_POLICY_CHARACTERS = 10_240


def statements(name: str) -> list[dict[str, Any]]:
    document = json.loads((ROOT / "deploy" / name).read_text())
    assert document["Version"] == "2012-10-17"
    return list(document["Statement"])


@pytest.mark.parametrize("name", ["policy.json", "operator-policy.json"])
def test_cfn_lint_knows_every_action(name):
    document = json.loads((ROOT / "deploy" / name).read_text())
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    template = json.dumps({"Resources": {"Policy": policy}})
    assert [str(match) for match in lint(template, regions=["us-east-1"])] == []


@pytest.mark.parametrize(
    ("name", "limit"),
    [("policy.json", ROLE_POLICY_CHARACTERS), ("operator-policy.json", MANAGED_POLICY_CHARACTERS)],
)
def test_iam_takes_it(name, limit):
    assert len("".join((ROOT / "deploy" / name).read_text().split())) <= limit


# --- The role that Zappa makes -------------------------------------------------------------------


def test_the_role_has_no_wildcard_but_region_and_account():
    granted = set(permissions(statements("policy.json")))
    assert [action for action, _ in granted if "*" in action] == []
    patterns = {resource.split(":", 5)[5] for _, resource in granted}
    own = {f"function:nudge-{stage}{kind}" for stage in STAGES for kind in ("", ":*", "-ops")}
    parameters = {f"parameter/nudge/{stage}{rest}" for stage in STAGES for rest in ("", "/*")}
    assert patterns == own | parameters | {"log-group:/aws/lambda/nudge-*"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reaches_nothing_of_another(stage):
    """One file serves all stages, so each statement asks which function is calling."""
    others = [f"nudge-{other}" for other in STAGES if other != stage]
    others += [f"parameter/nudge/{other}" for other in STAGES if other != stage]
    callers = [f"arn:aws:lambda:*:*:function:nudge-{stage}{kind}" for kind in ("", ":*", "-ops")]
    own = [s for s in statements("policy.json") if s["Sid"].startswith(stage.capitalize())]
    conditions = [statement["Condition"] for statement in own]
    assert conditions == [
        # API Gateway calls as this role too, and is no function.
        {"ArnLikeIfExists": {"lambda:SourceFunctionArn": callers}},
        {"ArnLike": {"lambda:SourceFunctionArn": callers}},
    ]
    reached = [resource for statement in own for resource in listed(statement["Resource"])]
    assert [r for r in reached if any(other in r for other in others)] == []


# --- The person who deploys ----------------------------------------------------------------------


BY_FUNCTION = {"QueuesOfFunctions", "NewQueuesOfFunctions"}  # mappings have ids of AWS too


def test_an_operator_connects_queues_with_what_is_called_nudge():
    found = [s for s in statements("operator-policy.json") if s["Sid"] in BY_FUNCTION]
    ours = {"ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:*:*:function:nudge-*"}}
    assert [statement["Condition"] for statement in found] == [ours] * 2


def test_an_operator_touches_what_is_called_nudge():
    """APIs, CloudFront, certificates and zones have ids that AWS makes up."""
    nameless = {"Apis", "Cdn", "Domain", "ActionsWithoutResource", *BY_FUNCTION}
    named = [s for s in statements("operator-policy.json") if s["Sid"] not in nameless]
    assert len(named) == 14
    resources = [resource for statement in named for resource in listed(statement["Resource"])]
    assert [resource for resource in resources if "nudge" not in resource] == []


def test_an_operator_has_no_whole_service():
    """But several actions by a part of their names, because a policy has a limit."""
    actions = {action for action, _ in permissions(statements("operator-policy.json"))}
    several = {action for action in actions if "*" in action}
    assert several == {
        *("cloudformation:*ChangeSet", "cloudformation:Describe*", "cloudformation:Get*"),
        *("cloudformation:List*", "logs:Get*"),
        *("lambda:*Alias", "lambda:CreateFunction*", "lambda:DeleteFunction*", "lambda:Get*"),
        *("lambda:List*", "lambda:PutFunction*", "lambda:UpdateFunction*"),
        *("s3:DeleteBucket*", "s3:DeleteObject*", "s3:Get*", "s3:List*"),
        *("sns:Get*", "sns:List*", "sqs:*Queue", "ssm:GetParameter*", "cloudfront:Get*"),
    }
    on_all = {"lambda:AddLayerVersionPermission", "s3:PutBucketAcl", "s3:PutObjectAcl"}
    on_all |= {"s3:BypassGovernanceRetention", "sqs:AddPermission", "sns:AddPermission"}
    granted = statements("operator-policy.json")
    everything = ("arn:aws:s3:::nudge-infra-x", "arn:aws:sqs:eu-west-1:1:nudge-x")
    assert [a for a in on_all for r in everything if allows(granted, a, r)] == []


@pytest.mark.parametrize("name", ["policy.json", "operator-policy.json"])
def test_an_action_is_given_on_all_only_where_it_takes_no_resource(name):
    """Otherwise it is too much; and on a resource it does not take, it would never be allowed."""
    granted = [
        (action, "*" not in listed(statement["Resource"]))
        for statement in statements(name)
        for action in listed(statement["Action"])
        if "*" not in action
    ]
    assert len(granted) > 5
    assert [
        (action, on_some) for action, on_some in granted if takes_a_resource(action) != on_some
    ] == []


def test_an_operator_hands_the_role_to_those_who_call_functions():
    [statement] = [s for s in statements("operator-policy.json") if s["Action"] == "iam:PassRole"]
    assert statement["Condition"] == {
        "StringEquals": {
            "iam:PassedToService": [
                "apigateway.amazonaws.com",
                "events.amazonaws.com",
                "lambda.amazonaws.com",
            ]
        }
    }
