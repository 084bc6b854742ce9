"""Decides whether a message may be sent, when it is accepted and again before it is sent.

Every refusal is a SendError; STATUS has the HTTP status of its code. A message takes its share of
every limit before its row is inserted (docs/sms.md), in the day and month when it is due. So
scheduled messages cannot exceed the limit of any day.

The order of the limits is fixed: account, destination or codes, country, service, segments. Every
transaction that takes or returns shares uses this order to avoid deadlocks.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.core.mail import mail_admins
from django.db.models import Exists
from django.utils.crypto import salted_hmac

from core.limits import Calendar, Limit, give_back, spend, take
from core.tasks import task
from core.values import shows_something
from sms import telephony
from sms.models import Allowance, Lane, Message, OptOut
from sms.providers import provider_named
from sms.telephony import Recipient, RecipientError, count

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

logger = logging.getLogger(__name__)

WARNING_CODE = "sms_limit_warning"
WARNING_PERCENT = 80
SWITCHED_OFF_SECONDS = 300
_DAY = timedelta(days=1)

# The HTTP status of each refusal; POST /service/sms/send answers 400 if the caller can fix it.
STATUS: Final[dict[str, int]] = {
    "blank": HTTPStatus.BAD_REQUEST,
    "too_many_segments": HTTPStatus.BAD_REQUEST,
    "invalid_recipient": HTTPStatus.BAD_REQUEST,
    "region_not_allowed": HTTPStatus.BAD_REQUEST,
    "type_not_allowed": HTTPStatus.BAD_REQUEST,
    "not_repeatable": HTTPStatus.CONFLICT,
    "sender_required": HTTPStatus.FORBIDDEN,
    "not_allowed": HTTPStatus.FORBIDDEN,
    "codes_off": HTTPStatus.FORBIDDEN,
    "opted_out": HTTPStatus.CONFLICT,
    "limit_reached": HTTPStatus.TOO_MANY_REQUESTS,
    "sending_disabled": HTTPStatus.SERVICE_UNAVAILABLE,
}


class SendError(Exception):
    """The message may not be sent.

    `code` is a key of STATUS; `field` is "to", "body" or empty; `retry_after` is in seconds.
    """

    def __init__(
        self, code: str, detail: str, *, field: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_after = retry_after


def sending_is_free() -> bool:
    """Whether anyone may send, even anonymously: in development, with a free provider."""
    return settings.DEBUG and not provider_named(settings.SMS_PROVIDER).costs_money


def may_send(user: "User | AnonymousUser") -> bool:
    """Whether the user may send: an account needs an allowance, which the operator grants."""
    return sending_is_free() or _allowance(user) > 0


def measured(body: str) -> tuple[str, int]:
    """The encoding and the segments of a body; raises SendError if it is blank or too long."""
    if not shows_something(body):
        raise SendError("blank", "This field may not be blank.", field="body")
    encoding, segments = count(body)
    most = settings.SMS_MAX_SEGMENTS
    if segments > most:
        raise SendError(
            "too_many_segments",
            f"The message is too long: it has {segments} segments, at most {most} are allowed.",
            field="body",
        )
    return encoding, segments


def recipient(number: str) -> Recipient:
    try:
        return telephony.recipient(number)
    except RecipientError as error:
        raise SendError(error.code, str(error), field="to") from error


def own_recipient() -> Recipient:
    """TO_NUMBER, subject to the rules of all numbers if the provider charges for messages.

    Otherwise it may be missing: the console prints messages without a recipient.
    """
    number = settings.SMS_TO_NUMBER
    if provider_named(settings.SMS_PROVIDER).costs_money:
        return recipient(number)
    return Recipient(telephony.canonical(number), telephony.region(number), number_type="")


def check_new(sender: "User | None", to: Recipient, lane: int) -> None:
    """Raise SendError if a new message is refused.

    A code has no sender, because the operator pays for it.
    """
    if lane == Lane.CODE:
        check_pool()
    elif sender is None and not sending_is_free():
        raise SendError("sender_required", "A sender account is required.")
    _check_switch()
    if OptOut.objects.of(to.number).exists():
        raise _opted_out()


def check_claimed(message: Message) -> None:
    """Raise SendError if a claimed message may no longer be sent.

    Checks all rules again, because the operator may have stopped messages since. One query reads
    account and opt-out.
    """
    _check_switch()
    opted_out = Exists(OptOut.objects.of(message.to))
    account = ("sender__is_active", "sender__sms_allowance__per_day")
    is_active, per_day, is_unwanted = (
        Message.objects.filter(pk=message.pk).values_list(*account, opted_out).get()
    )
    if message.lane == Lane.CODE:
        check_pool()
    elif not _may_still_send(is_active=is_active, per_day=per_day):
        raise SendError("not_allowed", "This account may not send text messages any more.")
    if is_unwanted:
        raise _opted_out()
    # The operator chooses TO_NUMBER, in any region.
    if telephony.canonical(message.to) != telephony.canonical(settings.SMS_TO_NUMBER):
        recipient(message.to)


def check_pool() -> None:
    """Raise SendError if codes are switched off."""
    if not settings.SMS_CODES_DAILY:
        raise SendError("codes_off", "This service sends no codes by text. Ask its operator.")


def _check_switch() -> None:
    if not settings.SMS_ENABLED:
        raise SendError(
            "sending_disabled",
            "Sending text messages is switched off.",
            retry_after=SWITCHED_OFF_SECONDS,
        )


def _opted_out() -> SendError:
    return SendError(
        "opted_out",
        "This number has opted out of text messages. It can opt in again by texting START.",
    )


def _may_still_send(*, is_active: bool | None, per_day: int | None) -> bool:
    """Whether the sender of a waiting message may still send; both are None without an account.

    A message without an account, for example a deleted one, is sent only if sending is free.
    """
    return is_active is not False and (sending_is_free() or bool(is_active and per_day))


@dataclass(frozen=True, kw_only=True)
class _Share:
    """One message's share of one limit, and the error text if the limit is used up."""

    limit: Limit
    explanation: str
    amount: int = 1
    warns: bool = False


