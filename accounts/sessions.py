"""Database sessions with checked keys, and the user of a request."""

import re
import time
from typing import TYPE_CHECKING, Any

from allauth.account.signals import user_signed_up
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from core.errors import is_database_away

if TYPE_CHECKING:
    from rest_framework.request import Request

TOUCH_EVERY_SECONDS = 24 * 3600
_KEY = re.compile(r"[a-z0-9]{32}")
_TOUCHED = "touched"
SIGNED_UP_AT = "signed_up_at"


def is_session_key(text: str) -> bool:
    """Django's keys are 32 characters of a-z0-9; other text (a NUL, for example) is no key."""
    return bool(_KEY.fullmatch(text))


class SessionStore(DatabaseSessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and is_session_key(key))

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Django reports every failure as a deleted session, also if the database is away."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if (cause := error.__context__) and is_database_away(cause):
                raise cause from cause.__cause__
            raise


class DeviceSessionStore(SessionStore):
    """The session of an API call: its key is the token of the device, so it never changes.

    Django renews the key after a rotation of SECRET_KEY, which would sign out every phone.
    """

    # Django salts by class name; a token must stay readable to the store that made it.
    key_salt = "django.contrib.sessions.SessionStore"

    def cycle_key(self) -> None:
        self.modified = True


@receiver(user_logged_in)
def note_log_in(request: HttpRequest, **kwargs: Any) -> None:
    """A new session needs no touch for a day."""
    request.session[_TOUCHED] = int(time.time())


@receiver(user_signed_up)
def note_sign_up(request: HttpRequest, **kwargs: Any) -> None:
    """A log-in leaves such a record by itself."""
    request.session[SIGNED_UP_AT] = int(time.time())


def touch(session: SessionBase) -> None:
    """Once a day, update the device's last_seen_at and mark the session for saving.

    The caller saves it, which extends it by SESSION_COOKIE_AGE.
    """
    now = int(time.time())
    if now - session.get(_TOUCHED, 0) <= TOUCH_EVERY_SECONDS:
        return
    session[_TOUCHED] = now
    seen = UserSession.objects.filter(session_key=session.session_key)
    seen.update(last_seen_at=timezone.now())


def signed_in_user(request: "HttpRequest | Request") -> User:
    """The caller; raises TypeError if the view has no authentication check."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("This view must sit behind an authentication check")
    return user
