"""Configuration from AWS Systems Manager: every parameter under PARAMETERS_PATH is a variable."""

import re
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured

from serverless.aws import Aws, CallError

_PATH = re.compile(r"(/[\w.-]+)+/?", re.ASCII)
_PER_PAGE = 10  # the most that GetParametersByPath gives at once


def load(path: str, aws: Aws, use: Callable[[dict[str, str]], None]) -> None:
    """Pass the variables under this path to `use`: /nudge/dev/SECRET_KEY is SECRET_KEY.

    Raises ImproperlyConfigured if they cannot be read; its text has the path and the reason only.
    """
    if path and not _PATH.fullmatch(path):
        raise ImproperlyConfigured(f"PARAMETERS_PATH must look like /nudge/dev/, not {path!r}.")
    try:
        use(_under(path.rstrip("/"), aws) if path else {})
    except CallError as error:
        raise ImproperlyConfigured(
            f"The parameters under {path} (PARAMETERS_PATH) cannot be read: {error.code}."
        ) from None


def _under(path: str, aws: Aws) -> dict[str, str]:
    found: dict[str, str] = {}
    page = {"Path": path, "Recursive": False, "WithDecryption": True, "MaxResults": _PER_PAGE}
    while True:
        answer = aws.call("ssm", "GetParametersByPath", page)
        for parameter in answer.get("Parameters", []):
            found[parameter["Name"].removeprefix(f"{path}/")] = parameter["Value"]
        if not (token := answer.get("NextToken")):
            return found
        page["NextToken"] = token
