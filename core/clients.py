"""Clients of other services: one per process, and none in a snapshot of a process."""

import functools
from collections.abc import Callable
from typing import Any

_made: list[Any] = []


def per_process(make: Callable[..., Any]) -> Any:
    """As functools.cache, until `forget` clears the value."""
    cached = functools.cache(make)
    _made.append(cached)
    return cached


def forget() -> None:
    for each in _made:
        each.cache_clear()
