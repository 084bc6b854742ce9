"""Authentication of API clients by a device's session token or by an API token."""

from typing import Any

from allauth.core.internal.sessionkit import get_session_user  # internal: a test watches it
from django.contrib.sessions.backends.base import UpdateError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.api_tokens import ApiToken, is_api_token
from accounts.models import User
from accounts.sessions import DeviceSessionStore, touch
from accounts.tokens import live_session, presented_token
from core.api.scopes import CLOSED, Scope

CHALLENGE = 'Bearer realm="api"'


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; an invalid token is 401, never anonymous.

    A device in use stays signed in: once a day its session is renewed for SESSION_COOKIE_AGE. API
    tokens are checked here and not in a permission class, which a view could omit.
    """

    def authenticate(self, request: Request) -> tuple[User, DeviceSessionStore | ApiToken] | None:
        token = presented_token(request._request)  # noqa: SLF001 - headers of the real request
        if token is None:
            return None
        if is_api_token(token):
            return _by_api_token(request, token)
        session = live_session(DeviceSessionStore, token)
        user = get_session_user(session) if session else None
        if session is None or user is None:
            raise _refused()
        _keep_alive(session)
        return user, session

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class ScopeMissing(PermissionDenied):
    """RFC 6750, section 3.1; `needed` is None if the route accepts no API token."""

    default_code = "insufficient_scope"

    def __init__(self, needed: Scope | None) -> None:
        named = f', scope="{needed}"' if needed else ""
        self.auth_header = f'{CHALLENGE}, error="insufficient_scope"{named}'
        super().__init__(
            f"This API token lacks the scope `{needed}`."
            if needed
            else "No API token may do this. Log in on a device."
        )


def _by_api_token(request: Request, token: str) -> tuple[User, ApiToken]:
    found = ApiToken.objects.called(token)
    if found is None:
        raise AuthenticationFailed("The API token is invalid, revoked or has expired.")
    needed = _scope_of(request)
    if not found.allows(needed):
        raise ScopeMissing(needed)
    found.note_use()
    return found.owner, found


def _scope_of(request: Request) -> Scope | None:
    view: Any = request.parser_context["view"]
    return getattr(view, "token_scopes", CLOSED).get(request.method or "")


def _refused() -> AuthenticationFailed:
    return AuthenticationFailed("The session token is invalid or has expired.")


def _keep_alive(session: DeviceSessionStore) -> None:
    touch(session)
    if session.modified:
        try:
            session.save()
        except UpdateError as error:  # logged out by a concurrent request
            raise _refused() from error
