"""Checks the bodies of the account API before allauth reads them: JSON objects of strings.

allauth reads bodies like form data and converts numbers, lists and objects to text. It could set a
password that the user cannot type.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest

from core.api.fields import RepeatedMemberError, unique_members
from core.values import can_be_stored

_LARGEST_ID = 2**63 - 1


def body_faults(request: HttpRequest) -> list[dict[str, Any]]:
    """The errors of the body, each with its member; empty for a valid body."""
    if not request.body:
        return []
    try:
        body = json.loads(request.body.decode(), object_pairs_hook=unique_members)
    except RepeatedMemberError as error:
        return [_fault("parse_error", str(error))]
    except ValueError:  # not UTF-8, not JSON, a number of thousands of digits
        return [_fault("parse_error", "The body is not JSON.")]
    except RecursionError:
        return [_fault("parse_error", "The JSON is nested too deeply.")]
    if not isinstance(body, dict):
        return [_fault("parse_error", "The body must be a JSON object.")]
    checked = ((name, _wrong(name, value)) for name, value in body.items())
    return [_fault("invalid", detail, name) for name, detail in checked if detail]


def _fault(code: str, detail: str, attr: str | None = None) -> dict[str, Any]:
    return {"code": code, "detail": detail, "attr": attr}


def _wrong(name: str, value: object) -> str:
    fits, wanted = _OTHERS.get(name, (_is_text, "a valid string"))
    return "" if fits(value) else f"Not {wanted}."


def _is_text(value: object) -> bool:
    return isinstance(value, str) and can_be_stored(value)


def _is_id(value: object) -> bool:
    return type(value) is int and 0 < value <= _LARGEST_ID


def _are_ids(value: object) -> bool:
    return isinstance(value, list) and all(_is_id(item) for item in value)


_OTHERS: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "sessions": (_are_ids, "a list of ids"),
    "authenticators": (_are_ids, "a list of ids"),
    "id": (_is_id, "an id"),
    "primary": (lambda value: isinstance(value, bool), "a boolean"),
    "credential": (lambda value: isinstance(value, dict), "an object"),
}
