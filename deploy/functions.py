"""The Lambda functions of a stage: existence, environment and serving code."""

import base64
import hashlib
from typing import Any

from deploy import aws, live
from deploy.progress import done


def exists(function: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        aws.client("lambda").get_function(FunctionName=function)
    except ClientError as error:
        if aws.error_code(error) == "ResourceNotFoundException":
            return False
        raise
    return True


def update_configuration(function: str, **settings: Any) -> None:
    """Change the configuration and wait until it applies. This starts new processes."""
    client = aws.client("lambda")
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    client.update_function_configuration(FunctionName=function, **settings)
    client.get_waiter("function_updated_v2").wait(FunctionName=function)


def configuration(function: str, version: str = "$LATEST") -> dict[str, Any]:
    answer: dict[str, Any] = aws.client("lambda").get_function_configuration(
        FunctionName=function, Qualifier=version
    )
    return answer


def update_environment(
    function: str, variables: dict[str, str], *, remove: set[str] | None = None
) -> None:
    """Set environment variables and remove others. Makes no request if nothing would change.

    Zappa only adds variables, so an obsolete one stays on the function.
    """
    present = configuration(function).get("Environment", {}).get("Variables", {})
    kept = {name: value for name, value in present.items() if name not in (remove or set())}
    if (wanted := {**kept, **variables}) != present:
        update_configuration(function, Environment={"Variables": wanted})


def restore(function: str, version: str) -> None:
    """Roll back to the code of this published version. Raises SystemExit if it is not available."""
    _put(function, version)
    live.move(function)
    done(f"{function} serves the code of version {version} again")


def take_back(function: str, version: str) -> None:
    """As `restore`, for the version that has just served: an alias points to it again immediately.

    Also publishes its code again, so that a later rollback does not use the failed version.
    """
    if not live.serving(function):
        restore(function, version)
        return
    live.point(function, version)
    done(f"{function} serves version {version} again, to everybody")
    try:
        _put(function, version)
    except SystemExit as error:
        raise SystemExit(
            f"{error}\nVersion {version} serves, but the newest code is the one that failed: "
            "deploy another before you restart it."
        ) from None


def _put(function: str, version: str) -> None:
    """Make the code of this version the newest code."""
    import requests

    client = aws.client("lambda")
    found = client.get_function(FunctionName=function, Qualifier=version)
    answer = requests.get(found["Code"]["Location"], timeout=60)
    of_then = found["Configuration"]
    if base64.b64encode(hashlib.sha256(answer.content).digest()).decode() != of_then["CodeSha256"]:
        raise SystemExit(f"The code of version {version} of {function} is not available.")
    # Its bytecode needs the Python version that compiled it.
    if (runtime := of_then["Runtime"]) != configuration(function)["Runtime"]:
        update_configuration(function, Runtime=runtime, SnapStart=_snap_start(of_then))
    client.get_waiter("function_updated_v2").wait(FunctionName=function)
    client.update_function_code(
        FunctionName=function,
        ZipFile=answer.content,
        Publish=True,
        Architectures=of_then["Architectures"],
    )
    client.get_waiter("function_updated_v2").wait(FunctionName=function)


def _snap_start(configuration: dict[str, Any]) -> dict[str, str]:
    """SnapStart, which not every Python version supports, so it is set with the runtime."""
    return {"ApplyOn": configuration.get("SnapStart", {}).get("ApplyOn", "None")}
