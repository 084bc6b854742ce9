"""The alias `live` of a function: the published version that serves.

A stage has it if it shifts traffic or uses SnapStart; otherwise the newest code serves. With it,
whatever changes code or configuration publishes a version, waits for it and moves the alias.
"""

import re
from typing import Any

from deploy import aws
from deploy.progress import done

ALIAS = "live"
PUBLISHED = "PublishedVersions"  # SnapStart's only value but "None"
MINUTES = 15  # AWS takes one to three for a snapshot


def serving(function: str) -> str:
    """The version that the alias names; empty without an alias."""
    return str(_alias(function).get("FunctionVersion", ""))


def is_settled(function: str) -> bool:
    """Whether the newest code is the one that serves, to everybody."""
    alias = _alias(function)
    shares = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
    served, newest = (_configuration(function, each) for each in (serving(function), "$LATEST"))
    return not shares and served["CodeSha256"] == newest["CodeSha256"]


def publish(function: str) -> str:
    """The number of a version of the newest code and configuration, once it can serve.

    AWS makes none if nothing has changed since the last one. SystemExit if it cannot start.
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
        why = _configuration(function, number).get("StateReason", "")
        raise SystemExit(f"Version {number} of {function} cannot start: {why}") from None
    limit_retries(function, number)
    return number


def point(function: str, version: str, shares: dict[str, float] | None = None) -> None:
    """The alias names this version, which may share with others: {"8": 0.1} is 10 % for 8."""
    client, is_new = aws.client("lambda"), not serving(function)
    change = client.create_alias if is_new else client.update_alias
    change(
        FunctionName=function,
        Name=ALIAS,
        FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": shares or {}},  # those of before would stay
    )
    if is_new:
        limit_retries(function, ALIAS)


def limit_retries(function: str, qualifier: str = "$LATEST") -> None:
    """Of asynchronous invocations; each version and alias has limits of its own."""
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        Qualifier=qualifier,
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=3600,
    )


def move(function: str) -> None:
    """What is newest serves; nothing to do without an alias."""
    if serving(function):
        number = publish(function)
        point(function, number)
        done(f"{function} serves version {number}")


def remove(function: str) -> None:
    if serving(function):
        aws.client("lambda").delete_alias(FunctionName=function, Name=ALIAS)


def qualified(arn: str) -> str:
    """The alias of this function; an ARN that names a version or an alias already names ours."""
    return f"{unqualified(arn)}:{ALIAS}"


def unqualified(arn: str) -> str:
    return re.sub(r"(:function:[^:]+):.*", r"\1", arn)


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
