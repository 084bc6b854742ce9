"""The write limit of an account, so that a device in a loop does not cause costs."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from core.limits import Limit, spend

SCOPE = "writes:"
WINDOW = timedelta(minutes=15)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110, section 9.2.1


class Standing(NamedTuple):
    """How many writes are left in the window, and in how many seconds it ends."""

    amount: int
    left: int
    seconds: int
    is_refused: bool

    @property
    def headers(self) -> dict[str, str]:
        """The headers of draft-ietf-httpapi-ratelimit-headers-10."""
        window = int(WINDOW.total_seconds())
        return {
            "RateLimit-Policy": f'"writes";q={self.amount};w={window}',
            "RateLimit": f'"writes";r={self.left};t={self.seconds}',
        }


def count_write(account: Any) -> Standing:
    """Count one more writing request of the account with this primary key."""
    limit = Limit(scope=f"{SCOPE}{account}", amount=settings.WRITE_LIMIT, window=WINDOW)
    now = timezone.now()
    used = spend(limit, at=now)
    return Standing(
        amount=limit.amount,
        left=limit.amount - used if used else 0,
        seconds=limit.seconds_left(now),
        is_refused=used == 0,
    )
