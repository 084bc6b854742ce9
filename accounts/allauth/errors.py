"""Errors of the account API in the product's shape, plus the members for allauth's clients."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.login_throttle import LOCKED, log_in_wait
from accounts.passwords import keep_blanks
from accounts.registration import by_invitation, guard_api, refusal
from accounts.request_validation import body_faults
from core.errors import RATE_LIMITED_SECONDS

GetResponse = Callable[[HttpRequest], HttpResponse]

_PREFIX = "/api/auth/"
SIGN_UP = "/api/auth/app/v1/auth/signup"
_CODES = {
    400: ("invalid", "The request could not be understood."),
    401: ("not_authenticated", "Not signed in; `data.flows` lists the next steps."),
    403: ("permission_denied", "You may not do this."),
    404: ("not_found", "Not found."),
    405: ("method_not_allowed", "This method is not allowed here."),
    409: ("conflict", "The request conflicts with the current state of the session."),
    429: ("throttled", "Too many requests; please wait."),
}
_SESSION_GONE = ("session_gone", "The session token is invalid or has expired.")
_REAUTHENTICATE = ("reauthentication_required", "Authenticate again; see `data.flows`.")


class ApiErrorShapeMiddleware:
    """Adds the product's error shape to errors of allauth's routes; allauth's own members stay.

    An invalid token is 401 (RFC 6750) instead of allauth's 410; a locked log-in is 429.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not _is_account_api(request):
            return response
        return _shaped(request, response)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if not _is_allauth_view(request):
            return None
        keep_blanks()
        guard_api()
        if request.method == "GET":
            return None
        if not (faults := body_faults(request)):
            return None
        body = {"status": 400, "type": "validation_error", "errors": faults}
        return JsonResponse(body, status=HTTPStatus.BAD_REQUEST)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Treat a session that another request has just ended as an invalid token."""
        if isinstance(error, UpdateError) and _is_account_api(request):
            request.session.modified = False  # or Django would try again
            return JsonResponse({}, status=HTTPStatus.GONE)
        return None


def _is_allauth_view(request: HttpRequest) -> bool:
    return bool(request.resolver_match and "headless" in request.resolver_match.app_names)


def _is_account_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(_PREFIX)


def _shaped(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    body = _json_object(response)
    if "type" in body:
        return response
    status, errors = response.status_code, body.get("errors")
    if status == HTTPStatus.GONE:
        status, errors = HTTPStatus.UNAUTHORIZED, [_error(*_SESSION_GONE)]
    elif any(error.get("code") == LOCKED for error in errors or ()):
        status = HTTPStatus.TOO_MANY_REQUESTS
    if status == HTTPStatus.FORBIDDEN and request.path_info == SIGN_UP:
        errors = [_not_open()]
    errors = errors or [_default_error(status, body)]
    if "is_authenticated" in body.get("meta", {}):  # allauth sends null or false for "no member"
        body["meta"] |= {"is_authenticated": bool(body["meta"].get("is_authenticated"))}
    body |= {"status": status, "type": _kind(status), "errors": [_both_shapes(e) for e in errors]}
    shaped = JsonResponse(body, status=status)
    _copy_headers(response, shaped)
    _add_error_headers(request, shaped, errors)
    return shaped


def _not_open() -> dict[str, Any]:
    if by_invitation():
        return _error("invitation_required", refusal())
    return _error("signup_closed", refusal())


def _json_object(response: HttpResponse) -> dict[str, Any]:
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        return {}
    body: dict[str, Any] = json.loads(response.content)
    return body


def _default_error(status: int, body: dict[str, Any]) -> dict[str, Any]:
    if status == HTTPStatus.UNAUTHORIZED and (body.get("meta") or {}).get("is_authenticated"):
        return _error(*_REAUTHENTICATE)
    return _error(*_CODES.get(status, ("error", "Something went wrong on our side.")))


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def _both_shapes(error: dict[str, Any]) -> dict[str, Any]:
    return {**error, "detail": error["message"], "attr": error.get("param")}


def _kind(status: int) -> str:
    if status == HTTPStatus.BAD_REQUEST:
        return "validation_error"
    return "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "client_error"


def _copy_headers(source: HttpResponse, target: HttpResponse) -> None:
    for name, value in source.headers.items():
        if name not in ("Content-Type", "Content-Length"):
            target[name] = value
    target.cookies = source.cookies


def _add_error_headers(
    request: HttpRequest, response: HttpResponse, errors: list[dict[str, Any]]
) -> None:
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    elif response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        locked = any(error["code"] == LOCKED for error in errors)
        response["Retry-After"] = str(log_in_wait(request) if locked else RATE_LIMITED_SECONDS)
