"""Applies reports of providers about messages: callbacks, polls and refusals.

Updates may be late, repeated and in any order. The history stores each once, and the state only
moves forward.
"""

from typing import Final

from django.db import transaction
from django.utils import timezone

from sms import alerts, consent
from sms.models import Consent, Lane, Message, OptOut, Source
from sms.providers import provider_named
from sms.results import RefusalReason, Refused, StatusUpdate
from sms.states import FAILURES, NOT_ATTEMPTED, State

FOR_GOOD: Final = frozenset(
    {
        RefusalReason.INVALID_RECIPIENT,
        RefusalReason.OPTED_OUT,
        RefusalReason.RECIPIENT_BLOCKED,
    }
)
_WITHOUT_CODE = "The provider gave no reason."
_WITH_CODE = "The provider reported error {code}."


@transaction.atomic
def apply(message: Message, update: StatusUpdate, *, source: str) -> None:
    """Add the update to the history, and move the message if the update is a later state.

    An unknown status is only added to the history.
    """
    message.add_event(source, status=update.word, error_code=update.error_code)
    if update.state is not None and _is_possible(message, update.state):
        _advance(message, update.state, update.error_code)
    if update.reason is RefusalReason.OPTED_OUT:
        opt_out(message.to)
    note_unreached(message, update.reason)
    alerts.refused(message.provider, update.reason, update.error_code)


@transaction.atomic
def refuse(message: Message, refused: Refused) -> bool:
    """Mark a refused message as failed, or as blocked if the recipient is forbidden."""
    if refused.reason is RefusalReason.OPTED_OUT:
        opt_out(message.to)
    failed = message.advance(refused.reason.state, code=refused.code, reason=refused.message)
    note_unreached(message, refused.reason)
    return failed


def note_unreached(message: Message, reason: str | None) -> None:
    """Mark a reminder to a permanently unreachable number, for a report to the other app."""
    if reason in FOR_GOOD and message.lane == Lane.REMINDER:
        message.mark_unreached(str(reason))


def may_be_known(message: Message) -> bool:
    """Whether the provider can know the message; updates about others are ignored.

    For old rows without counted attempts, the state decides.
    """
    return message.attempt_count > 0 or message.state not in NOT_ATTEMPTED


@transaction.atomic
def link_provider_id(message: Message, sid: str) -> bool:
    """Store the provider's id if the message has none; True if it now has this id.

    A callback can overtake the response with the id, and that response may be lost.
    """
    if not message.provider_sid and not _is_taken(message, sid):
        message.accept(sid)  # even if an update without an id has already moved it further
    return message.provider_sid == sid


def opt_out(number: str) -> None:
    if not OptOut.objects.of(number).exists():
        consent.note_of_number(Consent.Event.STOPPED, number, Source.PROVIDER)
    OptOut.objects.remember(number, source=OptOut.Source.PROVIDER, at=timezone.now())


def _is_possible(message: Message, state: State) -> bool:
    """False for `accepted` without an id (constraint sms_message_accepted_has_sid)."""
    return state is not State.ACCEPTED or bool(message.provider_sid)


def _advance(message: Message, state: State, code: str) -> None:
    if state not in FAILURES:
        message.advance(state)
        return
    reason = _explained(message.provider, code) if code else _WITHOUT_CODE
    moved = message.advance(state, code=code, reason=reason)
    if code and not moved:  # reported earlier, but without the code
        nameless = Message.objects.filter(pk=message.pk, state=state, error_code="")
        nameless.update(error_code=code, error_message=reason)
        message.refresh_from_db()


def _explained(provider: str, code: str) -> str:
    return f"{_WITH_CODE.format(code=code)} {provider_named(provider).explain(code)}".strip()


def _is_taken(message: Message, sid: str) -> bool:
    return Message.objects.filter(provider=message.provider, provider_sid=sid).exists()
