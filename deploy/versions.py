"""The published versions of a function: which one serves, and how to go back.

    python -m deploy.versions dev      make rollback STAGE=dev

`zappa rollback` republishes code as well; it says "Done!" also where it did nothing, and does not
look whether the older code serves.
"""

import argparse
import base64
import hashlib
from typing import Any

from deploy import aws, smoke
from deploy.progress import done, step


def serving(function: str) -> str:
    """The number of the newest published version that is the code now serving; empty if none."""
    latest = aws.client("lambda").get_function_configuration(FunctionName=function)
    for version in _published(function):
        if version["CodeSha256"] == latest["CodeSha256"]:
            return str(version["Version"])
    return ""


def before(function: str) -> str:
    """The newest published version whose code is another than what serves; empty if none."""
    latest = aws.client("lambda").get_function_configuration(FunctionName=function)
    for version in _published(function):
        if version["CodeSha256"] != latest["CodeSha256"]:
            return str(version["Version"])
    return ""


def restore(function: str, version: str) -> None:
    """Make the code of this published version serve again; SystemExit if it cannot be had."""
    import requests

    client = aws.client("lambda")
    found = client.get_function(FunctionName=function, Qualifier=version)
    answer = requests.get(found["Code"]["Location"], timeout=60)
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    if digest != found["Configuration"]["CodeSha256"]:
        raise SystemExit(f"The code of version {version} of {function} is not to be had.")
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    client.update_function_code(FunctionName=function, ZipFile=answer.content, Publish=True)
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    done(f"{function} serves the code of version {version} again")


def exists(function: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        aws.client("lambda").get_function(FunctionName=function)
    except ClientError as error:
        if aws.error_code(error) == "ResourceNotFoundException":
            return False
        raise
    return True


def _published(function: str) -> list[dict[str, Any]]:
    """Newest first, without $LATEST."""
    pages = aws.client("lambda").get_paginator("list_versions_by_function")
    found = [
        version
        for page in pages.paginate(FunctionName=function)
        for version in page["Versions"]
        if version["Version"] != "$LATEST"
    ]
    return sorted(found, key=lambda version: int(version["Version"]), reverse=True)


def main() -> None:
    """Back to the code before this one. The database stays: migrations expand, then contract."""
    parser = argparse.ArgumentParser(description="Let the version before this one serve again.")
    parser.add_argument("stage")
    stage = parser.parse_args().stage
    step(f"Rollback of {stage}")
    function = aws.function_name(stage)
    if not exists(function) or not (version := before(function)):
        raise SystemExit(f"{function} has no other version to go back to.")
    restore(function, version)
    operations = aws.function_name(aws.ops_stage(stage))
    if exists(operations) and (earlier := before(operations)):
        restore(operations, earlier)
    smoke.check(stage)


if __name__ == "__main__":
    main()
