"""How API clients prove who they are: a device's session token."""

import time

from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import User
from accounts.tokens import presented_token

TOUCH_EVERY_SECONDS = 24 * 3600


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <session token>`; a refused token is 401, never anonymous.

    A device in use stays signed in: its session is renewed for SESSION_COOKIE_AGE once a day.
    """

    def authenticate(self, request: Request) -> tuple[User, SessionBase] | None:
        token = presented_token(request._request)  # noqa: SLF001 - headers of the real request
        if token is None:
            return None
        found = authenticate_by_x_session_token(token)
        if found is None:
            raise AuthenticationFailed("The session token is invalid or has expired.")
        user, session = found
        _keep_alive(session)
        return user, session

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _keep_alive(session: SessionBase) -> None:
    now = int(time.time())
    if now - session.get("touched", 0) > TOUCH_EVERY_SECONDS:
        session["touched"] = now
        session.save()  # saving moves the expiry
        UserSession.objects.filter(session_key=session.session_key).update(
            last_seen_at=timezone.now()
        )
