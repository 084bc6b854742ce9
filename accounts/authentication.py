"""The authentication of API clients: a device's session token."""

from allauth.core.internal.sessionkit import get_session_user  # internal: a test watches it
from django.contrib.sessions.backends.base import UpdateError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import User
from accounts.sessions import DeviceSessionStore, touch
from accounts.tokens import live_session, presented_token


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <session token>`; an invalid token is 401, never anonymous.

    A device in use stays signed in: its session is renewed for SESSION_COOKIE_AGE once a day.
    """

    def authenticate(self, request: Request) -> tuple[User, DeviceSessionStore] | None:
        token = presented_token(request._request)  # noqa: SLF001 - headers of the real request
        if token is None:
            return None
        session = live_session(DeviceSessionStore, token)
        user = get_session_user(session) if session else None
        if session is None or user is None:
            raise _refused()
        _keep_alive(session)
        return user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _refused() -> AuthenticationFailed:
    return AuthenticationFailed("The session token is invalid or has expired.")


def _keep_alive(session: DeviceSessionStore) -> None:
    touch(session)
    if session.modified:
        try:
            session.save()
        except UpdateError as error:  # logged out by a concurrent request
            raise _refused() from error
