"""How long a log-in stays locked: the value of Retry-After, in seconds."""

import math
import time

from allauth.core.internal import ratelimit  # internal: a test watches it
from django.core.cache import cache
from django.http import HttpRequest

LOCKED = "too_many_login_attempts"  # allauth's code, which several limits share
_APP = "allauth.account"
_WAIT = "nudge.log_in_wait"  # in request.META, where clients write HTTP_... only


def note_lock(request: HttpRequest, key: str) -> None:
    """Store for log_in_wait() how long the limits of failed log-ins refuse this key."""
    rates = ratelimit.get_rates(app=_APP, action="login_failed")
    request.META[_WAIT] = max(_seconds_left(request, rate, key) for rate in rates)


def log_in_wait(request: HttpRequest) -> int:
    """Seconds until the next try; without a lock, the pause between two mailed codes."""
    pauses = ratelimit.get_rates(app=_APP, action="confirm_email")
    return int(request.META.get(_WAIT) or max(pause.duration for pause in pauses))


def _seconds_left(request: HttpRequest, rate: ratelimit.Rate, key: str) -> int:
    """Until the oldest failure that this rate counts expires; 1 if the rate is not used up."""
    cache_key = ratelimit.get_cache_key(
        request, app=_APP, action="login_failed", rate=rate, key=key
    )
    failures: list[float] = cache.get(cache_key, [])
    if len(failures) < rate.amount:
        return 1
    reopens: float = failures[-1] + rate.duration
    return max(1, math.ceil(reopens - time.time()))
