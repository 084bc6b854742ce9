"""Configuration from AWS Systems Manager: every parameter under PARAMETERS_PATH is a variable."""

import json
import re
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured

from serverless.aws import Aws, CallError

_PATH = re.compile(r"(/[\w.-]+)+/?", re.ASCII)
_PER_PAGE = 10  # the most that GetParametersByPath gives at once
BUNDLE = "bundle/all"  # all of them as one, in JSON: below the path, so no variable itself
_NO_BUNDLE = ("ParameterNotFound", "AccessDeniedException")  # made by hand, or by an older release


class BusyError(ImproperlyConfigured):
    """They cannot be read now, but a later try may succeed."""


def load(path: str, aws: Aws, use: Callable[[dict[str, str]], None]) -> None:
    """Pass the variables under this path to `use`: /nudge/dev/SECRET_KEY is SECRET_KEY.

    Raises ImproperlyConfigured, or BusyError, if they cannot be read; its text has the path and the
    reason only.
    """
    if path and not _PATH.fullmatch(path):
        raise ImproperlyConfigured(f"PARAMETERS_PATH must look like /nudge/dev/, not {path!r}.")
    try:
        use(_all(path.rstrip("/"), aws) if path else {})
    except CallError as error:
        raise (BusyError if error.may_pass else ImproperlyConfigured)(
            f"The parameters under {path} (PARAMETERS_PATH) cannot be read: {error.code}."
        ) from None


def _all(path: str, aws: Aws) -> dict[str, str]:
    """One call if the deployment has made a bundle, because every start needs it at once."""
    wanted = {"Name": f"{path}/{BUNDLE}", "WithDecryption": True}
    try:
        answer = aws.call("ssm", "GetParameter", wanted)
    except CallError as error:
        if error.code not in _NO_BUNDLE:
            raise
        return _under(path, aws)
    try:
        return dict(json.loads(answer["Parameter"]["Value"]))
    except (KeyError, TypeError, ValueError):
        raise CallError(f"{BUNDLE} holds no variables") from None


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
