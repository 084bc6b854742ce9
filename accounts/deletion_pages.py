"""The pages to delete an account, and to keep it after all."""

from http import HTTPStatus

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import deletion
from accounts.deletion_mails import tell_asked, tell_kept
from accounts.factors.proofs import is_proof_due
from accounts.sessions import signed_in_user


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    person = signed_in_user(request)
    if request.method != "POST":
        return render(request, "account/deletion.html", {"days": deletion.GRACE.days})
    if is_proof_due(request, person):
        raise ReauthenticationRequired
    at = deletion.ask(person, request)
    tell_asked(person, request)
    logout(request)
    when = date_format(localtime(at, person.zone), "DATE_FORMAT")
    text = _("Your account will be deleted after %(when)s. To keep it, log in before then.")
    messages.success(request, text % {"when": when})
    response = redirect("account_login")
    response["Clear-Site-Data"] = '"storage"'  # the data that the page stores in the browser
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, token: str) -> HttpResponse:
    """GET only asks for confirmation, because programs follow links in mails."""
    if request.method == "POST" and (kept := deletion.keep(token, request)):
        tell_kept(kept)
        messages.success(request, _("Your account stays. Log in to continue."))
        return redirect("account_login")
    waiting = deletion.waiting(token)
    status = HTTPStatus.OK if waiting else HTTPStatus.NOT_FOUND
    return render(request, "account/keep.html", {"waiting": waiting}, status=status)
