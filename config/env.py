"""Typed readers for environment variables; the only module that reads os.environ.

Parameters passed to use() also count as variables; a real variable of the same name wins. They are
not written to the environment, because every child process would inherit them. A test checks that
.env.example and docs/configuration.md have every variable.
"""

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_parameters: dict[str, str] = {}
_PRICE = re.compile(r"([A-Z]{2}|001|\*):([0-9]{1,6}(?:\.[0-9]{1,6})?):([A-Z]{3})")


def use(parameters: Mapping[str, str]) -> None:
    """Replace the parameters that count as variables."""
    _parameters.clear()
    _parameters.update(parameters)


def text(*names: str, default: str = "") -> str:
    """The first of these variables that is set and not empty, trimmed."""
    for name in names:
        for source in (os.environ, _parameters):
            if value := source.get(name, "").strip():
                return value
    return default


def flag(name: str, *, default: bool) -> bool:
    """Accept only True and False, so that a typing error does not switch off a safeguard."""
    value = text(name, default=str(default))
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False, not {value!r}.")
    return value == "True"


def integer(name: str, *, default: int) -> int:
    value = text(name, default=str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error


def choice(name: str, *, of: tuple[str, ...]) -> str:
    """One of the values in `of`; the first by default."""
    value = text(name, default=of[0])
    if value not in of:
        raise ImproperlyConfigured(f"{name} must be {', '.join(of)}, not {value!r}.")
    return value


def names(name: str) -> list[str]:
    return [part.strip() for part in text(name).split(",") if part.strip()]


def prices(name: str) -> dict[str, tuple[Decimal, str]]:
    """Read `US:0.0083:USD,*:0.10:USD`: country (* for all others), price and currency."""
    found = {}
    for part in names(name):
        parts = _PRICE.fullmatch(part)
        if parts is None:
            raise ImproperlyConfigured(f"{name} must be like US:0.0083:USD, not {part!r}.")
        found[parts[1]] = (Decimal(parts[2]), parts[3])
    return found


def hosts(*names: str) -> list[str]:
    found = (urlsplit(text(name)).hostname for name in names)
    return [host for host in found if host]


def database(name: str, *, default: str) -> dict[str, Any]:
    import dj_database_url

    try:
        return dict(dj_database_url.parse(text(name, default=default)))
    except ValueError:  # also of dj_database_url
        # The URL has a password: show neither the URL nor an error that may quote it.
        raise ImproperlyConfigured(f"{name} is not a database URL.") from None
