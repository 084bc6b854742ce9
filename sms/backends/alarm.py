"""Tells the operator, in the log, that every text is being refused; not once per text."""

import logging
import threading
import time
from typing import Final

from sms.outcomes import Outcome, Refused

SECONDS_OF_SILENCE = 3600.0

logger = logging.getLogger(__name__)
_raised: Final[dict[tuple[str, str], float]] = {}
_lock = threading.Lock()


def watched(provider: str, outcome: Outcome) -> Outcome:
    """The outcome, after an alarm where it is of the kind that only the operator can mend."""
    if isinstance(outcome, Refused) and outcome.kind.needs_operator:
        _raise(provider, outcome)
    return outcome


def _raise(provider: str, refused: Refused) -> None:
    """Once per hour, provider and code, in each process; the code tells, the words may not."""
    now, key = time.monotonic(), (provider, refused.code)
    with _lock:
        if key in _raised and now - _raised[key] < SECONDS_OF_SILENCE:
            return
        _raised[key] = now
    logger.error(
        "%s refuses our texts (%s, code %s, HTTP %s): see docs/sms.md",
        provider,
        refused.kind,
        refused.code,
        refused.http_status,
    )
