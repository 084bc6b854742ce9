"""The page for the phone number, and the public page about messages."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.factors.proofs import is_proof_due
from accounts.models import User
from accounts.sessions import signed_in_user
from sms import consent, phones
from sms.consent import Asker
from sms.forms import CodeForm, PhoneForm
from sms.models import Consent, Phone, Source
from sms.phones import NoCodeError, WrongCodeError
from sms.policy import SendError

SHOWN: Final = 20  # entries of the ledger; the API has all of them
PAGE: Final = "texts:phone"


@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    person = signed_in_user(request)
    if request.method != "POST":
        return _page(request, person)
    act = next((act for name, act in _ACTS.items() if name in request.POST), _ask)
    return act(request, person)


def _ask(request: HttpRequest, person: User) -> HttpResponse:
    _prove(request, person)
    form = PhoneForm(request.POST)
    if form.is_valid():
        try:
            asker = Asker.of(request, Source.PAGE)
            phones.ask(actor=person, number=form.cleaned_data["number"], asker=asker)
        except SendError as error:
            form.refuse(error)
        else:
            return redirect(PAGE)
    return _page(request, person, form=form)


def _confirm(request: HttpRequest, person: User) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, person, code_form=form)
    try:
        phones.confirm(actor=person, typed=form.cleaned_data["texted_code"])
    except WrongCodeError:
        form.add_error("texted_code", _("This is not the code."))
        return _page(request, person, code_form=form)
    except NoCodeError:
        messages.error(request, _("This code was used or has expired. Ask for another one."))
    else:
        messages.success(request, _("This number is yours now."))
    return redirect(PAGE)


def _remove(request: HttpRequest, person: User) -> HttpResponse:
    _prove(request, person)
    if phones.remove(actor=person, asker=Asker.of(request, Source.PAGE)):
        messages.success(request, _("The number was removed."))
    return redirect(PAGE)


_ACTS: Final[Mapping[str, Callable[[HttpRequest, User], HttpResponse]]] = MappingProxyType(
    {"action_confirm": _confirm, "action_remove": _remove}
)


def _prove(request: HttpRequest, person: User) -> None:
    """Require a reauthentication; the form waits for it."""
    if is_proof_due(request, person):
        raise ReauthenticationRequired


def _page(request: HttpRequest, person: User, **forms: Any) -> HttpResponse:
    mine = Phone.objects.filter(account=person).first()
    context = {
        "phone": mine,
        "opted_out": bool(mine and mine.has_opted_out()),
        "pending": phones.pending(person),
        "entries": Consent.objects.filter(account=person)[:SHOWN],
        "form": PhoneForm(),
        "code_form": CodeForm(),
        "sender": settings.SMS_FROM_NUMBER,
        **forms,
    }
    faulty = any(form.errors for form in forms.values())
    status = HTTPStatus.UNPROCESSABLE_ENTITY if faulty else HTTPStatus.OK
    return render(request, "sms/phone.html", context, status=status)


@login_not_required
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """The public page that carriers require for the registration of a sender."""
    context = {
        "words": consent.words(),
        "sender": settings.SMS_FROM_NUMBER,
        "contact": settings.DEFAULT_FROM_EMAIL,
    }
    return render(request, "sms/consent.html", context)
