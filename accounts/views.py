"""Account pages that differ from allauth's."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account import app_settings
from allauth.account.views import LoginView as AllauthLoginView
from allauth.account.views import email_verification_sent, logout
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import LoginForm, ProfileForm
from accounts.login_throttle import log_in_wait
from accounts.sessions import signed_in_user


class LoginView(AllauthLoginView):  # type: ignore[misc]  # allauth is untyped
    """Answers a locked log-in with 429 and Retry-After, like the API."""

    form_class = LoginForm

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error("__all__", code="too_many_login_attempts"):
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response["Retry-After"] = str(log_in_wait(self.request))
        return response


def not_for_members(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Redirect signed-in users to the to-dos, unless the page asks for a mailed code."""

    @wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        asks = view is email_verification_sent and app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
        if request.user.is_authenticated and not asks:
            return redirect("todos:index")
        return view(request)

    return shown


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=signed_in_user(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "account/profile.html", {"form": form})


@login_not_required
def log_out(request: HttpRequest) -> HttpResponse:
    """POST only: a link from elsewhere must not end a session."""
    if request.method == "POST":
        response: HttpResponse = logout(request)
        response["Clear-Site-Data"] = '"storage"'  # what the page keeps in the browser
        return response
    status = HTTPStatus.METHOD_NOT_ALLOWED.value
    detail = _("A link cannot log you out. Use the button in the menu.")
    page = render_to_string("error.html", {"status": status, "detail": detail})
    return HttpResponse(page, status=status, headers={"Allow": "POST"})
