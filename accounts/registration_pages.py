"""The sign-up page, and the page of an invitation's link."""

from http import HTTPStatus
from typing import Any

from allauth.account.views import SignupView as AllauthSignupView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.invitations import invitation_of
from accounts.registration import SESSION_KEY, by_invitation


class SignupView(AllauthSignupView):  # type: ignore[misc]  # allauth is untyped
    def closed(self) -> Any:
        context = {"by_invitation": by_invitation()}
        return render(self.request, self.template_name_signup_closed, context)


@login_not_required
@require_safe
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Does not use up the invitation, because programs follow links in mails."""
    if request.user.is_authenticated:
        return redirect("todos:index")
    if invitation_of(token) is None:
        return render(request, "account/invited.html", status=HTTPStatus.NOT_FOUND)
    request.session[SESSION_KEY] = token
    return redirect("account_signup")
