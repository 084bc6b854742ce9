"""The lock of a log-in: how many wrong passwords are looked at, and how long it stays locked."""

import math
import time
from datetime import timedelta

from allauth.core.internal import ratelimit  # internal: a test watches it
from django.http import HttpRequest

from accounts.known_devices import device_of
from accounts.mailboxes import key_of
from accounts.models import User
from accounts.rate_limits import APP, PlacedLimit, Usage, limits_of

LOCKED = "too_many_login_attempts"  # allauth's code, which several limits share
# All devices of one account together, beside what each of them may do.
OF_ALL_DEVICES = ratelimit.Rate(amount=20, duration=300, per="key")
# Of a second factor, beside those of a log-in: who guesses at it knows the password, and three of
# a million codes are right.
OF_A_DAY = ratelimit.Rate(amount=20, duration=24 * 3600, per="key")
PATIENCE_SECONDS = 10.0  # for passwords that are being checked at this moment
PAUSE_SECONDS = 0.05
_FAILED, _FACTOR_FAILED = "login_failed", "factor_failed"
_WAIT = "nudge.log_in_wait"  # in request.META, where clients write HTTP_... only


def begin_guess(request: HttpRequest, address: str) -> Usage | None:
    """Reserve a guess, which counts as wrong until it is rolled back; None if it is locked.

    Taken before the password is looked at, or parallel guesses would not be counted exactly. So
    several right ones at once may find all places taken: they wait until some are given back.
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

    Those of devices that have logged in before are counted apart, so that a thief of the password
    does not lock the owner out.
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
    """Forget the failures: the owner of the mailbox has set a new password."""
    for limit in (*_of_strangers(request, key_of(address)), *_limits(request, address)):
        limit.clear()


def log_in_wait(request: HttpRequest) -> int:
    """Seconds until the next try; without a lock, the pause between two mailed codes."""
    pauses = ratelimit.get_rates(app=APP, action="confirm_email")
    return int(request.META.get(_WAIT) or max(pause.duration for pause in pauses))


def _limits(request: HttpRequest, address: str) -> list[PlacedLimit]:
    """By the one spelling of the address, never by what a header says."""
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
