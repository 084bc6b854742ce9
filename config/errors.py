"""Django's error handlers: JSON under /api/ and /service/, a page elsewhere."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from core.errors import RATE_LIMITED_SECONDS, database_unavailable, error_response, is_database_away


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 400, "bad_request", _("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 403, "permission_denied", _("You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = _("This form has expired. Go back, load the page again and send it once more.")
    return error_response(request, 403, "csrf_failed", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 404, "not_found", _("Not found."))


def too_many(request: HttpRequest) -> HttpResponse:
    """For allauth's rate limits on pages; accounts.views.LoginView handles a locked log-in."""
    detail = _("Too many requests. Please wait a minute and try again.")
    return error_response(request, 429, "throttled", detail, retry_after=RATE_LIMITED_SECONDS)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the exception is handled; 503 if the database was lost meanwhile."""
    if is_database_away(sys.exc_info()[1]):
        return database_unavailable(request)
    return error_response(request, 500, "error", _("Something went wrong on our side."))


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest) -> HttpResponse:
    """JSON for unknown paths under /api/, even with DEBUG, which would show a page."""
    return error_response(request, 404, "not_found", _("Not found."))
