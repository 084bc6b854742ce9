"""Encrypts the secrets of second factors in the database, with keys derived from SECRET_KEY.

Keys in SECRET_KEY_FALLBACKS still decrypt them. `manage.py reseal_factors` encrypts them with the
current key, so that the old one can be removed.
"""

import base64
import functools
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

MEMBERS = ("secret", "seed")  # of Authenticator.data
_SALT = "accounts.factors.seals"


def seal(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def open_seal(sealed: str) -> str:
    """Raises cryptography.fernet.InvalidToken if no key of the settings fits."""
    return _box().decrypt(sealed).decode()


def resealed(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a factor, with its secrets encrypted with the current key."""
    box = _box()
    secrets = {name: data[name] for name in MEMBERS if name in data}
    return data | {name: box.rotate(secret).decode() for name, secret in secrets.items()}


def _box() -> "MultiFernet":
    return _box_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@functools.lru_cache(maxsize=1)
def _box_of(*keys: str) -> "MultiFernet":
    """Encrypts with the first key. Imports cryptography late, which takes 15 ms."""
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - for those who have one

    made = (salted_hmac(_SALT, "key", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in made])
