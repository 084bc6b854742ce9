"""Database sessions whose keys are checked before the database sees them."""

import re

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from core.errors import is_database_away

_KEY = re.compile(r"[a-z0-9]{32}")


def is_session_key(text: str) -> bool:
    """Django makes 32 characters of a-z0-9; anything else (a NUL, say) never names a session."""
    return bool(_KEY.fullmatch(text))


class SessionStore(DatabaseSessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and is_session_key(key))

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Django calls every failure "the session was deleted"; an absent database is not that."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if (cause := error.__context__) and is_database_away(cause):
                raise cause from cause.__cause__
            raise


class DeviceSessionStore(SessionStore):
    """The session of an API call: its key is the token that the device holds, so it never changes.

    Django renews the key when SECRET_KEY was rotated, which would log every phone out.
    """

    # Django salts by class name; a token must stay readable to the store that made it.
    key_salt = "django.contrib.sessions.SessionStore"

    def cycle_key(self) -> None:
        self.modified = True
