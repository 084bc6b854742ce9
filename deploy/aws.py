"""The AWS account that the environment selects: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL."""

import argparse
import functools
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).resolve().parent.parent / "zappa_settings.json"
PROJECT = "nudge"  # project_name of zappa_settings.json; a test compares them


def use_one_region() -> None:
    """The AWS CLI reads AWS_REGION, boto3 and Zappa read AWS_DEFAULT_REGION; use AWS_REGION."""
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


use_one_region()  # before boto3 is imported, and for Zappa, which runs as a child


@functools.cache
def client(service: str) -> Any:
    """A boto3 client. Raises SystemExit if no region is set."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    # A migration may take minutes, so a slow invocation is not repeated. Keep-alive, because a NAT
    # drops an idle connection after some minutes.
    config = Config(read_timeout=910, retries={"total_max_attempts": 1}, tcp_keepalive=True)
    try:
        return boto3.client(service, config=config if service == "lambda" else None)
    except NoRegionError:
        raise SystemExit("No AWS region: set AWS_REGION, such as eu-central-1.") from None


def endpoint() -> str:
    return os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")


def error_code(error: Exception) -> str:
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


def base_stage(stage: str) -> str:
    """dev for both dev and dev_ops, which share infrastructure and configuration."""
    return stage.removesuffix("_ops")


def serving_stage(stage: str) -> str:
    """An argparse type: a stage, but not its operations stage.

    Both share infrastructure and configuration, so that dev_ops would affect dev.
    """
    if stage != base_stage(stage):
        raise argparse.ArgumentTypeError(f"name the stage itself: {base_stage(stage)}")
    stages = [name for name in json.loads(SETTINGS.read_text()) if name == base_stage(name)]
    if stage not in stages:
        raise argparse.ArgumentTypeError(f"{SETTINGS.name} has no {stage}, but {', '.join(stages)}")
    return stage


def stage_argument(description: str) -> str:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("stage", type=serving_stage)
    return str(parser.parse_args().stage)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def ops_stage(stage: str) -> str:
    return f"{stage}_ops"


def function_name(stage: str) -> str:
    """Zappa's name of the Lambda function: its slug of project and stage."""
    return f"{PROJECT}-{stage}".replace("_", "-")


def parameters_path(stage: str) -> str:
    return f"/{PROJECT}/{base_stage(stage)}/"


def bundle_name(stage: str) -> str:
    """The parameter with all variables, for a starting process (serverless/parameters.py)."""
    return parameters_path(stage) + "bundle/all"


def lock_name(stage: str) -> str:
    """In a subfolder, because a function would otherwise read it as a variable."""
    return parameters_path(stage) + "bundle/lock"


def api_id(stage: str) -> str:
    """The REST API of the stage; empty before its first deploy.

    Looks it up as Zappa does: in the API stack, which has the function's name.
    """
    from botocore.exceptions import ClientError

    try:
        answer = client("cloudformation").describe_stack_resource(
            StackName=function_name(stage), LogicalResourceId="Api"
        )
    except ClientError as error:
        if error_code(error) == "ValidationError":
            return ""
        raise
    found = answer["StackResourceDetail"]
    gone = found["ResourceStatus"].startswith(("DELETE", "CREATE_FAILED"))
    return "" if gone else str(found.get("PhysicalResourceId", ""))


def api_url(stage: str) -> str:
    """The URL of the stage without a custom domain, with a slash; empty before a deploy."""
    if not (identifier := api_id(stage)):
        return ""
    if local := endpoint().replace("://127.0.0.1", "://localhost", 1):  # a number has no passkeys
        return f"{local}/_aws/execute-api/{identifier}/{stage}/"
    region = client("lambda").meta.region_name
    return f"https://{identifier}.execute-api.{region}.amazonaws.com/{stage}/"
