"""deploy/template.yaml in a cloud: made, changed, removed. The emulator enforces no permission.

AWS_ENDPOINT_URL, AWS_DEFAULT_REGION and credentials of the emulator are in the environment.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.cloudformation import TEMPLATE, Stack, source

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

# What MiniStack 1.5.33 cannot make; AWS can.
UNKNOWN_TO_THE_EMULATOR = {"AWS::EC2::EIP", "AWS::EC2::NatGateway"}
NAME = "nudge-infra-lab"
FUNCTION_LOGS = ["/aws/lambda/nudge-lab", "/aws/lambda/nudge-lab-ops"]


@pytest.fixture
def cloud() -> Any:
    """A session of boto3; never of the real cloud: a test that deletes must not find yours."""
    import boto3

    assert os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:")
    return boto3.session.Session()


@pytest.fixture(autouse=True)
def _nothing_stays(cloud) -> Iterator[None]:
    yield
    delete(cloud)
    buckets = cloud.resource("s3").buckets.all()
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


def outputs(cloud) -> dict[str, str]:
    [stack] = cloud.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def create(cloud, body: str = "", **parameters: str) -> dict[str, str]:
    client = cloud.client("cloudformation")
    client.create_stack(**request(body or TEMPLATE.read_text(), parameters))
    client.get_waiter("stack_create_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    return outputs(cloud)


def update(cloud, **parameters: str) -> dict[str, str]:
    client = cloud.client("cloudformation")
    client.update_stack(**request(TEMPLATE.read_text(), parameters))
    client.get_waiter("stack_update_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    return outputs(cloud)


def delete(cloud) -> None:
    client = cloud.client("cloudformation")
    client.delete_stack(StackName=NAME)
    client.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})


def own_buckets(cloud) -> set[str]:
    names = {bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]}
    return {name for name in names if name.startswith(NAME)}


def own_log_groups(cloud) -> dict[str, int | None]:
    groups = cloud.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/nudge-lab")
    return {group["logGroupName"]: group.get("retentionInDays") for group in groups["logGroups"]}


def test_a_stack_is_made_changed_and_removed(cloud):
    made = create(cloud, Cdn="false")
    assert set(made) == set(Stack(Stage="lab", Cdn="false").outputs)
    assert made["StaticUrl"] == f"https://{made['StaticBucket']}.s3.us-east-1.amazonaws.com/"
    assert own_log_groups(cloud) == dict.fromkeys(FUNCTION_LOGS, 30)
    assert own_buckets(cloud) == {made[f"{kind}Bucket"] for kind in ("Artifact", "Media", "Static")}

    changed = update(cloud, Cdn="true", LogRetentionDays="60", AlarmEmail="operator@example.com")
    assert changed["StaticUrl"].endswith(".cloudfront.net/")
    assert {key: changed[key] for key in changed if key != "StaticUrl"} == {
        key: made[key] for key in made if key != "StaticUrl"
    }
    assert own_log_groups(cloud) == dict.fromkeys(FUNCTION_LOGS, 60)

    delete(cloud)
    assert own_buckets(cloud) == {made["MediaBucket"]}
    assert own_log_groups(cloud) == {}
    queues = cloud.client("sqs").list_queues(QueueNamePrefix="nudge-lab")
    assert queues.get("QueueUrls", []) == []


def test_buckets_are_closed_and_the_role_is_trusted_by_three(cloud):
    made = create(cloud, Cdn="false")
    s3 = cloud.client("s3")
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
    role = cloud.client("iam").get_role(RoleName=made["RoleArn"].rpartition("/")[2])["Role"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["Service"] == [
        "lambda.amazonaws.com",
        "apigateway.amazonaws.com",
        "events.amazonaws.com",
    ]


def test_uploads_outlive_the_stack(cloud):
    media = create(cloud, Cdn="false")["MediaBucket"]
    cloud.client("s3").put_object(Bucket=media, Key="a/photo", Body=b"pixels")
    delete(cloud)
    kept = cloud.client("s3").get_object(Bucket=media, Key="a/photo")
    assert kept["Body"].read() == b"pixels"


def test_removing_works_after_zappa_took_the_logs_away(cloud):
    """`zappa undeploy --remove-logs` deletes groups that are this stack's."""
    create(cloud, Cdn="false")
    for group in FUNCTION_LOGS:
        cloud.client("logs").delete_log_group(logGroupName=group)
    delete(cloud)
    assert own_log_groups(cloud) == {}


def test_a_stack_is_made_beside_logs_that_exist(cloud):
    """Somebody deployed before they had a stack."""
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName=FUNCTION_LOGS[0])
    assert "RoleArn" in create(cloud, Cdn="false", LogGroups="false")
    delete(cloud)
    assert list(own_log_groups(cloud)) == FUNCTION_LOGS[:1]
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


def test_a_network_without_a_way_out(cloud):
    """The emulator has no managed secret of a database, so the database stays away."""
    made = create(cloud, without("Database"), Cdn="false", DbMode="rds")
    subnets = made["SubnetIds"].split(",")
    ec2 = cloud.client("ec2")
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
    delete(cloud)
    assert ec2.describe_subnets(Filters=inside)["Subnets"] == []


def test_a_network_with_a_way_out(cloud):
    """All but the NAT gateway, its address and its route."""
    unknown = Stack(Stage="lab", Nat="true").of_type(*UNKNOWN_TO_THE_EMULATOR)
    assert set(unknown) == {"NatAddress", "NatGateway"}
    made = create(cloud, without(*unknown), Cdn="false", Nat="true")
    ec2 = cloud.client("ec2")
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
