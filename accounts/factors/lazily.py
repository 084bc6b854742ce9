"""Imports fido2, which takes 50 ms, only for requests with a passkey.

allauth imports its passkey module wherever it handles factors, even for a log-in without one.
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
    """A proxy of allauth.mfa.webauthn.internal.auth, which imports it on first access."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("accounts.factors.passkeys").auth, name)


def install() -> None:
    """Set the attribute of the package, so that `from ...internal import auth` imports nothing."""
    internal.auth = _Passkeys(f"{internal.__name__}.auth")
    Authenticator.wrap = wrap


def wrap(factor: Authenticator) -> Any:
    """As in allauth, but without the import of all wrapper classes."""
    wrapper = _WRAPPERS.get(factor.type) or internal.auth.WebAuthn
    return wrapper(factor)
