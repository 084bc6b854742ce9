"""How many changes an account may ask for: the loop of one device must not be everybody's bill."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.limits import Limit, spend

SCOPE = "writes:"
WINDOW = timedelta(minutes=15)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110, section 9.2.1


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is left of the window after one more write, and in how many seconds it ends."""

    amount: int
    left: int
    seconds: int
    is_refused: bool

    @property
    def headers(self) -> dict[str, str]:
        """Those of draft-ietf-httpapi-ratelimit-headers-10."""
        window = int(WINDOW.total_seconds())
        return {
            "RateLimit-Policy": f'"writes";q={self.amount};w={window}',
            "RateLimit": f'"writes";r={self.left};t={self.seconds}',
        }


def count_write(account: Any) -> Standing:
    """Count one more request of the account (its primary key) that may change something."""
    limit = Limit(scope=f"{SCOPE}{account}", amount=settings.WRITE_LIMIT, window=WINDOW)
    now = timezone.now()
    used = spend(limit, at=now)
    return Standing(
        amount=limit.amount,
        left=limit.amount - used if used else 0,
        seconds=limit.seconds_left(now),
        is_refused=used == 0,
    )
