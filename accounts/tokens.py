"""Session tokens of devices: one opaque token for the account API and for the product's own."""

from importlib import import_module

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts.sessions import is_session_key


def presented_token(request: HttpRequest) -> str | None:
    """The token of `Authorization: Bearer` (RFC 6750) or X-Session-Token; None without either."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return request.headers.get("X-Session-Token")


class BearerSessionStrategy(SessionTokenStrategy):
    def get_session_token(self, request: HttpRequest) -> str | None:
        return presented_token(request)

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """The live session of this token in one query, or None."""
        if not is_session_key(session_token):
            return None
        store: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(
            session_key=session_token
        )
        store.get(SESSION_KEY)  # loads the row; a missing or expired one clears the key
        return store if store.session_key else None
