"""What a personal API token must be allowed, on each route: a view names it by `token_scopes`.

A view that names nothing is closed to tokens, whatever they are allowed.
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


Scopes = Mapping[str, Scope]  # by method; without a row a token is refused
_CHANGING: Final = ("POST", "PUT", "PATCH", "DELETE")


def _table(changing: Scope) -> Scopes:
    return MappingProxyType(
        {**dict.fromkeys(SAFE_METHODS, Scope.READ), **dict.fromkeys(_CHANGING, changing)}
    )


CLOSED: Final[Scopes] = MappingProxyType({})
READING: Final[Scopes] = MappingProxyType(dict.fromkeys(SAFE_METHODS, Scope.READ))
TODOS: Final[Scopes] = _table(Scope.WRITE)
TEXTS: Final[Scopes] = _table(Scope.SMS)  # what costs money or changes a text
