"""Who has a second factor proves with it who they are, wherever a proof is asked for."""

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

METHOD = "mfa"  # allauth's name of it, in the records of a session
_flows_of = reauthentication.get_reauthentication_flows
_by_password = reauthentication.reauthenticate_by_password


def install() -> None:
    """allauth has no hooks here; tests/accounts/test_factor_proofs.py watches every name."""
    reauthentication.get_reauthentication_flows = flows_of
    reauthentication.did_recently_reauthenticate = lambda request: False  # is_proof_due() knows
    reauthentication.reauthenticate_by_password = by_password


def has_factor(user: User) -> bool:
    """Recovery codes alone are none: they stand in for another."""
    of_user = Authenticator.objects.filter(user=user)
    return bool(of_user.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def is_proof_due(request: Any, user: User) -> bool:
    """Whether who uses `request.session` has to prove again who they are.

    A log-in of a moment ago proves as much as the password again; allauth forgets it.
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
    """Whether this session was opened, or proved since, with a factor that is still there."""
    records = get_authentication_records(request, user)
    return any(record["method"] == METHOD for record in records) and has_factor(user)


def flows_of(user: Any) -> list[dict[str, Any]]:
    """A password alone is no proof of somebody who has more."""
    flows: list[dict[str, Any]] = _flows_of(user)
    if user.is_authenticated and has_factor(user):
        return [flow for flow in flows if flow["id"] == "mfa_reauthenticate"]
    return flows


def by_password(request: Any) -> None:
    if has_factor(request.user):
        raise ReauthenticationRequired
    _by_password(request)
