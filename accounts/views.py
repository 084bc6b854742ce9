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
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit import events_of
from accounts.devices import NAME_LENGTH, device_name, devices_of, end, rename
from accounts.forms import LoginForm, ProfileForm
from accounts.login_throttle import log_in_wait
from accounts.models import User
from accounts.sessions import signed_in_user

EVENTS_SHOWN = 100  # the API has all of them


class AnswersLocked:
    """Answers a locked log-in with 429 and Retry-After, like the API."""

    request: HttpRequest

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if any(form.has_error(name, code="too_many_login_attempts") for name in form.errors):
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response["Retry-After"] = str(log_in_wait(self.request))
        return response


class LoginView(AnswersLocked, AllauthLoginView):  # type: ignore[misc]  # allauth is untyped
    form_class = LoginForm


def not_for_members(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Redirect signed-in users to the to-dos, unless the page asks for a mailed code."""

    @wraps(view)
    def shown(request: HttpRequest) -> HttpResponse:
        asks = view is email_verification_sent and app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
        if request.user.is_authenticated and not asks:
            return redirect("todos:index")
        return view(request)

    return shown


@login_not_required
def to_log_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the log-in, which shows the user's own messages. Some pages of allauth would
    disclose an account's status to anyone.
    """
    return redirect("account_login")


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=signed_in_user(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    return render(request, "account/profile.html", {"form": form})


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    return render(request, "account/data.html")


@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    found: list[Any] = list(events_of(signed_in_user(request))[:EVENTS_SHOWN])
    for event in found:
        event.device = device_name(event.user_agent) if event.user_agent else ""
    return render(request, "account/activity.html", {"events": found})


@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """POST renames one `device` with `name`, logs out one `device`, or logs out all others."""
    user = signed_in_user(request)
    if request.method == "POST" and "name" in request.POST:
        _rename(request, user)
        return redirect("usersessions_list")
    if request.method == "POST":
        _tell_ended(request, end(user, request.POST.get("device", "")))
        return redirect("usersessions_list")
    return render(
        request,
        "usersessions/usersession_list.html",
        {"devices": devices_of(user), "name_length": NAME_LENGTH},
    )


def _rename(request: HttpRequest, user: User) -> None:
    named = [each for each in devices_of(user) if str(each.pk) == request.POST.get("device")]
    for device in named:
        rename(device, request.POST["name"])
        messages.success(request, _("The device has a new name."))
    if not named:
        messages.info(request, _("That device is no longer logged in."))


def _tell_ended(request: HttpRequest, names: list[str]) -> None:
    if not names:
        messages.info(request, _("That device is no longer logged in."))
    for name in names:
        messages.success(request, format_html(_("Logged out: {device}."), device=name))


@login_not_required
def log_out(request: HttpRequest) -> HttpResponse:
    """POST only, so that a link on another site cannot log out the user."""
    if request.method == "POST":
        response: HttpResponse = logout(request)
        response["Clear-Site-Data"] = '"storage"'  # the data that the page stores in the browser
        return response
    status = HTTPStatus.METHOD_NOT_ALLOWED.value
    detail = _("A link cannot log you out. Use the button in the menu.")
    page = render_to_string("error.html", {"status": status, "detail": detail})
    return HttpResponse(page, status=status, headers={"Allow": "POST"})
