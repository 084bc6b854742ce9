"""Error responses outside DRF, in the same shape, for middleware and Django's error handlers."""

from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, InternalError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

RETRY_AFTER_SECONDS = 5
RATE_LIMITED_SECONDS = 60
MAIL_SECONDS = 30  # longer than the pause between two codes for one address
_ASKED_TOO_MUCH = ("tree is too large", "too many SQL variables")  # SQLite's limits on a query
_READ_ONLY = "25006"  # SQLSTATE of a write on a former primary, after a failover


class Refused(Exception):  # noqa: N818 - the word of the API and of sync
    """The request conflicts with the stored data, so nothing was changed."""

    def __init__(self, detail: Any, code: str) -> None:
        super().__init__(detail)
        self.code = code


class MailAway(Exception):  # noqa: N818 - as the database is
    """A mail that the user needs to continue was not sent."""


def is_database_away(error: BaseException | None) -> bool:
    """Whether the database is unavailable; False if the query itself is wrong."""
    if isinstance(error, InternalError):
        return is_read_only(error)
    if any(words in str(error) for words in _ASKED_TOO_MUCH):
        return False
    return isinstance(error, (OperationalError, InterfaceError))


def is_read_only(error: BaseException) -> bool:
    """Whether the database refused the write because it is read-only."""
    by_postgresql = getattr(error.__cause__, "sqlstate", None) == _READ_ONLY
    return by_postgresql or "readonly database" in str(error)


def drop_connection() -> None:
    """Reconnect next time: after a failover the old connection may be alive but read-only."""
    if not connection.in_atomic_block:  # the end of the block still needs it
        connection.close()


def error_body(code: str, detail: str, *, status: int, attr: str | None = None) -> dict[str, Any]:
    """The one error shape of /api/: {"type", "errors": [{"code", "detail", "attr"}]}."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "client_error"
    return {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}


def error_response(
    request: HttpRequest, status: int, code: str, detail: str, *, retry_after: int | None = None
) -> HttpResponse:
    """JSON in the shape that the requested path uses, or an HTML page."""
    response: HttpResponse
    if request.path_info.startswith("/service/"):
        response = JsonResponse({"status": "failure", "message": detail}, status=status)
    elif request.path_info.startswith("/api/"):
        response = JsonResponse(error_body(code, detail, status=status), status=status)
    else:
        # No request in the context, so that the page does not query the signed-in user.
        page = render_to_string("error.html", {"status": status, "detail": detail})
        response = HttpResponse(page, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def mail_unavailable(request: HttpRequest) -> HttpResponse:
    return error_response(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "mail_unavailable",
        _("The mail cannot be sent now. Please request it again in a moment."),
        retry_after=MAIL_SECONDS,
    )


def database_unavailable(request: HttpRequest) -> HttpResponse:
    drop_connection()
    return error_response(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database_unavailable",
        _("The database cannot be reached. Nothing was changed; please try again in a moment."),
        retry_after=RETRY_AFTER_SECONDS,
    )
