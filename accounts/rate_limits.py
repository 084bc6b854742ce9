"""Counts allauth's rate limits in the database by one statement, not in Django's cache.

A limit of n in t seconds has n places. One statement takes a place for t seconds, so exactly n of
any number of simultaneous callers get one in any t seconds. In the cache, a database error counted
as a full limit, and log-ins got 429 long after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from allauth.core.exceptions import RateLimited
from allauth.core.internal import ratelimit  # internal: tests/accounts/test_limits.py watches it
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import LimitPlace

APP = "allauth.account"
# Longer than any check of a password. After it, a guess of a dead process counts as wrong.
UNDECIDED_SECONDS = 15

_TAKE = """
INSERT INTO accounts_limitplace AS held (scope, number, taken_at, undecided)
VALUES (%s, %s, %s, %s)
ON CONFLICT (scope, number) DO UPDATE
SET taken_at = excluded.taken_at, undecided = excluded.undecided
WHERE held.taken_at <= %s
"""


class PlacedLimit(NamedTuple):
    """At most `amount` in any `seconds`, for one scope: an address, an account or a client."""

    scope: str
    amount: int
    seconds: float

    def take(self, *, undecided: bool = False) -> "Usage | None":
        """Take a place, or return None if all are taken. `undecided`: settle() or rollback()
        follows.
        """
        now = timezone.now()
        held = {place.number for place in self._held(now)}  # only a hint: _take() decides
        for number in (number for number in range(self.amount) if number not in held):
            if self._take(number, now, undecided=undecided):
                return Usage([LimitPlace(scope=self.scope, number=number, taken_at=now)])
        return None

    def is_free(self) -> bool:
        return len(self._held(timezone.now())) < self.amount

    def is_used_up(self) -> bool:
        """Whether all places are taken and none can become free soon, by a password check."""
        now = timezone.now()
        held = self._held(now)
        return len(held) >= self.amount and not _undecided(held, now)

    def wait(self) -> timedelta:
        """The time until a place is free."""
        now = timezone.now()
        held = self._held(now)
        if len(held) < self.amount or _undecided(held, now):
            return timedelta(0)
        return min(place.taken_at for place in held) + self._window - now

    def clear(self) -> None:
        self._places().delete()

    @property
    def _window(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    def _places(self) -> QuerySet[LimitPlace]:
        return LimitPlace.objects.filter(scope=self.scope, number__lt=self.amount)

    def _held(self, now: datetime) -> list[LimitPlace]:
        """Read all places with one statement, so that a returned place is never missed."""
        return list(self._places().filter(taken_at__gt=now - self._window))

    def _take(self, number: int, now: datetime, *, undecided: bool) -> bool:
        moment = connection.ops.adapt_datetimefield_value
        row: list[Any] = [self.scope, number, moment(now), undecided, moment(now - self._window)]
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, row)
            return bool(cursor.rowcount == 1)


@dataclass
class Usage:
    """The places that one request has taken, with the methods that allauth calls."""

    places: list[LimitPlace] = field(default_factory=list)

    def rollback(self) -> None:
        for row in self._rows():
            row.delete()

    def settle(self) -> None:
        for row in self._rows():
            row.update(undecided=False)

    def _rows(self) -> list[QuerySet[LimitPlace]]:
        """The rows of these places, except those that another request has taken since."""
        return [
            LimitPlace.objects.filter(
                scope=place.scope, number=place.number, taken_at=place.taken_at
            )
            for place in self.places
        ]


def _undecided(held: Sequence[LimitPlace], now: datetime) -> bool:
    since = now - timedelta(seconds=UNDECIDED_SECONDS)
    return any(place.undecided and place.taken_at > since for place in held)


def limits_of(
    request: HttpRequest,
    action: str,
    *,
    rates: Sequence[ratelimit.Rate] | None = None,
    key: str | None = None,
    user: Any = None,
) -> list[PlacedLimit]:
    """The limits of an action in ACCOUNT_RATE_LIMITS, or those in `rates`."""
    rates = ratelimit.get_rates(app=APP, action=action) if rates is None else rates
    return [_limit(request, APP, action, rate, key, user) for rate in rates]


def ended_places(at: datetime) -> QuerySet[LimitPlace]:
    """No limit is longer than a day."""
    return LimitPlace.objects.filter(taken_at__lt=at - timedelta(days=1))


def install() -> None:
    """Replace the store of allauth's limits, for which it has no setting."""
    ratelimit._consume_single_rate = _consume  # noqa: SLF001


def _consume(
    request: HttpRequest,
    *,
    app: str,
    action: str,
    rate: ratelimit.Rate,
    key: str | None = None,
    user: Any = None,
    dry_run: bool = False,
    raise_exception: bool = False,
) -> Usage | None:
    limit = _limit(request, app, action, rate, key, user)
    usage = (Usage() if limit.is_free() else None) if dry_run else limit.take()
    if usage is None and raise_exception:
        raise RateLimited
    return usage


def _limit(
    request: HttpRequest,
    app: str,
    action: str,
    rate: ratelimit.Rate,
    key: str | None,
    user: Any,
) -> PlacedLimit:
    """Stores the subject of the limit as a keyed hash, so that the database names nobody."""
    whose = ratelimit.get_cache_key(request, app=app, action=action, rate=rate, key=key, user=user)
    scope = salted_hmac("accounts.rate_limits", whose, algorithm="sha256").hexdigest()
    return PlacedLimit(scope=scope, amount=rate.amount, seconds=rate.duration)
