"""Alerts the operator to errors that only the operator can fix, once an hour per cause.

deploy/template.yaml has an alarm on the errors of this logger.
"""

import logging
from datetime import timedelta

from django.db import Error as DatabaseFault
from django.db import transaction

from core.limits import Limit, take
from sms.providers import provider_named
from sms.results import RefusalReason

alerts = logging.getLogger("sms.alerts")
INTERVAL = timedelta(hours=1)


def refused(provider: str, reason: RefusalReason | None, code: str) -> None:
    """Log an error if the next message will be refused too, until the operator acts.

    Applies to codes from responses, callbacks and polls. The log omits the provider's text, which
    may contain a number.
    """
    if reason is None or not reason.needs_operator or not is_first(f"{provider}:{code}"):
        return
    advice = provider_named(provider).explain(code)
    alerts.error(
        "%s refuses our messages (%s, code %s). %sSee docs/sms.md.",
        provider,
        reason,
        code,
        f"{advice} " if advice else "",
    )


def is_first(cause: str) -> bool:
    """True once per INTERVAL across all processes.

    Also true if the database fails, because an extra alarm is better than none.
    """
    limit = Limit(scope=f"sms:alert:{cause}"[:100], amount=1, window=INTERVAL)
    try:
        with transaction.atomic():
            return take(limit)
    except DatabaseFault:
        return True
