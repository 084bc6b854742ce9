"""Session tokens of devices, valid for the account API and the product's API."""

from typing import TypeVar

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

from accounts.sessions import SessionStore, is_session_key

Store = TypeVar("Store", bound=SessionStore)


def presented_token(request: HttpRequest) -> str | None:
    """The token in `Authorization: Bearer` (RFC 6750) or X-Session-Token; None without either."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return request.headers.get("X-Session-Token")


class BearerSessionStrategy(SessionTokenStrategy):  # type: ignore[misc]  # allauth is untyped
    def get_session_token(self, request: HttpRequest) -> str | None:
        return presented_token(request)

    def lookup_session(self, session_token: str) -> SessionStore | None:
        return live_session(SessionStore, session_token)


def live_session(store: type[Store], token: str) -> Store | None:
    """The session of this token, read in one query; None if it is unknown or has expired."""
    if not is_session_key(token):
        return None
    session = store(session_key=token)
    session.get(SESSION_KEY)  # loads the row; a missing or expired one clears the key
    return session if session.session_key else None
