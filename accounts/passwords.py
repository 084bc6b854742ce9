"""One form for one password (RFC 8265): what a keyboard composes is what another one decomposes."""

import functools
import unicodedata
from typing import Any

from django.contrib.auth.hashers import make_password


def normal(password: str) -> str:
    """What is hashed: compatible characters composed, every blank kept."""
    return unicodedata.normalize("NFKC", password)


def spellings(password: str) -> list[str]:
    """What a typed password may have been hashed as, the present form first.

    Before, it was hashed as it was typed, and the account API cut blanks off its ends.
    """
    return list(dict.fromkeys([normal(password), password, password.strip()]))


@functools.cache
def keep_blanks() -> None:
    """allauth's API cuts blanks off the ends of passwords, and its pages do not.

    Called by the first request of the account API, whose forms take a while to import.
    """
    from allauth.headless.account import inputs  # noqa: PLC0415

    for each in vars(inputs).values():
        fields: dict[str, Any] = getattr(each, "base_fields", {})
        for name in (name for name in fields if "password" in name):
            fields[name].strip = False


def _take_as_long(backend: object, password: str) -> None:
    """An unknown address takes the time of a known one, which compares every spelling."""
    for each in spellings(password):
        make_password(each)


def install() -> None:
    from allauth.account.auth_backends import AuthenticationBackend  # noqa: PLC0415 - needs models

    AuthenticationBackend._mitigate_timing_attack = _take_as_long  # noqa: SLF001
