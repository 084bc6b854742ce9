"""ETag and If-Match over the integer `version` that every mutable object carries (RFC 9110)."""

import re
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.api.errors import PreconditionRequired

_TAG = re.compile(r'(?:W/)?"(\d{1,18})"')


def etag(version: int) -> str:
    return f'"{version}"'


def expected_versions(request: Request) -> set[int] | None:
    """The versions of If-Match, or None if any will do (header missing, or `*`).

    A weak tag counts like a strong one: gzip on the way makes tags weak, the integer stays true.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    parts = [_TAG.fullmatch(part.strip()) for part in header.split(",")]
    if not all(parts):
        raise ValidationError(
            'If-Match must be a quoted version such as "7", or *.', code="invalid_if_match"
        )
    return {int(part[1]) for part in parts if part}


def require_if_match(request: Request) -> None:
    if "If-Match" not in request.headers:
        raise PreconditionRequired


def not_modified(request: Request, version: Any) -> bool:
    """Whether If-None-Match says that the client already holds this version."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or any(match[1] == str(version) for match in _TAG.finditer(header))
