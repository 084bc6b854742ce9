"""deploy/template.yaml in a cloud: made, changed, removed. The emulator enforces no permission."""

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tests.cloud.local import Cloud
from tests.deploy.cloudformation import TEMPLATE, Stack, source

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

# What MiniStack 1.5.33 cannot make; AWS can.
UNKNOWN_TO_THE_EMULATOR = {"AWS::EC2::EIP", "AWS::EC2::NatGateway"}
NAME = "nudge-infra-lab"
FUNCTION_LOGS = ["/aws/lambda/nudge-lab", "/aws/lambda/nudge-lab-ops"]


@pytest.fixture
def account(cloud: Cloud) -> Iterator[Any]:
    """A session of boto3, of the local cloud and of no other: what is here deletes."""
    import boto3

    with patch.dict(os.environ, cloud.variables):
        yield boto3.session.Session()


@pytest.fixture(autouse=True)
def _nothing_stays(account) -> Iterator[None]:
    yield
    delete(account)
    buckets = account.resource("s3").buckets.all()
    for bucket in [bucket for bucket in buckets if bucket.name.startswith(NAME)]:
        bucket.object_versions.delete()
        bucket.delete()


def request(body: str, parameters: dict[str, str]) -> dict[str, Any]:
    pairs = [{"ParameterKey": key, "ParameterValue": parameters[key]} for key in parameters]
    return {
        "StackName": NAME,
        "TemplateBody": body,
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "lab"}, *pairs],
        "Capabilities": ["CAPABILITY_IAM"],
    }


def outputs(account) -> dict[str, str]:
    [stack] = account.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def create(account, body: str = "", **parameters: str) -> dict[str, str]:
    client = account.client("cloudformation")
    client.create_stack(**request(body or TEMPLATE.read_text(), parameters))
    client.get_waiter("stack_create_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    return outputs(account)


def update(account, **parameters: str) -> dict[str, str]:
    client = account.client("cloudformation")
    client.update_stack(**request(TEMPLATE.read_text(), parameters))
    client.get_waiter("stack_update_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    return outputs(account)


def delete(account) -> None:
    client = account.client("cloudformation")
    client.delete_stack(StackName=NAME)
    client.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})


def own_buckets(account) -> set[str]:
    names = {bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]}
    return {name for name in names if name.startswith(NAME)}


def own_log_groups(account) -> dict[str, int | None]:
    groups = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/nudge-lab")
    return {group["logGroupName"]: group.get("retentionInDays") for group in groups["logGroups"]}


def test_a_stack_is_made_changed_and_removed(account):
    made = create(account, Cdn="false")
    assert set(made) == set(Stack(Stage="lab", Cdn="false").outputs)
    assert made["StaticUrl"] == f"https://{made['StaticBucket']}.s3.us-east-1.amazonaws.com/"
    assert own_log_groups(account) == dict.fromkeys(FUNCTION_LOGS, 30)
    assert own_buckets(account) == {
        made[f"{kind}Bucket"] for kind in ("Artifact", "Media", "Static")
    }

    changed = update(account, Cdn="true", LogRetentionDays="60", AlarmEmail="operator@example.com")
    assert changed["StaticUrl"].endswith(".cloudfront.net/")
    assert {key: changed[key] for key in changed if key != "StaticUrl"} == {
        key: made[key] for key in made if key != "StaticUrl"
    }
    assert own_log_groups(account) == dict.fromkeys(FUNCTION_LOGS, 60)

    delete(account)
    assert own_buckets(account) == {made["MediaBucket"]}
    assert own_log_groups(account) == {}
    queues = account.client("sqs").list_queues(QueueNamePrefix="nudge-lab")
    assert queues.get("QueueUrls", []) == []


