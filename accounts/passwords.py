"""Normalizes passwords (RFC 8265), because keyboards compose the same character differently."""

import functools
import unicodedata
from typing import Any

from django.contrib.auth.hashers import make_password


def normal(password: str) -> str:
    """The text to hash: NFKC, with all blanks."""
    return unicodedata.normalize("NFKC", password)


def spellings(password: str) -> list[str]:
    """The forms in which a typed password may have been hashed, the current one first.

    Former releases hashed it as typed, and the account API trimmed it.
    """
    return list(dict.fromkeys([normal(password), password, password.strip()]))


@functools.cache
def keep_blanks() -> None:
    """Make allauth's API keep blanks at the ends of passwords, as its pages do.

    The first request of the account API calls this, because its forms are slow to import.
    """
    from allauth.headless.account import inputs  # noqa: PLC0415

    for each in vars(inputs).values():
        fields: dict[str, Any] = getattr(each, "base_fields", {})
        for name in (name for name in fields if "password" in name):
            fields[name].strip = False


def _take_as_long(backend: object, password: str) -> None:
    """Take as long for an unknown address as for a known one, which compares every form."""
    for each in spellings(password):
        make_password(each)


def install() -> None:
    from allauth.account.auth_backends import AuthenticationBackend  # noqa: PLC0415 - needs models

    AuthenticationBackend._mitigate_timing_attack = _take_as_long  # noqa: SLF001
