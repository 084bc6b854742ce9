"""Django's error handlers: JSON under /api/ and /service/, a page elsewhere."""

import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, get_script_prefix, resolve
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from core.errors import RATE_LIMITED_SECONDS, database_unavailable, error_response, is_database_away


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 400, "bad_request", _("The request could not be understood."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 403, "permission_denied", _("You may not do this."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path_info == "/auth/login/" and request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)  # the user has logged in in another tab
    detail = _("This form has expired. Go back, load the page again and send it once more.")
    return error_response(request, 403, "csrf_failed", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(request, 404, "not_found", _not_found_detail(request))


def _not_found_detail(request: HttpRequest) -> str:
    """The path with or without its final slash, if it exists: the most common mistake."""
    path = request.path_info
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    try:
        is_ours = resolve(other).func is not api_not_found
    except Resolver404:
        is_ours = False
    if not is_ours:
        return _("Not found.")
    meant = get_script_prefix().removesuffix("/") + other
    return _("Not found. You probably mean %(path)s; the slash at the end counts.") % {
        "path": meant
    }


def too_many(request: HttpRequest) -> HttpResponse:
    """For allauth's rate limits on pages; accounts.views.LoginView handles a locked log-in."""
    detail = _("Too many requests. Please wait a minute and try again.")
    return error_response(request, 429, "throttled", detail, retry_after=RATE_LIMITED_SECONDS)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 if the exception in progress says that the database is unavailable, otherwise 500."""
    if is_database_away(sys.exc_info()[1]):
        return database_unavailable(request)
    return error_response(request, 500, "error", _("Something went wrong on our side."))


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest) -> HttpResponse:
    """Answer unknown API paths with JSON, also with DEBUG, which would show a page."""
    return error_response(request, 404, "not_found", _not_found_detail(request))
