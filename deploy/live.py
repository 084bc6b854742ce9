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


class ChangedError(Exception):
    """Somebody else has changed the alias."""


def is_wanted(settings: dict[str, Any]) -> bool:
    """By these settings of a stage."""
    return bool(settings.get("snap_start") == PUBLISHED or settings.get("shift"))


def serving(function: str) -> str:
    """The version that the alias names; empty without an alias."""
    return current(function)[0]


def current(function: str) -> tuple[str, str]:
    """The version that the alias names, and the revision of the alias."""
    alias = _alias(function)
    return str(alias.get("FunctionVersion", "")), str(alias.get("RevisionId", ""))


def begin(function: str) -> None:
    """The alias names the code and the configuration of now, if there is none yet.

    API Gateway calls the newest code until Zappa has directed it to the alias.
    """
    if not serving(function):
        point(function, publish(function))


def is_settled(function: str) -> bool:
    """Whether the newest code is the one that serves, to everybody."""
    shares = _shares(_alias(function))
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
    change(**_named(function, version, shares))
    if is_new:
        limit_retries(function, ALIAS)


def point_unchanged(
    function: str, version: str, revision: str, shares: dict[str, float] | None = None
) -> str:
    """The same if the alias still has this revision; ChangedError otherwise. Returns the next."""
    from botocore.exceptions import ClientError

    wanted = _named(function, version, shares)
    try:
        alias = aws.client("lambda").update_alias(**wanted, RevisionId=revision)
    except ClientError as error:
        if aws.error_code(error) != "PreconditionFailedException":
            raise
        alias = _alias(function)
        # botocore repeats a call whose answer was lost.
        if (alias.get("FunctionVersion"), _shares(alias)) != (version, shares or {}):
            raise ChangedError from None
    return str(alias["RevisionId"])


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


def _named(function: str, version: str, shares: dict[str, float] | None) -> dict[str, Any]:
    return {
        "FunctionName": function,
        "Name": ALIAS,
        "FunctionVersion": version,
        # Those of before would stay.
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
