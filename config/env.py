"""Typed readers for environment variables; the only place that touches os.environ.

Parameters given to use() count as well; a real variable of the same name wins. They are not put
into the environment, which every child would inherit.
Every variable of the service is in .env.example and docs/configuration.md; a test compares them.
"""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_parameters: dict[str, str] = {}


def use(parameters: Mapping[str, str]) -> None:
    """From now on these are variables too, in place of those given before."""
    _parameters.clear()
    _parameters.update(parameters)


def text(*names: str, default: str = "") -> str:
    """The first of these variables that is set and not empty, without surrounding blanks."""
    for name in names:
        for source in (os.environ, _parameters):
            if value := source.get(name, "").strip():
                return value
    return default


def flag(name: str, *, default: bool) -> bool:
    """True or False, spelt exactly so: a typing error must not switch a safeguard off."""
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


def names(name: str) -> list[str]:
    """A comma-separated list, without blanks and empty parts."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def hosts(*names: str) -> list[str]:
    """The host names of these URLs, of those that are set."""
    found = (urlsplit(text(name)).hostname for name in names)
    return [host for host in found if host]


def database(name: str, *, default: str) -> dict[str, Any]:
    """The Django database dictionary of a URL such as postgresql://user:password@host/name."""
    import dj_database_url

    try:
        return dict(dj_database_url.parse(text(name, default=default)))
    except (ValueError, dj_database_url.ParseError):
        # The URL holds a password: name the variable, never its value or an error that quotes it.
        raise ImproperlyConfigured(f"{name} is not a database URL.") from None
