"""Where a device stands in the feed of its account."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from django.core import signing
from rest_framework.exceptions import APIException

from accounts.models import User
from core.feed import FeedCounter, draw

_SALT = "todos.sync"


class Resync(APIException):
    """The device pushes what it has, reads from the beginning and drops what did not come."""

    status_code = HTTPStatus.GONE
    default_code = "resync"
    default_detail = "This cursor leads nowhere any more. Read from the beginning."


@dataclass(frozen=True)
class Cursor:
    """Behind which place to go on, and where the counter stood when the snapshot began.

    Deletions up to there are of no use to a device that has never seen the objects.
    """

    epoch: str
    place: int
    began: int

    @classmethod
    def read(cls, text: str, counter: FeedCounter) -> Self:
        """Raises Resync if it is of another account or epoch, or ahead of the counter."""
        try:
            cursor = cls(*signing.loads(text, salt=_SALT))
        except (signing.BadSignature, TypeError) as error:
            raise Resync from error
        if cursor.epoch != counter.epoch.hex or cursor.place > counter.seq:
            raise Resync
        return cursor

    @classmethod
    def beginning(cls, counter: FeedCounter, began: int) -> Self:
        return cls(counter.epoch.hex, 0, began)

    def at(self, place: int) -> "Cursor":
        return Cursor(self.epoch, place, self.began)

    def __str__(self) -> str:
        return signing.dumps([self.epoch, self.place, self.began], salt=_SALT)


def place_of(account: User, text: str | None) -> int | None:
    """How far a device has read, if it says so. Raises Resync."""
    return Cursor.read(text, counter_of(account)).place if text else None


def counter_of(account: User) -> FeedCounter:
    """Read without a lock; within a transaction that is `writing`, as it was before."""
    found = FeedCounter.objects.filter(account=account).first()
    if found is None:  # an account of the release before
        draw(account.pk, 0)
        found = FeedCounter.objects.get(account=account)
    return found
