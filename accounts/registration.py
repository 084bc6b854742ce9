"""Rules for sign-up: open, by invitation or closed; allowed addresses; limits.

allauth's pages and API use these rules. Staff can create accounts in the admin regardless of
REGISTRATION, but only with an allowed address.
"""

import functools
import json
from datetime import timedelta
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any, Final

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from allauth.core.internal.httpkit import is_headless_request
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.invitations import Invitation, invitation_of
from accounts.mailboxes import key_of
from accounts.models import User
from accounts.rate_limits import limits_of
from core.errors import error_response
from core.limits import Limit, take

OPEN, INVITATION = "open", "invitation"  # values of REGISTRATION; the third is closed
OF_ONE_ADDRESS: Final = ratelimit.Rate(amount=20, duration=3600, per="ip")
SESSION_KEY: Final = "invitation"
MEMBER: Final = "invitation"  # in the body of a sign-up in the API
_DAY: Final = timedelta(days=1)


def is_open(request: HttpRequest) -> bool:
    if by_invitation():
        return presented(request) is not None
    return bool(settings.REGISTRATION == OPEN)


def presented(request: HttpRequest) -> Invitation | None:
    """The invitation that this browser has opened, or that is in the body of this request."""
    if not is_headless_request(request):
        return invitation_of(request.session.get(SESSION_KEY, ""))
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return None
    return invitation_of(body.get(MEMBER, "")) if isinstance(body, dict) else None


def by_invitation() -> bool:
    return bool(settings.REGISTRATION == INVITATION)


def refusal() -> str:
    if by_invitation():
        return _("You need an invitation to create an account here: open the link in it.")
    return _("This server accepts no new accounts.")


def check_domain(address: str) -> None:
    """Also applies to addresses that are added later, because these can become the log-in."""
    domain = key_of(address).rpartition("@")[2]
    allowed = settings.REGISTRATION_DOMAINS
    if allowed and not any(fnmatchcase(domain, each) for each in allowed):
        named = ", ".join(allowed)
        raise ValidationError(
            _("Use an address of these domains: %(domains)s.") % {"domains": named},
            code="domain_not_allowed",
        )


def check_newcomer(address: str) -> None:
    """Check a sign-up, before any response discloses whether the address is in use."""
    check_domain(address)
    invitation = presented(context.request) if by_invitation() else None
    if invitation and not invitation.is_for(key_of(address)):
        raise ValidationError(
            _("This invitation is for another address."), code="invitation_for_another"
        )


def admit(request: HttpRequest) -> None:
    """Count a sign-up with a new or a known address; 429 if there were too many.

    Each statement decides by itself, so that simultaneous sign-ups are counted exactly.
    """
    for limit in limits_of(request, "signed_up", rates=[OF_ONE_ADDRESS]):
        if limit.take() is None:
            raise _too_many(request, limit.wait())
    in_all = Limit(scope="signups:day", amount=settings.REGISTRATIONS_DAILY, window=_DAY)
    if not take(in_all):
        raise _too_many(request, timedelta(seconds=in_all.seconds_left(timezone.now())))


def _too_many(request: HttpRequest, wait: timedelta) -> ImmediateHttpResponse:
    detail = _("Too many accounts were created. Please try again later.")
    seconds = max(1, int(wait.total_seconds()))
    return ImmediateHttpResponse(
        error_response(
            request, HTTPStatus.TOO_MANY_REQUESTS, "throttled", detail, retry_after=seconds
        )
    )


def use_invitation(request: HttpRequest, account: User) -> None:
    """Use the invitation in the transaction of the sign-up, so that each link works only once."""
    if not by_invitation():
        return
    invitation = presented(request)
    if invitation is None or not invitation.use(account):
        raise ImmediateHttpResponse(_refused(request))
    request.session.pop(SESSION_KEY, None)


def _refused(request: HttpRequest) -> HttpResponse:
    return error_response(request, HTTPStatus.FORBIDDEN, "invitation_required", refusal())


@functools.cache
def guard_api() -> None:
    """allauth has no hooks here; tests/accounts/test_registration.py watches every name.

    The first request of the account API calls this, because its forms are slow to import.
    """
    from allauth.headless.account import inputs  # noqa: PLC0415

    inputs.SignupInput.try_save = _admitting(inputs.SignupInput.try_save)
    inputs.SignupInput.clean_email = _checking(inputs.SignupInput.clean_email, check_newcomer)
    inputs.AddEmailInput.clean_email = _checking(inputs.AddEmailInput.clean_email, check_domain)


def _admitting(try_save: Any) -> Any:
    @functools.wraps(try_save)
    def admitting(form: Any, request: HttpRequest) -> Any:
        admit(request)
        return try_save(form, request)

    return admitting


def _checking(clean: Any, check: Any) -> Any:
    @functools.wraps(clean)
    def checking(form: Any) -> Any:
        check(form.cleaned_data["email"])
        return clean(form)

    return checking
