"""The infrastructure stack of a stage: create, update, read and delete.

python -m deploy.stack dev [Parameter=Value ...]      make infra STAGE=dev
"""

import argparse
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from deploy import aws
from deploy.progress import done, step

TEMPLATE = Path(__file__).with_name("template.yaml")
POLL_SECONDS = 3
WAIT_SECONDS = 45 * 60  # a database and a distribution take long
GONE = "ValidationError"  # CloudFormation's error for a stack that does not exist
BUNDLE_LIMIT = 8192  # bytes, of an advanced parameter
NOTHING_TO_DO = "No updates are to be performed"


def name(stage: str) -> str:
    return f"{aws.PROJECT}-infra-{aws.base_stage(stage)}"


def outputs(stage: str) -> dict[str, str]:
    stack = _describe(stage)
    return {item["OutputKey"]: item["OutputValue"] for item in (stack or {}).get("Outputs", [])}


def apply(stage: str, parameters: dict[str, str]) -> dict[str, str]:
    """Create or update the stack, wait for it, and return its outputs. Can be repeated."""
    existing = _describe(stage)
    if existing and existing["StackStatus"] == "ROLLBACK_COMPLETE":  # its creation failed
        delete(stage)
        existing = None
    kept = {item["ParameterKey"] for item in (existing or {}).get("Parameters", [])}
    given = {**parameters, "Stage": aws.base_stage(stage)}
    request: dict[str, Any] = {
        "StackName": name(stage),
        "TemplateBody": TEMPLATE.read_text(),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
        + [{"ParameterKey": k, "UsePreviousValue": True} for k in sorted(kept - set(given))],
    }
    _submit(request, update=existing is not None)
    _wait(stage)
    return outputs(stage)


def databases(stage: str) -> list[str]:
    if _describe(stage) is None:
        return []
    found = aws.client("cloudformation").describe_stack_resources(StackName=name(stage))
    return [
        each["PhysicalResourceId"]
        for each in found["StackResources"]
        if each["ResourceType"] == "AWS::RDS::DBInstance"
    ]


def delete(stage: str) -> None:
    """Delete the stack; its DeletionPolicy keeps the database and the media."""
    if _describe(stage) is None:
        return
    aws.client("cloudformation").delete_stack(StackName=name(stage))
    _wait(stage)


def _describe(stage: str) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        answer = aws.client("cloudformation").describe_stacks(StackName=name(stage))
    except ClientError as error:
        if aws.error_code(error) == GONE:
            return None
        raise
    stack: dict[str, Any] = answer["Stacks"][0]
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _submit(request: dict[str, Any], *, update: bool) -> None:
    from botocore.exceptions import ClientError

    cloudformation = aws.client("cloudformation")
    try:
        (cloudformation.update_stack if update else cloudformation.create_stack)(**request)
    except ClientError as error:
        if NOTHING_TO_DO not in str(error):
            raise


def _wait(stage: str) -> None:
    """Print each change of status until the stack is stable.

    Raises SystemExit if it failed or is not stable in time.
    """
    last_state = ""
    for _ in range(WAIT_SECONDS // POLL_SECONDS):
        stack = _describe(stage)
        state = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        if state != last_state:
            done(f"{name(stage)}: {state}")
            last_state = state
        if not state.endswith("_IN_PROGRESS"):
            break
        time.sleep(POLL_SECONDS)
    else:
        raise SystemExit(
            f"The stack {name(stage)} is still {last_state} after {WAIT_SECONDS // 60} minutes. "
            "Wait until it is complete (`aws cloudformation describe-stacks`), then repeat this."
        )
    if last_state.endswith("_FAILED") or "ROLLBACK" in last_state:
        raise SystemExit(f"The stack {name(stage)} is {last_state}.\n{_reasons(stage)}")


def _reasons(stage: str) -> str:
    events = aws.client("cloudformation").describe_stack_events(StackName=name(stage))
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event['ResourceStatusReason']}"
        for event in events["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    )


def put_parameter(stage: str, variable: str, value: str, *, overwrite: bool = True) -> bool:
    """Store one variable of the stage, encrypted; False if it exists and is not overwritten."""
    from botocore.exceptions import ClientError

    try:
        aws.client("ssm").put_parameter(
            Name=aws.parameters_path(stage) + variable,
            Value=value,
            Type="SecureString",
            Overwrite=overwrite,
        )
    except ClientError as error:
        if aws.error_code(error) == "ParameterAlreadyExists":
            return False
        raise
    return True


def configured(stage: str) -> set[str]:
    path = aws.parameters_path(stage)
    pages = aws.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
    return {item["Name"].removeprefix(path) for page in pages for item in page["Parameters"]}


def bundle(stage: str) -> None:
    """Store all parameters as one, which a starting process reads with one call.

    Systems Manager answers 40 calls a second per account. Without the bundle, 96 of 200 processes
    that started within five seconds did not get their parameters. Raises SystemExit if they do not
    fit.
    """
    path, ssm = aws.parameters_path(stage), aws.client("ssm")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, WithDecryption=True)
    found = {
        each["Name"].removeprefix(path): each["Value"]
        for page in pages
        for each in page["Parameters"]
    }
    if not found:  # a stage that is not set up yet
        return
    if len(value := json.dumps(found)) > BUNDLE_LIMIT:
        raise SystemExit(
            f"The parameters under {path} take {len(value)} bytes together, over the limit of "
            f"{BUNDLE_LIMIT}: shorten some, or remove what is not needed."
        )
    ssm.put_parameter(
        Name=aws.bundle_name(stage),
        Value=value,
        Type="SecureString",
        Tier="Intelligent-Tiering",  # an advanced parameter above 4 KB, for 5 cents a month
        Overwrite=True,
    )


def missing(stage: str) -> list[str]:
    stored = configured(stage)
    made = outputs(stage)
    wanted = {"SECRET_KEY", "SMS_PROVIDER", "EMAIL_HOST"}
    if "DatabaseSecretArn" not in made:
        wanted.add("DATABASE_URL")
    if "PublicUrl" in made:
        wanted.add("CDN_SECRET")
    return sorted(wanted - stored)


def main() -> None:
    parser = argparse.ArgumentParser(description="Create or update the infrastructure of a stage.")
    parser.add_argument("stage", type=aws.serving_stage)
    parser.add_argument("parameters", nargs="*", metavar="Parameter=Value")
    arguments = parser.parse_args()
    parameters = dict(item.split("=", 1) for item in arguments.parameters)
    step(f"Infrastructure of {arguments.stage}")
    for key, value in sorted(apply(arguments.stage, parameters).items()):
        done(f"{key} = {value}")
    if put_parameter(arguments.stage, "SECRET_KEY", secrets.token_urlsafe(64), overwrite=False):
        done("SECRET_KEY was created and stored.")
    path = aws.parameters_path(arguments.stage)
    for variable in missing(arguments.stage):
        sys.stdout.write(
            f"Still to be set: {variable}, with\n"
            f"  aws ssm put-parameter --type SecureString --name {path}{variable} --value ...\n"
        )


if __name__ == "__main__":
    main()
