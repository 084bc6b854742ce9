"""The only door: limits, the row and the provider, in that order."""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import transaction
from django.utils import timezone

from core.limits import Limit, give_back, take
from sms.backends import Provider, chosen_provider
from sms.models import Message
from sms.outcomes import Accepted, NotSent, Outcome, Refused, Throttled, Unknown, WithoutSid

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

logger = logging.getLogger(__name__)

PERMISSION = "sms.send_message"
SWITCHED_OFF_SECONDS = 300
_DAY = timedelta(days=1)


class SendingError(Exception):
    """Nothing was sent and nothing was written down; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SwitchedOffError(SendingError):
    """SMS_ENABLED is False."""


class LimitReachedError(SendingError):
    """As many texts as a day may have, for this account or for all together."""


def is_open() -> bool:
    """Whether anybody may send, signed in or not: on a developer's machine, at no cost."""
    return settings.DEBUG and not chosen_provider().costs_money


def may_send(user: "User | AnonymousUser") -> bool:
    """A new account may send nothing until the operator grants the permission in the admin."""
    return is_open() or user.has_perm(PERMISSION)


def send(*, actor: "User | None", body: str) -> Message:
    """Send one text to TO_NUMBER, once, and return it with its `outcome`.

    Must not run inside a transaction: the row is committed before the provider is called, so that
    a crash at any moment leaves a trace. Nothing is raised once the provider has been called.
    """
    if not settings.SMS_ENABLED:
        raise SwitchedOffError(
            "Sending text messages is switched off.", retry_after=SWITCHED_OFF_SECONDS
        )
    provider = chosen_provider()()
    message = _admit(actor, body, provider.name, at=timezone.now())
    message.outcome = _call(provider, message)
    _write_down(message, message.outcome)
    return message


@transaction.atomic(durable=True)
def _admit(actor: "User | None", body: str, provider: str, *, at: datetime) -> Message:
    """Take one of each limit and insert the row: all of it or, where one refuses, nothing."""
    for limit, explanation in _limits(actor):
        if not take(limit, at=at):
            raise LimitReachedError(explanation, retry_after=limit.seconds_left(at))
    return Message.objects.create(
        sender=actor,
        to=settings.SMS_TO_NUMBER,
        from_number=settings.SMS_FROM_NUMBER,
        body=body,
        provider=provider,
        created_at=at,
    )


def _limits(actor: "User | None") -> list[tuple[Limit, str]]:
    """What a text of this person counts against, and what to say when none is left."""
    everybody = Limit(scope="sms:all:day", amount=settings.SMS_DAILY_LIMIT, window=_DAY)
    limits = [(everybody, "The daily limit of this service is used up.")]
    if actor is not None:
        own = Limit(
            scope=f"sms:account:{actor.pk}:day",
            amount=settings.SMS_ACCOUNT_DAILY_LIMIT,
            window=_DAY,
        )
        limits.insert(0, (own, "Your daily limit of text messages is used up."))
    return limits


def _call(provider: Provider, message: Message) -> Outcome:
    try:
        return provider.send(to=message.to, from_number=message.from_number, body=message.body)
    except Exception as error:
        # A fault of ours, perhaps after the request had left: the row must not stay undecided.
        logger.exception("The provider failed while sending message %s", message.pk)
        return Unknown(f"The provider failed ({type(error).__name__}).")


def _write_down(message: Message, outcome: Outcome) -> None:
    """Where that fails the row stays `sending`: the text is out, an error would be a lie."""
    try:
        with transaction.atomic():
            _apply(message, outcome)
            if isinstance(outcome, NotSent | Throttled):  # it did not leave, so it does not count
                for limit, _explanation in _limits(message.sender):
                    give_back(limit, at=message.created_at)
    except DatabaseFault as error:
        # Only the kind of error: PostgreSQL quotes the whole row, text and number, in its words.
        kind = type(error).__name__
        logger.error(  # noqa: TRY400
            "Message %s ended as %s, which could not be written down: %s",
            message.pk,
            outcome.sid if isinstance(outcome, Accepted) else type(outcome).__name__,
            kind,
        )


def _apply(message: Message, outcome: Outcome) -> None:
    match outcome:
        case Accepted(sid):
            message.accept(sid)
        case Refused(reason, code) | Throttled(reason, code):
            message.fail(code, reason)
        case NotSent(reason):
            message.fail("not_sent", reason)
        case WithoutSid():
            message.lose("The provider gave no id.")
        case _:
            message.lose(outcome.reason)
