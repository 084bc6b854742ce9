"""deploy/template.yaml as CloudFormation would read it with given parameters.

Nothing is created: what only AWS knows stands there as its name, ${Role.Arn} for !GetAtt Role.Arn.
"""

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from cfnlint.decode import decode_str

from tests.config.conftest import ROOT

TEMPLATE = ROOT / "deploy" / "template.yaml"
ACCOUNT, REGION = "0" * 12, "us-east-1"
NOTHING = object()
# Every switch on, but the NAT gateway, which would take the place of the endpoints.
EVERYTHING = {
    "Stage": "production",
    "DbMode": "rds",
    "Nat": "false",
    "MailEndpoint": "true",
    "RdsProxy": "true",
    "Backups": "true",
    "Concurrency": "50",
    "MonthlyBudget": "100",
    "Cdn": "true",
    "ApiHost": f"api0.execute-api.{REGION}.amazonaws.com",
    "ApiCdnSecret": "0" * 32,
    "ApiCdnDomain": "nudge.example.com",
    "ApiCdnCertificate": "example",
    "AlarmEmail": "operator@example.com",
    "ParameterKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/example",
    "SmsByAws": "true",
    "XRay": "true",
}
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": NOTHING,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}


@cache
def source() -> dict[str, Any]:
    template, faults = decode_str(TEMPLATE.read_text())
    assert not faults
    return dict(template)


class Stack:
    """The template with these parameters, the others at their defaults."""

    def __init__(self, **parameters: str):
        declared = source()["Parameters"]
        assert set(parameters) <= set(declared)
        defaults = {name: spec.get("Default") for name, spec in declared.items()}
        self.values: dict[str, Any] = {**PSEUDO, **defaults, **parameters}
        self.resources = {
            name: self.resolve(body)
            for name, body in source()["Resources"].items()
            if "Condition" not in body or self.holds(body["Condition"])
        }
        self.outputs = {
            name: self.resolve(body["Value"])
            for name, body in source()["Outputs"].items()
            if "Condition" not in body or self.holds(body["Condition"])
        }

    def holds(self, condition: str) -> bool:
        return bool(self.resolve(source()["Conditions"][condition]))

    def resolve(self, value: Any) -> Any:
        match value:
            case list():
                return [part for item in value if (part := self.resolve(item)) is not NOTHING]
            case dict() if len(value) == 1 and (function := self._function(next(iter(value)))):
                return function(next(iter(value.values())))
            case dict():
                parts = {str(key): self.resolve(part) for key, part in value.items()}
                return {key: part for key, part in parts.items() if part is not NOTHING}
            case _:
                return value

    def _function(self, name: str) -> Callable[[Any], Any] | None:
        functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: self.values.get(name, f"${{{name}}}"),
            "Condition": self.holds,
            "Fn::GetAtt": lambda path: f"${{{'.'.join(path)}}}",
            "Fn::Sub": lambda text: re.sub(r"\$\{([\w:]+)\}", self._named, text),
            "Fn::Join": lambda of: of[0].join(self.resolve(of[1])),
            "Fn::If": lambda of: self.resolve(of[1] if self.holds(of[0]) else of[2]),
            "Fn::Equals": lambda of: len({str(self.resolve(part)) for part in of}) == 1,
            "Fn::Not": lambda of: not self.resolve(of[0]),
            "Fn::And": lambda of: all(self.resolve(part) for part in of),
            "Fn::Or": lambda of: any(self.resolve(part) for part in of),
            "Fn::GetAZs": lambda region: [f"{REGION}a", f"{REGION}b"],
            "Fn::Select": lambda of: self.resolve(of[1])[int(of[0])],
        }
        return functions.get(name)

    def _named(self, match: re.Match[str]) -> str:
        return str(self.values.get(match[1], match[0]))

    def of_type(self, *types: str) -> dict[str, dict[str, Any]]:
        """name -> properties of the resources of these types."""
        found = {name: body for name, body in self.resources.items() if body["Type"] in types}
        return {name: body.get("Properties", {}) for name, body in found.items()}

    def role_statements(self) -> list[dict[str, Any]]:
        """What our own policies say about the execution role."""
        documents = [policy["PolicyDocument"] for policy in self.properties("Role")["Policies"]]
        attached = self.of_type("AWS::IAM::Policy").values()
        assert all(policy["Roles"] == ["${Role}"] for policy in attached)
        documents += [policy["PolicyDocument"] for policy in attached]
        return [statement for document in documents for statement in document["Statement"]]

    def properties(self, name: str) -> dict[str, Any]:
        return dict(self.resources[name]["Properties"])


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def permissions(statements: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """(action, resource) of everything that is allowed."""
    for statement in statements:
        assert "NotAction" not in statement
        assert "NotResource" not in statement
        if statement["Effect"] == "Allow":
            for action in listed(statement["Action"]):
                yield from ((action, resource) for resource in listed(statement["Resource"]))


def allows(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Conditions are taken as met."""
    return any(
        fnmatchcase(action, allowed) and fnmatchcase(resource, pattern)
        for allowed, pattern in permissions(statements)
    )


@cache
def known_actions() -> dict[str, Any]:
    """AWS's own list, which cfn-lint carries."""
    table = files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    return dict(json.loads(table.read_text()))


def takes_a_resource(action: str) -> bool:
    service, _, name = action.partition(":")
    actions = known_actions()[service]["Actions"]
    return bool(
        {key.lower(): entry for key, entry in actions.items()}[name.lower()].get("Resources")
    )
