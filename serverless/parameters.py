"""Reads variables from AWS Systems Manager: every parameter under PARAMETERS_PATH is one."""

import json
import re
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured

from serverless.aws import Aws, CallError

_PATH = re.compile(r"(/[\w.-]+)+/?", re.ASCII)
_PER_PAGE = 10  # the page limit of GetParametersByPath
BUNDLE = "bundle/all"  # all as one JSON; in a folder below the path, so that it is no variable
_NO_BUNDLE = ("ParameterNotFound", "AccessDeniedException")  # a manual or older set-up


class BusyError(ImproperlyConfigured):
    """The parameters cannot be read now, but a retry may succeed."""


def load(path: str, aws: Aws, use: Callable[[dict[str, str]], None]) -> None:
    """Pass the variables under this path to `use`: /nudge/dev/SECRET_KEY is SECRET_KEY.

    Raises ImproperlyConfigured, or BusyError, if they cannot be read, with only the path and the
    reason.
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
    """Use one call if the deploy has stored a bundle, because every start waits for it."""
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
