"""The lock of a log-in: the number of wrong passwords, and how long the lock lasts."""

import math
import time
from datetime import timedelta

from allauth.core.internal import ratelimit  # internal: a test watches it
from django.http import HttpRequest

from accounts.known_devices import device_of
from accounts.mailboxes import key_of
from accounts.models import User
from accounts.rate_limits import APP, PlacedLimit, Usage, limits_of

LOCKED = "too_many_login_attempts"  # an error code of allauth that several limits share
# For all devices of one account together, in addition to the limit of each.
OF_ALL_DEVICES = ratelimit.Rate(amount=20, duration=300, per="key")
# For a second factor, in addition to the limits of a log-in: an attacker already knows the
# password, and three of a million codes are correct.
OF_A_DAY = ratelimit.Rate(amount=20, duration=24 * 3600, per="key")
PATIENCE_SECONDS = 10.0  # while passwords of other requests are checked
PAUSE_SECONDS = 0.05
_FAILED, _FACTOR_FAILED = "login_failed", "factor_failed"
_WAIT = "nudge.log_in_wait"  # in request.META, where clients can only set HTTP_... keys


def begin_guess(request: HttpRequest, address: str) -> Usage | None:
    """Reserve a guess, which counts as wrong until it is rolled back; None if locked.

    Call it before the password is checked; otherwise parallel guesses are not counted exactly. So
    parallel correct guesses may use up all places, and wait until some are free again.
    """
    limits = _limits(request, address)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (guess := _take_all(limits, undecided=True)) is None:
        if any(limit.is_used_up() for limit in limits) or time.monotonic() > deadline:
            _note_wait(request, limits)
            return None
        time.sleep(PAUSE_SECONDS)
    return guess


def begin_factor_guess(request: HttpRequest, user: User) -> Usage | None:
    """Count a guess at the second factor; None if too many were wrong.

    Guesses of known devices are counted separately, so that a thief of the password cannot lock out
    the owner.
    """
    device = device_of(request, user.email)
    whose = f"device:{device.id}" if device else str(user.pk)
    limits = [
        *limits_of(request, _FAILED, key=f"factor:{whose}"),
        *limits_of(request, _FACTOR_FAILED, rates=[OF_A_DAY], key=whose),
    ]
    guess = _take_all(limits)
    if guess is None:
        _note_wait(request, limits)
    return guess


def reopen(request: HttpRequest, address: str) -> None:
    """Forget the failures after the owner of the mailbox has set a new password."""
    for limit in (*_of_strangers(request, key_of(address)), *_limits(request, address)):
        limit.clear()


def log_in_wait(request: HttpRequest) -> int:
    """Seconds until the next attempt; without a lock, the pause between two mailed codes."""
    pauses = ratelimit.get_rates(app=APP, action="confirm_email")
    return int(request.META.get(_WAIT) or max(pause.duration for pause in pauses))


def _limits(request: HttpRequest, address: str) -> list[PlacedLimit]:
    """The limits of a log-in, counted by the canonical address and never by a header."""
    key = key_of(address)
    device = device_of(request, key)
    if device is None:
        return _of_strangers(request, key)
    return [
        *limits_of(request, _FAILED, key=f"device:{device.id}"),
        *limits_of(request, _FAILED, rates=[OF_ALL_DEVICES], key=f"devices:{device.account}"),
    ]


def _of_strangers(request: HttpRequest, key: str) -> list[PlacedLimit]:
    return limits_of(request, _FAILED, key=f"address:{key}")


def _note_wait(request: HttpRequest, limits: list[PlacedLimit]) -> None:
    request.META[_WAIT] = max(_seconds(limit.wait()) for limit in limits)


def _take_all(limits: list[PlacedLimit], *, undecided: bool = False) -> Usage | None:
    taken = Usage()
    for limit in limits:
        if (usage := limit.take(undecided=undecided)) is None:
            taken.rollback()
            return None
        taken.places += usage.places
    return taken


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))
