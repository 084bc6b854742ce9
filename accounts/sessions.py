"""Database sessions with checked keys, and the user of a request."""

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
    """A session key as it stands in the database: a digest, by which nobody logs in."""

    __slots__ = ()


def stored(key: str) -> StoredKey:
    """The digest of a key; 160 bits, which is what the column holds, of a random 165."""
    if isinstance(key, StoredKey):
        return key
    return StoredKey(hashlib.sha256(key.encode()).hexdigest()[:40])


def is_session_key(text: str) -> bool:
    """Django's keys are 32 characters of a-z0-9; other text (a NUL, for example) is no key."""
    return bool(_KEY.fullmatch(text))


class SessionStore(DatabaseSessionStore):
    """Django's, with digests of the keys in the database.

    Rows of the release before have the key itself. They are found by it, and get its digest when
    they are used, or at night.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        """What a client sends is never a StoredKey, so a digest from a dump is no key."""
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
        """Django reports every failure as a deleted session, also if the database is away."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if (cause := error.__context__) and is_database_away(cause):
                raise cause from cause.__cause__
            raise


def _spellings(key: str) -> list[str]:
    """How the row of this key may be named: by its digest, or as the release before did."""
    return [*{str(stored(key)), str(key)}]


def _hash_key(row: Any) -> None:
    key = row.session_key
    type(row).objects.filter(session_key=key).update(session_key=str(stored(key)))
    UserSession.objects.filter(session_key=StoredKey(key)).update(session_key=stored(key))


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


@receiver(authentication_step_completed)
def renew_key(request: HttpRequest, *, reauthenticated: bool = False, **kwargs: Any) -> None:
    """Of a browser, with each proof (ASVS 7.2.4). A phone whose answer is lost would be logged out.

    A log-in renews it by itself.
    """
    if reauthenticated and not is_headless_request(request):
        device = UserSession.objects.filter(session_key=request.session.session_key)
        known = list(device.values_list("pk", flat=True))
        request.session.cycle_key()
        UserSession.objects.filter(pk__in=known).update(session_key=request.session.session_key)


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


class _SessionKeyField(models.CharField[str, str]):
    """The column of allauth's list of devices: whoever writes or asks by a key means its digest."""

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
    """allauth has no setting for its column; tests/accounts/test_at_rest.py watches it."""
    UserSession._meta.get_field("session_key").__class__ = _SessionKeyField
    UserSession.is_current = is_current
