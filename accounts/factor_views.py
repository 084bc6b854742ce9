"""Pages of the second factor that differ from allauth's."""

from typing import Any

from allauth.account.utils import passthrough_next_redirect_url
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import RedirectView
from django.views.generic.edit import FormView

from accounts import factor_forms
from accounts.views import AnswersLocked


def has_passkey(user: Any) -> bool:
    passkeys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return bool(passkeys.exists())


class AskForFactorView(AnswersLocked, AuthenticateView):  # type: ignore[misc]  # allauth is untyped
    """Asks for a passkey only if the account has one."""

    def _build_forms(self) -> Any:
        posted = super()._build_forms()
        if not has_passkey(self.stage.login.user):
            self.webauthn_form = None
        return posted


class ProveByFactorView(AnswersLocked, ReauthenticateView):  # type: ignore[misc]
    """One page for codes and passkeys."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if has_passkey(self.request.user):
            context["js_data"] = {"request_options": auth.begin_authentication(self.request.user)}
        return context

    def _check_reauthentication_method_available(self, request: HttpRequest) -> HttpResponse | None:
        """Also available with passkeys."""
        if has_passkey(request.user):
            return None
        answer: HttpResponse | None = super()._check_reauthentication_method_available(request)
        return answer


class ProveByPasskeyView(ReauthenticateWebAuthnView):  # type: ignore[misc]
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._to_the_page()

    def form_invalid(self, form: Any) -> HttpResponse:
        for error in form.errors.get("credential", []):
            messages.error(self.request, error)
        return self._to_the_page()

    def _to_the_page(self) -> HttpResponse:
        page = reverse("mfa_reauthenticate")
        return redirect(passthrough_next_redirect_url(self.request, page, "next"))


class AddPasskeyView(AddWebAuthnView):  # type: ignore[misc]
    form_class = factor_forms.AddPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Create a passkey that works without the password, unlike allauth's view."""
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        options = auth.begin_registration(self.request.user, True)  # noqa: FBT003 - allauth's
        return {**context, "js_data": {"creation_options": options}}


to_all_factors = RedirectView.as_view(pattern_name="mfa_index")
