"""Adds factors one at a time: simultaneous requests of one account wait for each other.

allauth first checks and then writes, so the second request got a 500.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NoReturn

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect

from accounts.models import User

_switch_app_on, _make_codes = TOTP.activate, RecoveryCodes.activate


def install() -> None:
    """allauth has no hooks here; tests/accounts/test_account_races.py watches the names."""
    TOTP.activate = switch_app_on
    RecoveryCodes.activate = make_codes


@contextmanager
def alone(user: User) -> Iterator[None]:
    """Lock the account until the transaction ends. Rows that refer to it may still be written."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        yield


def switch_app_on(user: User, secret: str) -> Any:
    with alone(user):
        if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
            refuse("app_exists", HTTPStatus.CONFLICT)
        return _switch_app_on(user, secret)


def make_codes(user: User) -> Any:
    with alone(user):
        return _make_codes(user)


def refuse(code: str, status: HTTPStatus) -> NoReturn:
    """Send an error of MFAAdapter if no form can show it."""
    request, error = context.request, get_adapter().validation_error(code)
    if is_headless_request(request):
        raise ImmediateHttpResponse(ErrorResponse(request, status=status, exception=error))
    messages.error(request, error.message)
    raise ImmediateHttpResponse(redirect("mfa_index"))
