"""The alias `live` of a function, which names the published version that serves.

A stage has it if it shifts traffic or uses SnapStart; otherwise the newest code serves. With it,
every change of code or configuration publishes a version, waits for it and moves the alias.
"""

import re
from typing import Any

from deploy import aws
from deploy.progress import done

ALIAS = "live"
PUBLISHED = "PublishedVersions"  # the only SnapStart value besides "None"
MINUTES = 15  # a snapshot takes AWS one to three minutes


class ChangedError(Exception):
    """The alias was changed by someone else."""


def is_wanted(settings: dict[str, Any]) -> bool:
    """Whether these settings of a stage require the alias."""
    return bool(settings.get("snap_start") == PUBLISHED or settings.get("shift"))


def serving(function: str) -> str:
    """The version that the alias names; empty without an alias."""
    return current(function)[0]


def current(function: str) -> tuple[str, str]:
    """The version that the alias names, and the alias's revision."""
    alias = _alias(function)
    return str(alias.get("FunctionVersion", "")), str(alias.get("RevisionId", ""))


def begin(function: str) -> None:
    """Create the alias, if missing, with the present code and configuration.

    API Gateway calls the newest code until Zappa has directed it to the alias.
    """
    if not serving(function):
        point(function, publish(function))


def is_settled(function: str) -> bool:
    """Whether the newest code serves all traffic."""
    shares = _shares(_alias(function))
    served, newest = (_configuration(function, each) for each in (serving(function), "$LATEST"))
    return not shares and served["CodeSha256"] == newest["CodeSha256"]


def publish(function: str) -> str:
    """Publish the newest code and configuration; returns the number once the version can serve.

    AWS creates no new version if nothing has changed. Raises SystemExit if it cannot start.
    """
    from botocore.exceptions import WaiterError

    client = aws.client("lambda")
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    number = str(client.publish_version(FunctionName=function)["Version"])
    waiter = client.get_waiter("published_version_active")
    try:
        waiter.wait(
            FunctionName=function, Qualifier=number, WaiterConfig={"MaxAttempts": MINUTES * 12}
        )
    except WaiterError:
        why = _configuration(function, number).get("StateReason")
        why = why or f"it is not ready after {MINUTES} minutes."
        raise SystemExit(f"Version {number} of {function} cannot start: {why}") from None
    limit_retries(function, number)
    return number


def point(function: str, version: str, shares: dict[str, float] | None = None) -> None:
    """Point the alias to this version, with shares for others: {"8": 0.1} is 10 % for 8."""
    client, is_new = aws.client("lambda"), not serving(function)
    change = client.create_alias if is_new else client.update_alias
    change(**_named(function, version, shares))
    if is_new:
        limit_retries(function, ALIAS)


def point_unchanged(
    function: str, version: str, revision: str, shares: dict[str, float] | None = None
) -> str:
    """As `point`, if the alias still has this revision, else ChangedError. Returns the new one."""
    from botocore.exceptions import ClientError

    wanted = _named(function, version, shares)
    try:
        alias = aws.client("lambda").update_alias(**wanted, RevisionId=revision)
    except ClientError as error:
        if aws.error_code(error) != "PreconditionFailedException":
            raise
        alias = _alias(function)
        # botocore repeats a call if its response was lost.
        if (alias.get("FunctionVersion"), _shares(alias)) != (version, shares or {}):
            raise ChangedError from None
    return str(alias["RevisionId"])


def limit_retries(function: str, qualifier: str = "$LATEST") -> None:
    """Limit retries of asynchronous invocations; each version and alias has its own limits."""
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        Qualifier=qualifier,
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=3600,
    )


def move(function: str) -> None:
    """Serve the newest code; does nothing without an alias."""
    if serving(function):
        number = publish(function)
        point(function, number)
        done(f"{function} serves version {number}")


def remove(function: str) -> None:
    if serving(function):
        aws.client("lambda").delete_alias(FunctionName=function, Name=ALIAS)


def qualified(arn: str) -> str:
    """The ARN of the function's alias, in place of any version or alias in this ARN."""
    return f"{unqualified(arn)}:{ALIAS}"


def unqualified(arn: str) -> str:
    return re.sub(r"(:function:[^:]+):.*", r"\1", arn)


def _named(function: str, version: str, shares: dict[str, float] | None) -> dict[str, Any]:
    return {
        "FunctionName": function,
        "Name": ALIAS,
        "FunctionVersion": version,
        # The former shares would otherwise stay.
        "RoutingConfig": {"AdditionalVersionWeights": shares or {}},
    }


def _shares(alias: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return found


def _alias(function: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    try:
        answer: dict[str, Any] = aws.client("lambda").get_alias(FunctionName=function, Name=ALIAS)
    except ClientError as error:
        if aws.error_code(error) == "ResourceNotFoundException":
            return {}
        raise
    return answer


def _configuration(function: str, version: str) -> dict[str, Any]:
    answer: dict[str, Any] = aws.client("lambda").get_function_configuration(
        FunctionName=function, Qualifier=version
    )
    return answer
