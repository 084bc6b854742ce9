"""Removes a stage with everything that `zappa undeploy` leaves, except database and media.

python -m deploy.destroy dev --yes-remove dev      make destroy STAGE=dev CONFIRM=dev
"""

import argparse

from deploy import aws, functions, release, stack
from deploy.progress import done, step


def destroy(stage: str) -> None:
    """Remove functions, API, events and logs, then the stack, then parameters. Can be repeated.

    Raises SystemExit if the database is protected, before anything is removed.
    """
    _refuse_protected_database(stage)
    for each in (stage, aws.ops_stage(stage)):
        if functions.exists(aws.function_name(each)):
            step(f"Undeploy {each}")
            release.zappa("undeploy", each, "--remove-logs", "--yes")
    step(f"Infrastructure of {stage}")
    outputs = stack.outputs(stage)
    for bucket in (outputs.get("ArtifactBucket"), outputs.get("StaticBucket")):
        if bucket:
            _empty(bucket)
    stack.delete(stage)
    step(f"Configuration of {stage}")
    _delete_parameters(stage)


def _refuse_protected_database(stage: str) -> None:
    for name in stack.databases(stage):
        [found] = aws.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        if found["DeletionProtection"]:
            raise SystemExit(
                f"The database {name} is protected. Nothing was removed. To allow it: aws rds "
                f"modify-db-instance --db-instance-identifier {name} --no-deletion-protection"
            )


def _delete_parameters(stage: str) -> None:
    path = aws.parameters_path(stage)
    for variable in sorted(stack.configured(stage)):
        aws.client("ssm").delete_parameter(Name=path + variable)
        done(f"{path}{variable} is removed")
    aws.client("ssm").delete_parameters(
        Names=[aws.bundle_name(stage)]
    )  # no error if it does not exist


def _empty(bucket: str) -> None:
    """Delete all versions of all objects, because CloudFormation deletes only empty buckets."""
    s3 = aws.client("s3")
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if objects:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            count += len(objects)
    done(f"{bucket}: {count} objects are removed")


def main() -> None:
    parser = argparse.ArgumentParser(description="Remove a stage.")
    parser.add_argument("stage", type=aws.serving_stage)
    parser.add_argument("--yes-remove", default="", help="the stage's name again")
    arguments = parser.parse_args()
    if arguments.yes_remove != arguments.stage:
        raise SystemExit(f"Nothing is removed without CONFIRM={arguments.stage}.")
    destroy(arguments.stage)


if __name__ == "__main__":
    main()
