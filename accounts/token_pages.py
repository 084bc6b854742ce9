"""The page of the user's API tokens."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from allauth.core.exceptions import ReauthenticationRequired
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.api_tokens import NAME_LENGTH
from accounts.factors.proofs import is_proof_due
from accounts.models import ApiToken, User
from accounts.sessions import signed_in_user
from accounts.token_service import create, revoke
from core.api.scopes import Scope
from core.errors import Refused
from core.values import LineForm

PAGE: Final = "accounts:tokens"
LIVES: Final = (7, 30, 90, 365)  # days


def _days() -> list[tuple[str, Any]]:
    words = ngettext_lazy("%(days)d day", "%(days)d days", "days")
    return [(str(days), words % {"days": days}) for days in LIVES]


class NewTokenForm(forms.Form):
    name = LineForm(label=gettext_lazy("Name"), max_length=NAME_LENGTH)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.ChoiceField(label=gettext_lazy("It lives for"), choices=_days, initial="90")


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    person = signed_in_user(request)
    if request.method != "POST":
        return _page(request, person, NewTokenForm())
    return _revoke(request, person) if "revoke" in request.POST else _create(request, person)


def _create(request: HttpRequest, person: User) -> HttpResponse:
    """Show the token in this response only: a redirect would need a session to store it."""
    if is_proof_due(request, person):
        raise ReauthenticationRequired
    form = NewTokenForm(request.POST)
    if not form.is_valid():
        return _page(request, person, form)
    given = form.cleaned_data
    expires_at = timezone.now() + timedelta(days=int(given["days"]))
    try:
        row, token = create(
            person, request, name=given["name"], scopes=given["scopes"], expires_at=expires_at
        )
    except Refused as error:
        form.add_error(None, str(error))
        return _page(request, person, form)
    return _page(request, person, NewTokenForm(), made=row, token=token)


def _revoke(request: HttpRequest, person: User) -> HttpResponse:
    key = request.POST["revoke"]
    rows = ApiToken.objects.owned_by(person)
    for row in (each for each in rows if str(each.pk) == key):
        revoke(row, request)
        messages.success(request, format_html(_("Revoked: {name}."), name=row.name))
    return redirect(PAGE)


def _page(request: HttpRequest, person: User, form: NewTokenForm, **more: Any) -> HttpResponse:
    rows = ApiToken.objects.owned_by(person)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"tokens": rows, "form": form, "made": None, "token": "", **more}
    return render(request, "account/tokens.html", context, status=status)
