"""Callbacks for Zappa: after it has read its settings, built the zip, and deployed.

Zappa imports this module again for each call, so it keeps no state.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy import (
    archive,
    aws,
    functions,
    live,
    package,
    stack,
    static,
    versions,
    zappa_files,
    zappa_live,
)

PACKAGED_OFFLINE = ("package", "save-python-settings-file", "template")
NEW_PROCESSES = ("deploy", "update")
# A message takes 0.3 s, so five processes send about a thousand a minute, more than SMS_PER_MINUTE.
QUEUE_BATCH = 10
QUEUE_CONCURRENCY = 5
POLL_SECONDS = 2
WAIT_SECONDS = 5 * 60  # a change of a mapping takes AWS a minute at most
NOT_KNOWN_YET = "https://not-known-yet.invalid/"  # until the first deploy has created the API


def settings(cli: Any) -> None:
    """Set values that are not in the settings file: bucket, role, network, path of the secrets.

    Raises ClickException without infrastructure, which Zappa prints as one sentence.
    """
    # Zappa would search every file, including its own, for WebSockets and add permissions for them.
    cli.use_websocket = None
    cli.zappa.extra_permissions = cli.stage_config.get("extra_permissions")
    zappa_files.copy_nothing(cli)
    if cli.command in PACKAGED_OFFLINE:
        return
    if cli.command in NEW_PROCESSES:
        stack.bundle(cli.api_stage)
    outputs = stack.outputs(cli.api_stage)
    if outputs:
        _use_stack(cli, outputs)
    elif "s3_bucket" not in cli.stage_config:
        cli.s3_bucket_name = _bucket_by_hand(cli.api_stage)
    _refuse(cli, outputs)
    zappa_live.direct(cli)
    cli.aws_environment_variables = {
        **cli.aws_environment_variables,
        **{name: value for name, value in environment(cli, outputs).items() if value},
    }


def _refuse(cli: Any, outputs: dict[str, str]) -> None:
    """Refuse a deploy that would break the function or end in a traceback of Zappa."""
    from click import ClickException

    stage = cli.api_stage
    if cli.command in NEW_PROCESSES and (wanting := stack.missing(stage)):
        raise ClickException(
            f"{stage} would refuse to start without {', '.join(wanting)}: store them under "
            f"{aws.parameters_path(stage)} (docs/deployment.md)."
        )
    zappa_live.refuse(cli, outputs)
    if cli.command == "rollback":
        earlier = len(versions.published(cli.lambda_name)) - 1
        if int(cli.vargs["num_rollback"]) > earlier:
            raise ClickException(f"{cli.lambda_name} has {max(earlier, 0)} previous versions.")


def environment(cli: Any, outputs: dict[str, str]) -> dict[str, str]:
    """The variables of the function; an empty value removes one.

    They only refer to the values and secrets, which are parameters in SSM.
    """
    stage = cli.api_stage
    return {
        "STAGE": stage,
        "STARTED_AT": aws.now(),  # so that each deploy replaces all processes
        "PARAMETERS_PATH": aws.parameters_path(stage),
        "STATIC_URL": static.url(outputs),
        "MEDIA_BUCKET": outputs.get("MediaBucket", ""),
        "TASK_QUEUE_URL": outputs.get("TaskQueueUrl", ""),
        "DEAD_LETTER_QUEUE_URL": outputs.get("DeadLetterQueueUrl", ""),
        "DATABASE_HOST": outputs.get("DatabaseHost", ""),
        "DATABASE_NAME": outputs.get("DatabaseName", ""),
        "DATABASE_POOLED": outputs.get("DatabasePooled", ""),
        "DATABASE_SECRET_ARN": outputs.get("DatabaseSecretArn", ""),
        "AWS_ENDPOINT_URL": aws.endpoint(),
        "API_URL": aws.api_url(aws.base_stage(stage)) or NOT_KNOWN_YET,
        "PUBLIC_BASE_URL": outputs.get("PublicUrl") or _domain(cli),
    }


def zip(cli: Any) -> None:  # noqa: A001 - Zappa's word
    from click import ClickException

    try:
        static.collect(outputs := _outputs_if_any(cli))
        packed = static.packed(outputs)
        build_id = package.build(Path(cli.zip_path), cli.architecture, extra=packed)
    except (archive.PackageError, static.CollectError) as error:
        raise ClickException(str(error)) from None
    sys.stdout.write(f"Build {build_id}\n")


def post(cli: Any) -> None:
    """Set values that Zappa never sets, or only on creation: retries, dead letter queue, API_URL.

    Then publish and serve a version, if the stage has an alias.
    """
    function = aws.client("lambda")
    function.get_waiter("function_updated_v2").wait(FunctionName=cli.lambda_name)
    live.limit_retries(cli.lambda_name)
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
    zappa_live.settle(cli, later=zappa_live.SHIFTS_LATER in os.environ)


def _use_stack(cli: Any, outputs: dict[str, str]) -> None:
    cli.s3_bucket_name = outputs["ArtifactBucket"]
    cli.manage_roles = False
    cli.zappa.credentials_arn = outputs["RoleArn"]
    cli.dead_letter_config = {"TargetArn": outputs["DeadLetterQueueArn"]}
    if cli.api_stage == aws.base_stage(cli.api_stage):
        # Every update by Zappa removes values that only the function has.
        cli.lambda_concurrency = int(outputs.get("Concurrency") or 0) or cli.lambda_concurrency
    _use_queue(cli, outputs.get("TaskQueueArn", ""))
    if outputs.get("SubnetIds"):
        cli.vpc_config = {
            "SubnetIds": outputs["SubnetIds"].split(","),
            "SecurityGroupIds": outputs["SecurityGroupIds"].split(","),
        }


def _use_queue(cli: Any, arn: str) -> None:
    """Add the queue to the events. Serving functions have events; operations functions do not."""
    if arn and (events := cli.stage_config.get("events")):
        source = {"arn": arn, "batch_size": QUEUE_BATCH, "batch_window": 0, "enabled": True}
        queue = {"function": "serverless.events.run", "event_source": source}
        # An assignment would be lost, because `stage_config` is rebuilt at every access.
        cli.override_stage_config_setting("events", [*events, queue])
        schedule = cli.schedule

        def schedule_within_bounds() -> None:
            schedule()
            _bound_queue(cli, arn)

        cli.schedule = schedule_within_bounds  # `zappa deploy`, `update` and `schedule` call it


def _bound_queue(cli: Any, queue_arn: str) -> None:
    """Limit the mapping, and allow partial batch failures, because Zappa sets neither.

    Also remove an old mapping to the function instead of the alias, or the reverse, which would
    take messages.
    """
    client, aliased = aws.client("lambda"), zappa_live.is_wanted(cli)
    for mapping in _mappings(cli.lambda_name, queue_arn):
        if mapping["FunctionArn"].endswith(f":{live.ALIAS}") is not aliased:
            client.delete_event_source_mapping(UUID=mapping["UUID"])
            continue
        client.update_event_source_mapping(
            UUID=mapping["UUID"],
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": QUEUE_CONCURRENCY},
        )


def _mappings(function: str, queue_arn: str) -> list[dict[str, Any]]:
    """Wait for pending mappings (Creating, Enabling, Updating), which AWS refuses to change.

    Raises ClickException if AWS does not end the change.
    """
    from click import ClickException

    for _ in range(WAIT_SECONDS // POLL_SECONDS):
        answer = aws.client("lambda").list_event_source_mappings(EventSourceArn=queue_arn)
        found = [
            each
            for each in answer["EventSourceMappings"]
            if live.unqualified(each["FunctionArn"]).endswith(f":{function}")
        ]
        if not any(each["State"].endswith("ing") for each in found):
            return found
        time.sleep(POLL_SECONDS)
    raise ClickException(
        f"AWS still changes the mapping of the task queue to {function} after "
        f"{WAIT_SECONDS // 60} minutes. Repeat the command later."
    )


def _bucket_by_hand(stage: str) -> str:
    from click import ClickException

    if bucket := os.environ.get("S3_BUCKET", ""):
        return bucket
    raise ClickException(
        f"There is no stack {stack.name(stage)}: run `make infra STAGE={aws.base_stage(stage)}` "
        "first, or name a bucket for the package with S3_BUCKET=..."
    )


def _outputs_if_any(cli: Any) -> dict[str, str]:
    """The outputs; none without an account, because `zappa package` works without one."""
    from botocore.exceptions import EndpointConnectionError, NoCredentialsError

    try:
        return stack.outputs(cli.api_stage)
    except (NoCredentialsError, EndpointConnectionError, SystemExit):
        if cli.command in PACKAGED_OFFLINE:
            return {}
        raise


def _domain(cli: Any) -> str:
    path = (cli.base_path or "").strip("/")
    return f"https://{cli.domain}/{path}".rstrip("/") if cli.domain else ""
