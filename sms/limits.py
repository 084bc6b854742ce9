"""What a text may cost: every text takes one of each limit before it is a row (docs/sms.md).

It takes them in the day and the month in which it is due: however much is scheduled, no more texts
are due on a day than are allowed on a day.

The order is fixed: account, destination, country, all together, segments. Whoever takes or gives
back keeps to it, so that no two transactions wait for each other.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.core.mail import mail_admins
from django.utils.crypto import salted_hmac

from core.limits import Calendar, Limit, give_back, spend, take
from core.tasks import task
from sms.backends import chosen_provider
from sms.models import Allowance, Message

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

logger = logging.getLogger(__name__)

WARNING_CODE = "sms_limit_warning"
WARNING_PERCENT = 80
_DAY = timedelta(days=1)


class LimitReachedError(Exception):
    """Nothing was sent and nothing was written down; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, kw_only=True)
class _Share:
    """What one text takes of one limit, and what to say when that is not left."""

    limit: Limit
    explanation: str
    amount: int = 1
    warns: bool = False


def is_open() -> bool:
    """Whether anybody may send, signed in or not: on a developer's machine, at no cost."""
    return settings.DEBUG and not chosen_provider().costs_money


def may_send(user: "User | AnonymousUser") -> bool:
    """A new account may send nothing until the operator grants an allowance in the admin."""
    return is_open() or (user.pk is not None and _allowance(user.pk) > 0)


def may_leave(*, is_active: bool | None, per_day: int | None) -> bool:
    """Whether the sender of a text that waited may still send; both are None without an account.

    A text of nobody, as after the account was deleted, leaves only where anybody may send.
    """
    return is_active is not False and (is_open() or bool(is_active and per_day))


def admit(
    *,
    account: "User | None",
    to: str,
    region: str,
    segments: int,
    at: datetime,
    due: datetime | None = None,
) -> None:
    """Take what a text needs when it is `due` (left out: now, `at`), or raise LimitReachedError.

    Belongs into the transaction that inserts the row: where one limit refuses, the caller's
    rollback returns what the others gave.
    """
    due = due or at
    sender = None if account is None else account.pk
    per_day = 0 if sender is None else _per_day(sender)
    for share in _shares(sender, per_day, to, region, segments):
        in_use = spend(share.limit, amount=share.amount, at=due)
        if not in_use:
            wait = share.limit.seconds_left(at, due=due)
            raise LimitReachedError(share.explanation, retry_after=wait)
        if share.warns:
            _warn_once(share.limit, in_use, due)


def return_unused(message: Message) -> None:
    """Give back what a text took that certainly was never sent; once, in its last transaction."""
    shares = _shares(message.sender_id, 0, message.to, message.region, message.segments)
    for share in shares:
        give_back(share.limit, amount=share.amount, at=message.due_at)


def common_limits() -> tuple[Limit, Limit]:
    """Of all accounts together: texts a day, segments a month."""
    return (
        Limit(scope="sms:all:day", amount=settings.SMS_DAILY_LIMIT, window=_DAY),
        Limit(
            scope="sms:segments:month",
            amount=settings.SMS_MONTHLY_SEGMENTS,
            window=Calendar.MONTH,
        ),
    )


def account_limit(account: UUID, per_day: int) -> Limit:
    return Limit(scope=f"sms:account:{account}:day", amount=per_day, window=_DAY)


def _shares(
    account: UUID | None, per_day: int, to: str, region: str, segments: int
) -> Iterator[_Share]:
    """In the one order in which limits are taken."""
    if account is not None:
        yield _Share(
            limit=account_limit(account, per_day),
            explanation="Your daily limit of text messages is used up.",
        )
    if to:
        yield _Share(
            limit=_destination_limit(to),
            explanation="The daily limit of texts to this number is used up.",
        )
    if region:
        yield _Share(
            limit=Limit(
                scope=f"sms:country:{region}:day",
                amount=settings.SMS_COUNTRY_DAILY_LIMIT,
                window=_DAY,
            ),
            explanation="The daily limit of texts to this country is used up.",
        )
    daily, monthly = common_limits()
    yield _Share(limit=daily, explanation="The daily limit of this service is used up.", warns=True)
    yield _Share(
        limit=monthly,
        explanation="The monthly budget of this service is used up.",
        amount=segments,
        warns=True,
    )


def _destination_limit(number: str) -> Limit:
    """Keyed by a digest: counters are shown to people who may not see whole numbers."""
    digest = salted_hmac("sms.limits", number, algorithm="sha256").hexdigest()[:32]
    return Limit(
        scope=f"sms:number:{digest}:day",
        amount=settings.SMS_DESTINATION_DAILY_LIMIT,
        window=_DAY,
    )


def _per_day(account: UUID) -> int:
    """What was granted; where texts cost nothing and nothing was granted, what all may send."""
    granted = _allowance(account)
    return granted or (settings.SMS_DAILY_LIMIT if is_open() else 0)


def _allowance(account: UUID) -> int:
    granted = Allowance.objects.filter(account=account).values_list("per_day", flat=True)
    return granted.first() or 0


def _warn_once(limit: Limit, in_use: int, at: datetime) -> None:
    """Tell the operator once a window; a mark in the same transaction knows whether it was done."""
    if in_use * 100 < limit.amount * WARNING_PERCENT:
        return
    mark = Limit(scope=f"{limit.scope}:warned", amount=1, window=limit.window)
    if take(mark, at=at):
        since = f"{limit.window_start(at):%Y-%m-%d}"
        warn_operator.enqueue(limit.scope, since, str(in_use), str(limit.amount))


@task
def warn_operator(scope: str, since: str, in_use: str, amount: str) -> None:
    """A line with a code that an alarm may look for, and a mail to ADMINS."""
    told = f"{in_use} of {amount} are used ({scope}, {since}); at {amount} texts are refused."
    logger.warning("%s: %s", WARNING_CODE, told)
    mail_admins("Text messages: a limit is nearly used up", told, fail_silently=True)
