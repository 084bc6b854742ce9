"""The AWS account that the terminal names: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL."""

import argparse
import functools
import os
from datetime import UTC, datetime
from typing import Any

PROJECT = "nudge"  # project_name of zappa_settings.json; a test compares them


def use_one_region() -> None:
    """The AWS CLI reads AWS_REGION, boto3 and Zappa read AWS_DEFAULT_REGION: the former for all."""
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


use_one_region()  # before boto3 is imported, and for Zappa, which is started from here


@functools.cache
def client(service: str) -> Any:
    """A boto3 client; raises SystemExit with one sentence where no region is named."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoRegionError

    # A migration may take minutes: no invocation is repeated because its answer is slow.
    # Kept alive, since a NAT forgets a silent connection after some minutes.
    config = Config(read_timeout=910, retries={"total_max_attempts": 1}, tcp_keepalive=True)
    try:
        return boto3.client(service, config=config if service == "lambda" else None)
    except NoRegionError:
        raise SystemExit("No AWS region: set AWS_REGION, such as eu-central-1.") from None


def endpoint() -> str:
    """Where a local AWS listens; empty for the real one."""
    return os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")


def error_code(error: Exception) -> str:
    """The code of a botocore ClientError, such as ResourceNotFoundException."""
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


def base_stage(stage: str) -> str:
    """dev for dev and for dev_ops: both share one infrastructure and one configuration."""
    return stage.removesuffix("_ops")


def serving_stage(stage: str) -> str:
    """The type of a command's argument: a stage, never its function for commands.

    Both share one configuration and one infrastructure, which the name of the latter would reach.
    """
    if stage != base_stage(stage):
        raise argparse.ArgumentTypeError(f"name the stage itself: {base_stage(stage)}")
    return stage


def stage_argument(description: str) -> str:
    """The stage that a command of one argument was given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("stage", type=serving_stage)
    return str(parser.parse_args().stage)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def ops_stage(stage: str) -> str:
    return f"{stage}_ops"


def function_name(stage: str) -> str:
    """As Zappa names the Lambda function: its slug of project and stage."""
    return f"{PROJECT}-{stage}".replace("_", "-")


def parameters_path(stage: str) -> str:
    """Where the stage's configuration and secrets lie in SSM."""
    return f"/{PROJECT}/{base_stage(stage)}/"


def api_id(stage: str) -> str:
    """The REST API of the stage, or nothing before its first deploy.

    Found as Zappa finds it: by the API stack, which bears the function's name.
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
    """The address of the stage without a custom domain, with its slash; empty before a deploy."""
    if not (identifier := api_id(stage)):
        return ""
    if local := endpoint():
        return f"{local}/_aws/execute-api/{identifier}/{stage}/"
    region = client("lambda").meta.region_name
    return f"https://{identifier}.execute-api.{region}.amazonaws.com/{stage}/"