def admit(
    *,
    account: "User | None",
    to: str,
    region: str,
    segments: int,
    at: datetime,
    due: datetime | None = None,
    lane: int = Lane.ORDINARY,
) -> None:
    """Take the message's share of every limit at `due` (by default `at`), or raise SendError.

    Call it in the transaction that inserts the row: if a limit refuses, the rollback returns the
    shares of the others.
    """
    due = due or at
    sender = None if account is None else account.pk
    per_day = 0 if account is None else _per_day(account)
    for share in _shares(sender, per_day, to, region, segments, lane):
        in_use = spend(share.limit, amount=share.amount, at=due)
        if not in_use:
            wait = share.limit.seconds_left(at, due=due)
            raise SendError("limit_reached", share.explanation, retry_after=wait)
        if share.warns:
            _warn_once(share.limit, in_use, due)


def return_unused(message: Message) -> None:
    """Return the shares of a message that certainly was not sent. Call it once, when it ends."""
    about = (message.to, message.region, message.segments, message.lane)
    shares = _shares(message.sender_id, 0, *about)
    for share in shares:
        give_back(share.limit, amount=share.amount, at=message.due_at)


def common_limits() -> tuple[Limit, Limit]:
    """The limits of all accounts together: messages per day, segments per month."""
    return (
        Limit(scope="sms:all:day", amount=settings.SMS_DAILY_LIMIT, window=_DAY),
        Limit(
            scope="sms:segments:month",
            amount=settings.SMS_MONTHLY_SEGMENTS,
            window=Calendar.MONTH,
        ),
    )


def codes_limit() -> Limit:
    """The daily limit of codes for all accounts together, which no allowance covers."""
    return Limit(scope="sms:codes:day", amount=settings.SMS_CODES_DAILY, window=_DAY)


def account_limit(account: UUID, per_day: int) -> Limit:
    return Limit(scope=f"sms:account:{account}:day", amount=per_day, window=_DAY)


def _shares(
    account: UUID | None, per_day: int, to: str, region: str, segments: int, lane: int
) -> Iterator[_Share]:
    """The shares of a message. A code counts against the pool of codes, not against its number.

    Otherwise a stranger could find out with codes how many messages a number gets.
    """
    if account is not None:
        yield _Share(
            limit=account_limit(account, per_day),
            explanation="Your daily limit of text messages is used up.",
        )
    if lane == Lane.CODE:
        yield _Share(limit=codes_limit(), explanation="No more codes are texted today.", warns=True)
    elif to:
        yield _Share(
            limit=_destination_limit(to),
            explanation="The daily limit of messages to this number is used up.",
        )
    if region:
        yield _Share(
            limit=Limit(
                scope=f"sms:country:{region}:day",
                amount=settings.SMS_COUNTRY_DAILY_LIMIT,
                window=_DAY,
            ),
            explanation="The daily limit of messages to this country is used up.",
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
    """Keyed by a digest, because staff who may not see whole numbers see counters."""
    digest = salted_hmac("sms.limits", number, algorithm="sha256").hexdigest()[:32]
    return Limit(
        scope=f"sms:number:{digest}:day",
        amount=settings.SMS_DESTINATION_DAILY_LIMIT,
        window=_DAY,
    )


def _per_day(account: "User") -> int:
    return _allowance(account) or (settings.SMS_DAILY_LIMIT if sending_is_free() else 0)


def _allowance(user: "User | AnonymousUser") -> int:
    """Messages per day; the user object caches the row, so that a request reads it once."""
    granted: Allowance | None = getattr(user, "sms_allowance", None)
    return granted.per_day if granted else 0


def _warn_once(limit: Limit, in_use: int, at: datetime) -> None:
    """Warn the operator once per window, with a mark in the same transaction."""
    if in_use * 100 < limit.amount * WARNING_PERCENT:
        return
    mark = Limit(scope=f"{limit.scope}:warned", amount=1, window=limit.window)
    if take(mark, at=at):
        since = f"{limit.window_start(at):%Y-%m-%d}"
        warn_operator.enqueue(limit.scope, since, str(in_use), str(limit.amount))


@task
def warn_operator(scope: str, since: str, in_use: str, amount: str) -> None:
    """Log a line with WARNING_CODE, which an alarm may match, and mail ADMINS."""
    warning = f"{in_use} of {amount} are used ({scope}, {since}); at {amount} messages are refused."
    logger.warning("%s: %s", WARNING_CODE, warning)
    mail_admins("Text messages: a limit is nearly used up", warning, fail_silently=True)
