"""Database sessions whose keys are checked before the database sees them."""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

_KEY = re.compile(r"[a-z0-9]{32}")


def is_session_key(text: str) -> bool:
    """Django makes 32 characters of a-z0-9; anything else (a NUL, say) never names a session."""
    return bool(_KEY.fullmatch(text))


class SessionStore(DatabaseSessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and is_session_key(key))
