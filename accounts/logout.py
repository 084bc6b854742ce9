"""Logging out, for the pages and for the browsable API."""

from http import HTTPStatus

from allauth.account.views import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


@login_not_required
def log_out(request: HttpRequest) -> HttpResponse:
    """By POST only: a link that somebody else wrote must not end a session."""
    if request.method == "POST":
        response: HttpResponse = logout(request)
        return response
    status = HTTPStatus.METHOD_NOT_ALLOWED.value
    detail = _("A link cannot log you out. Use the button of the menu.")
    page = render_to_string("error.html", {"status": status, "detail": detail})
    return HttpResponse(page, status=status, headers={"Allow": "POST"})
