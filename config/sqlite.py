"""SQLite folds the case of ASCII only; with this, `icontains` finds Ä by ä, as on PostgreSQL."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any


class Wildcard(Enum):
    MANY = ".*"
    ONE = "."


def register_unicode_like(connection: Any, **kwargs: Any) -> None:
    """A receiver of `connection_created`. SQLite's LIKE calls the connection's function like()."""
    if connection.vendor == "sqlite":
        for arguments in (2, 3):  # without ESCAPE and with it
            connection.connection.create_function("like", arguments, like, deterministic=True)


def like(pattern: Any, value: Any, escape: str | None = "") -> bool | None:
    """`value LIKE pattern ESCAPE escape`, ignoring case; NULL if one of them is NULL."""
    if pattern is None or value is None or escape is None:
        return None
    return _matcher(str(pattern), escape)(str(value).casefold())


@lru_cache(maxsize=256)
def _matcher(pattern: str, escape: str) -> Callable[[str], bool]:
    """Called for every row, so the pattern of `icontains`, %text%, uses no regular expression."""
    tokens = list(_tokens(pattern, escape))
    if len(tokens) > 1 and tokens[0] is tokens[-1] is Wildcard.MANY:
        inner = [token for token in tokens[1:-1] if isinstance(token, str)]
        if len(inner) == len(tokens) - 2:
            text = "".join(inner)
            return lambda value: text in value
    parts = (token.value if isinstance(token, Wildcard) else re.escape(token) for token in tokens)
    expression = re.compile("".join(parts), re.DOTALL)
    return lambda value: expression.fullmatch(value) is not None


def _tokens(pattern: str, escape: str) -> Iterator[str | Wildcard]:
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            yield next(characters, character).casefold()
        elif character == "%":
            yield Wildcard.MANY
        elif character == "_":
            yield Wildcard.ONE
        else:
            yield character.casefold()
