"""Errors of the REST API: one shape, stable codes (docs/api.md)."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.db import IntegrityError
from drf_standardized_errors.formatter import ExceptionFormatter as BaseFormatter
from drf_standardized_errors.handler import ExceptionHandler as BaseHandler
from drf_standardized_errors.types import Error
from rest_framework.exceptions import APIException, NotFound
from rest_framework.settings import api_settings

from core.errors import RETRY_AFTER_SECONDS, Refused, drop_connection, is_database_away
from core.files import FilesAwayError

NON_FIELD_ERRORS_KEY = api_settings.NON_FIELD_ERRORS_KEY


class Conflict(APIException):
    """`current` is the present state of the caller's object that caused the conflict."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"

    def __init__(
        self, detail: str | None = None, code: str = "", current: dict[str, Any] | None = None
    ) -> None:
        super().__init__(detail, code or None)
        self.current = current


class InvalidCursor(NotFound):
    """404, as for the cursors of DRF: there is no such page."""

    default_code = "invalid_cursor"


class PreconditionRequired(APIException):
    """RFC 6585, section 3."""

    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition_required"
    default_detail = "Send If-Match with the version you read, so that no change is lost."


class PreconditionFailed(APIException):
    """RFC 9110, section 15.5.13; `current` is the present object, for a three-way merge."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "version_mismatch"
    default_detail = "The object has changed since you read it."

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__()
        self.current = current


class ServiceUnavailable(APIException):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "database_unavailable"
    default_detail = (
        "The database cannot be reached. Nothing was changed; please try again in a moment."
    )
    wait = RETRY_AFTER_SECONDS


class FilesUnavailable(ServiceUnavailable):
    default_code = "files_unavailable"
    default_detail = (
        "Files cannot be kept or read now. Nothing was changed; please try again in a moment."
    )


class ExceptionHandler(BaseHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if is_database_away(exc):
            drop_connection()
            return ServiceUnavailable()
        if isinstance(exc, FilesAwayError):
            return FilesUnavailable()
        if isinstance(exc, Refused):
            return Conflict(str(exc), code=exc.code)
        if isinstance(exc, IntegrityError):
            # A concurrent request was faster: it removed the list or took the name.
            return Conflict("The object was changed in the meantime. Reload it and try again.")
        return super().convert_known_exceptions(exc)

    def get_headers(self, exc: APIException) -> dict[str, str]:
        headers: dict[str, str] = super().get_headers(exc)
        if current := _current(exc):
            headers["ETag"] = f'"{current["version"]}"'
        return headers


class ExceptionFormatter(BaseFormatter):
    def get_errors(self) -> list[Error]:
        return [replace(error, attr=member_of(error.attr)) for error in super().get_errors()]

    def format_error_response(self, error_response: Any) -> Any:
        body = super().format_error_response(error_response)
        if current := _current(self.exc):
            body["current"] = current
        return body


def member_of(attr: str | None) -> str | None:
    """The path of the member. An error of a whole object names its parent, or None at the top."""
    return (attr or "").removesuffix(NON_FIELD_ERRORS_KEY).removesuffix(".") or None


def _current(error: Exception) -> dict[str, Any] | None:
    return getattr(error, "current", None)