def test_buckets_are_closed_and_the_role_is_trusted_by_three(account):
    made = create(account, Cdn="false")
    s3 = account.client("s3")
    blocked = {
        kind: s3.get_public_access_block(Bucket=made[f"{kind}Bucket"])[
            "PublicAccessBlockConfiguration"
        ]["RestrictPublicBuckets"]
        for kind in ("Artifact", "Media", "Static")
    }
    assert blocked == {"Artifact": True, "Media": True, "Static": False}
    encryption = s3.get_bucket_encryption(Bucket=made["MediaBucket"])
    [rule] = encryption["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_versioning(Bucket=made["MediaBucket"])["Status"] == "Enabled"
    role = account.client("iam").get_role(RoleName=made["RoleArn"].rpartition("/")[2])["Role"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["Service"] == [
        "lambda.amazonaws.com",
        "apigateway.amazonaws.com",
        "events.amazonaws.com",
    ]


def test_uploads_outlive_the_stack(account):
    media = create(account, Cdn="false")["MediaBucket"]
    account.client("s3").put_object(Bucket=media, Key="a/photo", Body=b"pixels")
    delete(account)
    kept = account.client("s3").get_object(Bucket=media, Key="a/photo")
    assert kept["Body"].read() == b"pixels"


def test_removing_works_after_zappa_took_the_logs_away(account):
    """`zappa undeploy --remove-logs` deletes groups that are this stack's."""
    create(account, Cdn="false")
    for group in FUNCTION_LOGS:
        account.client("logs").delete_log_group(logGroupName=group)
    delete(account)
    assert own_log_groups(account) == {}


def test_a_stack_is_made_beside_logs_that_exist(account):
    """Somebody deployed before they had a stack."""
    logs = account.client("logs")
    logs.create_log_group(logGroupName=FUNCTION_LOGS[0])
    assert "RoleArn" in create(account, Cdn="false", LogGroups="false")
    delete(account)
    assert list(own_log_groups(account)) == FUNCTION_LOGS[:1]
    logs.delete_log_group(logGroupName=FUNCTION_LOGS[0])


def without(*names: str) -> str:
    """The template without these resources and whatever speaks of them."""
    template = json.loads(json.dumps(source()))
    gone = set(names)
    while True:
        words = {f'"{name}"' for name in gone} | {f"${{{name}" for name in gone}
        more = {
            name
            for part in ("Resources", "Outputs")
            for name, body in template[part].items()
            if name in gone or any(word in json.dumps(body) for word in words)
        }
        if not more:
            return json.dumps(template)
        for part in ("Resources", "Outputs"):
            template[part] = {k: body for k, body in template[part].items() if k not in more}
        gone = more


def test_a_network_without_a_way_out(account):
    """The emulator has no managed secret of a database, so the database stays away."""
    made = create(account, without("Database"), Cdn="false", DbMode="rds")
    subnets = made["SubnetIds"].split(",")
    ec2 = account.client("ec2")
    found = ec2.describe_subnets(SubnetIds=subnets)["Subnets"]
    assert {subnet["CidrBlock"] for subnet in found} == {"10.20.0.0/24", "10.20.1.0/24"}
    assert len({subnet["AvailabilityZone"] for subnet in found}) == 2
    inside = [{"Name": "vpc-id", "Values": [found[0]["VpcId"]]}]
    endpoints = ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]
    assert {endpoint["ServiceName"].rpartition(".")[2] for endpoint in endpoints} == {
        "s3",
        "ssm",
        "secretsmanager",
        "lambda",
        "sqs",
    }
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    attached = [attachment["VpcId"] for g in gateways for attachment in g["Attachments"]]
    assert found[0]["VpcId"] not in attached
    delete(account)
    assert ec2.describe_subnets(Filters=inside)["Subnets"] == []


def test_a_network_with_a_way_out(account):
    """All but the NAT gateway, its address and its route."""
    unknown = Stack(Stage="lab", Nat="true").of_type(*UNKNOWN_TO_THE_EMULATOR)
    assert set(unknown) == {"NatAddress", "NatGateway"}
    made = create(account, without(*unknown), Cdn="false", Nat="true")
    ec2 = account.client("ec2")
    [group] = ec2.describe_security_groups(GroupIds=[made["SecurityGroupIds"]])["SecurityGroups"]
    assert group["IpPermissions"] == []
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [group["VpcId"]]}])[
        "RouteTables"
    ]
    ways_out = [
        route["GatewayId"]
        for table in tables
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]
    assert [gateway[:4] for gateway in ways_out] == ["igw-"]
