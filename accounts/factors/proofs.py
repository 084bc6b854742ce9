"""Users with a second factor must reauthenticate with it."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from accounts.models import User
from accounts.sessions import SIGNED_UP_AT

METHOD = "mfa"  # allauth's name in the records of a session
_flows_of = reauthentication.get_reauthentication_flows
_by_password = reauthentication.reauthenticate_by_password


def install() -> None:
    """allauth has no hooks here; tests/accounts/test_factor_proofs.py watches every name."""
    reauthentication.get_reauthentication_flows = flows_of
    reauthentication.did_recently_reauthenticate = lambda request: False  # is_proof_due() decides
    reauthentication.reauthenticate_by_password = by_password


def has_factor(user: User) -> bool:
    """Recovery codes alone do not count: they only replace another factor."""
    of_user = Authenticator.objects.filter(user=user)
    return bool(of_user.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def is_proof_due(request: Any, user: User) -> bool:
    """Whether the user of `request.session` must reauthenticate.

    A recent log-in counts as a proof, which allauth ignores.
    """
    with_factor = has_factor(user)
    times = [
        record["at"]
        for record in get_authentication_records(request, user)
        if record["method"] == METHOD or not with_factor
    ]
    if not with_factor:
        times.append(request.session.get(SIGNED_UP_AT, 0))
    return time.time() - max(times, default=0) >= int(app_settings.REAUTHENTICATION_TIMEOUT)


def passed_factor(request: HttpRequest, user: User) -> bool:
    """Whether this session has used a second factor, and the account still has one."""
    records = get_authentication_records(request, user)
    return any(record["method"] == METHOD for record in records) and has_factor(user)


def flows_of(user: Any) -> list[dict[str, Any]]:
    """Offer only the second factor to users who have one; their password is not enough."""
    flows: list[dict[str, Any]] = _flows_of(user)
    if user.is_authenticated and has_factor(user):
        return [flow for flow in flows if flow["id"] == "mfa_reauthenticate"]
    return flows


def by_password(request: Any) -> None:
    if has_factor(request.user):
        raise ReauthenticationRequired
    _by_password(request)
