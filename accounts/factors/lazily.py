"""Passkeys are checked by fido2, which takes 50 ms to import: only a request with one pays for it.

allauth imports its module for them wherever it handles any factor, a log-in without one included.
"""

from importlib import import_module
from types import ModuleType
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn import internal

_WRAPPERS = {Authenticator.Type.TOTP: TOTP, Authenticator.Type.RECOVERY_CODES: RecoveryCodes}


class _Passkeys(ModuleType):
    """Stands for allauth.mfa.webauthn.internal.auth until somebody takes a name from it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("accounts.factors.passkeys").auth, name)


def install() -> None:
    """`from ...internal import auth` takes the attribute of the package, and imports nothing."""
    internal.auth = _Passkeys(f"{internal.__name__}.auth")
    Authenticator.wrap = wrap


def wrap(factor: Authenticator) -> Any:
    """allauth's imports the classes of all types."""
    wrapper = _WRAPPERS.get(factor.type) or internal.auth.WebAuthn
    return wrapper(factor)
