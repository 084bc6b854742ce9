"""Who reaches whom, and how. Which switch makes which part is in test_template.py."""

from typing import Any

import pytest

from tests.deploy.cloudformation import EVERYTHING, REGION, Stack


@pytest.fixture(scope="module")
def with_nat() -> Stack:
    return Stack(**{**EVERYTHING, "Nat": "true"})


# --- Subnets and their ways out -------------------------------------------------------------------


def test_two_private_and_two_public_networks_in_two_zones(with_nat):
    """RDS wants two zones. The names of endpoints and databases are found by the DNS of the VPC."""
    vpc = with_nat.properties("Vpc")
    assert (vpc["CidrBlock"], vpc["EnableDnsHostnames"], vpc["EnableDnsSupport"]) == (
        "10.20.0.0/16",
        True,
        True,
    )
    subnets = with_nat.of_type("AWS::EC2::Subnet")
    assert subnets == {
        name: {"VpcId": "${Vpc}", "AvailabilityZone": f"{REGION}{zone}", "CidrBlock": block}
        for name, zone, block in [
            ("PrivateSubnetA", "a", "10.20.0.0/24"),
            ("PrivateSubnetB", "b", "10.20.1.0/24"),
            ("PublicSubnetA", "a", "10.20.10.0/24"),
            ("PublicSubnetB", "b", "10.20.11.0/24"),
        ]
    }


def test_private_networks_go_out_by_the_nat_gateway_and_public_ones_directly(with_nat):
    tables = with_nat.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
    assert {each["SubnetId"]: each["RouteTableId"] for each in tables} == {
        f"${{{kind}Subnet{zone}}}": f"${{{kind}Routes}}"
        for kind in ("Private", "Public")
        for zone in "AB"
    }
    everywhere = {"DestinationCidrBlock": "0.0.0.0/0"}
    assert with_nat.of_type("AWS::EC2::Route") == {
        "PrivateDefaultRoute": {
            "RouteTableId": "${PrivateRoutes}",
            "NatGatewayId": "${NatGateway}",
            **everywhere,
        },
        "PublicDefaultRoute": {
            "RouteTableId": "${PublicRoutes}",
            "GatewayId": "${InternetGateway}",
            **everywhere,
        },
    }
    assert with_nat.properties("NatGateway")["SubnetId"] == "${PublicSubnetA}"


def test_what_needs_the_gateway_is_made_after_it(with_nat):
    """CloudFormation: an address and a route of a VPC depend on the attachment of its gateway."""
    waiting = {name for name, body in with_nat.resources.items() if "DependsOn" in body}
    assert waiting == {"PublicDefaultRoute", "NatAddress"}
    for name in waiting:
        assert with_nat.resources[name]["DependsOn"] == "InternetGatewayAttachment"


# --- Endpoints ------------------------------------------------------------------------------------


def test_endpoints_answer_by_the_usual_names_of_the_services(full):
    """One zone is enough, and half the price. S3's is a route, and free."""
    interface = {
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": True,
        "SubnetIds": ["${PrivateSubnetA}"],
        "SecurityGroupIds": ["${EndpointSecurityGroup}"],
    }
    gateway = {"VpcEndpointType": "Gateway", "RouteTableIds": ["${PrivateRoutes}"]}
    expected: dict[str, tuple[str, dict[str, Any]]] = {
        "S3Endpoint": ("s3", gateway),
        "ParametersEndpoint": ("ssm", interface),
        "SecretsEndpoint": ("secretsmanager", interface),
        "LambdaEndpoint": ("lambda", interface),
        "QueueEndpoint": ("sqs", interface),
        "SmsEndpoint": ("sms-voice", interface),
        "SesEndpoint": ("email-smtp", interface),
    }
    assert full.of_type("AWS::EC2::VPCEndpoint") == {
        name: {"VpcId": "${Vpc}", "ServiceName": f"com.amazonaws.{REGION}.{service}", **kind}
        for name, (service, kind) in expected.items()
    }


# --- Who reaches whom -----------------------------------------------------------------------------

FUNCTIONS, PROXY = "${FunctionSecurityGroup}", "${ProxySecurityGroup}"
HTTPS, SMTP, POSTGRESQL = 443, 587, 5432
ALWAYS: dict[str, list[tuple[int, str]]] = {
    "FunctionSecurityGroup": [],  # nothing calls them by address
    "EndpointSecurityGroup": [(HTTPS, FUNCTIONS), (SMTP, FUNCTIONS)],
}


@pytest.mark.parametrize(
    ("proxy", "doors"),
    [
        ("false", {**ALWAYS, "DatabaseSecurityGroup": [(POSTGRESQL, FUNCTIONS)]}),
        (
            "true",
            {
                **ALWAYS,
                "ProxySecurityGroup": [(POSTGRESQL, FUNCTIONS)],
                "DatabaseSecurityGroup": [(POSTGRESQL, PROXY)],
            },
        ),
    ],
)
def test_who_reaches_what_at_which_port(proxy, doors):
    """Only functions, or the pooler, by group and never by address. To the outside all is open."""
    groups = Stack(**{**EVERYTHING, "RdsProxy": proxy}).of_type("AWS::EC2::SecurityGroup")
    for group in groups.values():
        del group["GroupDescription"]
        for rule in group.setdefault("SecurityGroupIngress", []):
            del rule["Description"]
    assert groups == {
        name: {
            "VpcId": "${Vpc}",
            "SecurityGroupIngress": [
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "SourceSecurityGroupId": by}
                for port, by in rules
            ],
        }
        for name, rules in doors.items()
    }
