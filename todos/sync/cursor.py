"""The position of a device in the feed of its account."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from django.core import signing
from rest_framework.exceptions import APIException

from accounts.models import User
from core.feed import FeedCounter, draw

_SALT = "todos.sync"


class Resync(APIException):
    """The device must push its changes, read from the beginning, and drop missing objects."""

    status_code = HTTPStatus.GONE
    default_code = "resync"
    default_detail = "This cursor is no longer valid. Read from the beginning."


@dataclass(frozen=True)
class Cursor:
    """The place to continue after, and the value of the counter at the start of the snapshot.

    The device needs no deletions up to that value, because it has never seen the objects.
    """

    epoch: str
    place: int
    began: int

    @classmethod
    def read(cls, text: str, counter: FeedCounter) -> Self:
        """Raises Resync for another account or epoch, and for a place ahead of the counter."""
        try:
            cursor = cls(*signing.loads(text, salt=_SALT))
        except (signing.BadSignature, TypeError) as error:
            raise Resync from error
        if cursor.epoch != counter.epoch.hex or cursor.place > counter.seq:
            raise Resync
        return cursor

    @classmethod
    def beginning(cls, counter: FeedCounter) -> Self:
        return cls(counter.epoch.hex, 0, counter.seq)

    def at(self, place: int) -> "Cursor":
        return Cursor(self.epoch, place, self.began)

    def __str__(self) -> str:
        return signing.dumps([self.epoch, self.place, self.began], salt=_SALT)


def place_of(account: User, text: str | None) -> int | None:
    """How far a device has read, if it sends a cursor. Raises Resync."""
    return Cursor.read(text, counter_of(account)).place if text else None


def counter_of(account: User) -> FeedCounter:
    """Read the counter without a lock; in `writing()` it has its former value."""
    found = FeedCounter.objects.filter(account=account).first()
    if found is None:  # an account of the former release
        draw(account.pk, 0)
        found = FeedCounter.objects.get(account=account)
    return found
