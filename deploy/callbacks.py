"""What Zappa calls: after reading its settings, after making the zip, and after deploying.

Zappa imports this file anew for each call, so nothing is kept in the module.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy import archive, aws, functions, package, stack, static, zappa_files

PACKAGED_OFFLINE = ("package", "save-python-settings-file", "template")
NOT_KNOWN_YET = "https://not-known-yet.invalid/"  # before the first deploy has made the API


def settings(cli: Any) -> None:
    """Fill in what must not be written down: bucket, role, network and where the secrets lie.

    Raises ClickException, Zappa's own way of ending with one sentence, without infrastructure.
    """
    # Zappa looks for WebSockets in every file below, its own included, and permits what they need.
    cli.use_websocket = None
    cli.zappa.extra_permissions = cli.stage_config.get("extra_permissions")
    zappa_files.copy_nothing(cli)
    if cli.command in PACKAGED_OFFLINE:
        return
    outputs = stack.outputs(cli.api_stage)
    if outputs:
        _use_stack(cli, outputs)
    elif "s3_bucket" not in cli.stage_config:
        cli.s3_bucket_name = _bucket_by_hand(cli.api_stage)
    cli.aws_environment_variables = {
        **cli.aws_environment_variables,
        **{name: value for name, value in environment(cli, outputs).items() if value},
    }


def environment(cli: Any, outputs: dict[str, str]) -> dict[str, str]:
    """The function's variables, pointers only; empty where it shall have none of that name.

    Values and secrets are parameters in SSM.
    """
    stage = cli.api_stage
    return {
        "STAGE": stage,
        "STARTED_AT": aws.now(),  # so that each deploy ends the processes before it
        "PARAMETERS_PATH": aws.parameters_path(stage),
        "STATIC_URL": static.url(outputs),
        "MEDIA_BUCKET": outputs.get("MediaBucket", ""),
        "DEAD_LETTER_QUEUE_URL": outputs.get("DeadLetterQueueUrl", ""),
        "DATABASE_HOST": outputs.get("DatabaseHost", ""),
        "DATABASE_NAME": outputs.get("DatabaseName", ""),
        "DATABASE_SECRET_ARN": outputs.get("DatabaseSecretArn", ""),
        "AWS_ENDPOINT_URL": aws.endpoint(),
        "API_URL": aws.api_url(aws.base_stage(stage)) or NOT_KNOWN_YET,
        "PUBLIC_BASE_URL": _domain(cli),
    }


def zip(cli: Any) -> None:  # noqa: A001 - Zappa's word
    """Collect the static files, then write our archive in the place of Zappa's."""
    from click import ClickException

    try:
        static.collect(_outputs_if_any(cli))
        build_id = package.build(Path(cli.zip_path), cli.architecture)
    except (archive.PackageError, static.CollectError) as error:
        raise ClickException(str(error)) from None
    sys.stdout.write(f"Build {build_id}\n")


def post(cli: Any) -> None:
    """What Zappa does not set, or only when it creates: retries, dead letters, the address."""
    function = aws.client("lambda")
    function.get_waiter("function_updated_v2").wait(FunctionName=cli.lambda_name)
    function.put_function_event_invoke_config(
        FunctionName=cli.lambda_name, MaximumRetryAttempts=2, MaximumEventAgeInSeconds=3600
    )
    outputs = stack.outputs(cli.api_stage)
    queue = outputs.get("DeadLetterQueueArn", "")
    present = functions.configuration(cli.lambda_name)
    if present.get("DeadLetterConfig", {}).get("TargetArn", "") != queue:
        functions.update_configuration(cli.lambda_name, DeadLetterConfig={"TargetArn": queue})
    wanted = environment(cli, outputs)
    functions.update_environment(
        cli.lambda_name,
        {"API_URL": wanted["API_URL"]},
        remove={name for name, value in wanted.items() if not value},
    )


def _use_stack(cli: Any, outputs: dict[str, str]) -> None:
    cli.s3_bucket_name = outputs["ArtifactBucket"]
    cli.manage_roles = False
    cli.zappa.credentials_arn = outputs["RoleArn"]
    cli.dead_letter_config = {"TargetArn": outputs["DeadLetterQueueArn"]}
    if outputs.get("SubnetIds"):
        cli.vpc_config = {
            "SubnetIds": outputs["SubnetIds"].split(","),
            "SecurityGroupIds": outputs["SecurityGroupIds"].split(","),
        }


def _bucket_by_hand(stage: str) -> str:
    import os

    from click import ClickException

    if bucket := os.environ.get("S3_BUCKET", ""):
        return bucket
    raise ClickException(
        f"There is no stack {stack.name(stage)}: run `make infra STAGE={aws.base_stage(stage)}` "
        "first, or name a bucket for the package with S3_BUCKET=..."
    )


def _outputs_if_any(cli: Any) -> dict[str, str]:
    """`zappa package` also works without an account: then the files stay here."""
    from botocore.exceptions import EndpointConnectionError, NoCredentialsError

    try:
        return stack.outputs(cli.api_stage)
    except (NoCredentialsError, EndpointConnectionError, SystemExit):
        if cli.command in PACKAGED_OFFLINE:
            return {}
        raise


def _domain(cli: Any) -> str:
    """The address of one's own that zappa_settings.json names; empty where there is none."""
    path = (cli.base_path or "").strip("/")
    return f"https://{cli.domain}/{path}".rstrip("/") if cli.domain else ""
