"""The scope that each route requires of a personal API token; views set `token_scopes`.

A view without it refuses every token.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.write_limit import SAFE_METHODS


class Scope(models.TextChoices):
    READ = "read", _("Read to-dos and texts")
    WRITE = "write", _("Read and change to-dos")
    SMS = "sms", _("Send text messages")


Scopes = Mapping[str, Scope]  # by method; a token is refused if its method is missing
_CHANGING: Final = ("POST", "PUT", "PATCH", "DELETE")


def _table(changing: Scope) -> Scopes:
    return MappingProxyType(
        {**dict.fromkeys(SAFE_METHODS, Scope.READ), **dict.fromkeys(_CHANGING, changing)}
    )


CLOSED: Final[Scopes] = MappingProxyType({})
READING: Final[Scopes] = MappingProxyType(dict.fromkeys(SAFE_METHODS, Scope.READ))
TODOS: Final[Scopes] = _table(Scope.WRITE)
TEXTS: Final[Scopes] = _table(Scope.SMS)  # requests that cost money or change a message
