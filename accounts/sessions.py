"""Database sessions with hashed keys, and the user of a request."""

import hashlib
import re
import time
from typing import TYPE_CHECKING, Any

from allauth.account.signals import authentication_step_completed, user_signed_up
from allauth.core import context
from allauth.core.internal.httpkit import is_headless_request
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.db import models
from django.db.models.functions import Length
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from core.errors import is_database_away

if TYPE_CHECKING:
    from rest_framework.request import Request

TOUCH_EVERY_SECONDS = 24 * 3600
KEY_LENGTH = 32
_KEY = re.compile(r"[a-z0-9]{32}")
_TOUCHED = "touched"
SIGNED_UP_AT = "signed_up_at"


class StoredKey(str):
    """A stored session key: a digest, with which nobody can log in."""

    __slots__ = ()


def stored(key: str) -> StoredKey:
    """The digest of a key of 165 random bits, cut to 160 bits to fit the column."""
    if isinstance(key, StoredKey):
        return key
    return StoredKey(hashlib.sha256(key.encode()).hexdigest()[:40])


def is_session_key(text: str) -> bool:
    """Django's keys are 32 characters of a-z0-9; other text, such as a NUL, is no key."""
    return bool(_KEY.fullmatch(text))


class SessionStore(DatabaseSessionStore):
    """Django's session store, with digests of the keys in the database.

    Rows of a former release have the plain key. The store finds them by it, and replaces it by its
    digest on the next use or in the nightly job.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        """A client never sends a StoredKey, so it cannot use a digest from a dump."""
        return bool(key and (isinstance(key, StoredKey) or is_session_key(key)))

    def exists(self, session_key: str) -> bool:
        return self.model.objects.filter(session_key__in=_spellings(session_key)).exists()

    def _get_session_from_db(self) -> Any:
        key = str(self._session_key)
        rows = self.model.objects.filter(expire_date__gt=timezone.now())
        row = rows.filter(session_key__in=_spellings(self._session_key or "")).first()
        if row is None:
            self._session_key = None
        elif row.session_key == key and not isinstance(self._session_key, StoredKey):
            _hash_key(row)
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = str(stored(row.session_key))
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            self.model.objects.filter(session_key__in=_spellings(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Every night."""
        super().clear_expired()
        old = cls.get_model_class().objects.annotate(length=Length("session_key"))
        for row in old.filter(length=KEY_LENGTH).iterator():
            _hash_key(row)

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Raise the database's error, which Django would report as a deleted session."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if (cause := error.__context__) and is_database_away(cause):
                raise cause from cause.__cause__
            raise


def _spellings(key: str) -> list[str]:
    """The stored forms of this key: its digest, or the key itself from a former release."""
    return [*{str(stored(key)), str(key)}]


def _hash_key(row: Any) -> None:
    key = row.session_key
    type(row).objects.filter(session_key=key).update(session_key=str(stored(key)))
    UserSession.objects.filter(session_key=StoredKey(key)).update(session_key=stored(key))


class DeviceSessionStore(SessionStore):
    """The session of an API request. Its key is the token of the device, so it never changes.

    Django would replace the key after a rotation of SECRET_KEY, which would sign out every phone.
    """

    # Django salts by class name, but SessionStore must be able to read the same data.
    key_salt = "django.contrib.sessions.SessionStore"

    def cycle_key(self) -> None:
        self.modified = True


@receiver(user_logged_in)
def note_log_in(request: HttpRequest, **kwargs: Any) -> None:
    request.session[_TOUCHED] = int(time.time())


@receiver(user_signed_up)
def note_sign_up(request: HttpRequest, **kwargs: Any) -> None:
    """Record the time of a sign-up; a log-in records its time itself."""
    request.session[SIGNED_UP_AT] = int(time.time())


@receiver(authentication_step_completed)
def renew_key(request: HttpRequest, *, reauthenticated: bool = False, **kwargs: Any) -> None:
    """Replace a browser's session key at each reauthentication (ASVS 7.2.4).

    Not for phones: a lost response would log them out. A log-in replaces the key itself.
    """
    if reauthenticated and not is_headless_request(request):
        device = UserSession.objects.filter(session_key=request.session.session_key)
        known = list(device.values_list("pk", flat=True))
        request.session.cycle_key()
        UserSession.objects.filter(pk__in=known).update(session_key=request.session.session_key)


def touch(session: SessionBase) -> None:
    """Update the device's last_seen_at and mark the session for saving, once a day.

    The caller saves it, which extends it by SESSION_COOKIE_AGE.
    """
    now = int(time.time())
    if now - session.get(_TOUCHED, 0) <= TOUCH_EVERY_SECONDS:
        return
    session[_TOUCHED] = now
    seen = UserSession.objects.filter(session_key=session.session_key)
    seen.update(last_seen_at=timezone.now())


def signed_in_user(request: "HttpRequest | Request") -> User:
    """The caller. Raises TypeError if the view has no authentication check."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("This view must sit behind an authentication check")
    return user


class _SessionKeyField(models.CharField[str, str]):
    """The column in allauth's list of devices; converts keys to digests in writes and lookups."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else str(stored(value))

    def from_db_value(self, value: str, *args: Any) -> StoredKey:
        return StoredKey(value)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def is_current(device: UserSession) -> bool:
    return stored(device.session_key) == stored(context.request.session.session_key)


def install() -> None:
    """Replace the column, for which allauth has no setting; tests/accounts/test_at_rest.py checks
    it.
    """
    UserSession._meta.get_field("session_key").__class__ = _SessionKeyField
    UserSession.is_current = is_current
