"""Codes of the second factor: each works once, and wrong ones are counted exactly.

allauth remembers a used app code for 30 seconds, although it is valid for 90, and counts guesses in
Django's cache. Here one database statement decides.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.internal import flows
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth as recovery_codes
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.codes import plain
from accounts.login_throttle import LOCKED, begin_factor_guess
from accounts.models import User
from core.limits import Limit, take

_SALT = "accounts.factors.guesses"
_KEPT = timedelta(days=1)  # of used codes: longer than any code is valid
_SECRET = totp.SECRET_SESSION_KEY
_mark_as_viewed = recovery_codes.RecoveryCodes.mark_as_viewed


def install() -> None:
    """allauth has no hooks here; tests/accounts/test_factors.py watches every name."""
    flows.check_rate_limit = begin_guess  # before its forms are imported
    totp.validate_totp_code = use_app_code
    totp.get_totp_secret = offered_secret
    totp.TOTP._mark_code_used = lambda wrapper, code: True  # noqa: SLF001 - use_app_code has done it
    recovery_codes.compare_user_code = is_same
    recovery_codes.RecoveryCodes.mark_as_viewed = mark_as_viewed


def begin_guess(user: User, error_key: str | None = None) -> Callable[[], None]:
    """Count a guess; returns a function that undoes this after a correct code."""
    guess = begin_factor_guess(context.request, user)
    if guess is None:
        raise get_adapter().validation_error(LOCKED)
    return guess.rollback


def use_app_code(secret: str, code: str) -> bool:
    """Whether the code is correct and unused; true for only one caller (RFC 6238, 5.2)."""
    for counter in totp.yield_hotp_counters_from_time():
        right = totp.format_hotp_value(totp.hotp_value(secret, counter))
        if constant_time_compare(plain(code), right):
            return _use(secret, counter)
    return False


def is_same(*, actual: str, expected: str) -> bool:
    return constant_time_compare(plain(actual), expected)


def mark_as_viewed(codes: Any) -> None:
    """Lock and read the row again, because a use of a code and a new seal write the same column.

    allauth writes what it has read earlier, which made a used code valid again. If somebody has
    replaced the codes since then, there is nothing to mark, and allauth would raise an error.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().filter(pk=codes.instance.pk).first()
        if row is not None:
            codes.instance.data = row.data
            _mark_as_viewed(codes)


def offered_secret(*, regenerate: bool = False) -> str:
    """The secret of an app during its setup, encrypted in the session."""
    adapter, session = get_mfa_adapter(), context.request.session
    waiting = None if regenerate else session.get(_SECRET)
    if waiting:
        return str(adapter.decrypt(waiting))
    secret = str(totp.generate_totp_secret())
    session[_SECRET] = adapter.encrypt(secret)
    return secret


def _use(secret: str, counter: int) -> bool:
    name = salted_hmac(_SALT, f"{secret}:{counter}", algorithm="sha256").hexdigest()
    once = Limit(scope=f"app-code:{name}", amount=1, window=_KEPT)
    moment = datetime.fromtimestamp(counter * app_settings.TOTP_PERIOD, UTC)
    return take(
        once, at=moment
    )  # by the time of the code, so that midnight does not make it valid again
