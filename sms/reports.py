"""What providers say of a text after they took it: callbacks, polls, refusals.

Reports come late, twice and in any order (Twilio promises none): the history keeps each once, and
the state only moves forward.
"""

from typing import Final

from django.db import transaction
from django.utils import timezone

from sms.backends.twilio_errors import kind_of
from sms.models import Event, Message, OptOut
from sms.outcomes import Kind, Refused
from sms.states import NEVER_LEFT, State

# Twilio's words; "queued" and "sending" there are what we call accepted.
STATES: Final[dict[str, State]] = {
    "accepted": State.ACCEPTED,
    "scheduled": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "partially_delivered": State.UNDELIVERED,
    "failed": State.FAILED,
    "canceled": State.CANCELED,
}
UNHAPPY: Final = (State.UNDELIVERED, State.FAILED)
_WITHOUT_CODE = "The provider gave no reason."
_WITH_CODE = "The provider reported error {code}."


@transaction.atomic
def apply(message: Message, *, source: str, status: str, error_code: str) -> None:
    """Write the report down and let the text move, if this takes it further.

    A word that we do not know is kept in the history and moves nothing.
    """
    status, code = status.lower()[:30], error_code[:20]
    Event.objects.note(message, source=source, status=status, error_code=code)
    state = _state(status, code)
    if state is not None and _is_possible(message, state):
        _advance(message, state, code)
    if kind_of(code) is Kind.OPTED_OUT:
        opt_out(message.to)


@transaction.atomic
def refuse(message: Message, refused: Refused) -> bool:
    """The provider would not take it: failed, or blocked where we may not send at all."""
    if refused.kind is Kind.OPTED_OUT:
        opt_out(message.to)
    return message.advance(refused.kind.state, code=refused.code, reason=refused.message)


def may_be_known(message: Message) -> bool:
    """Whether the provider can have heard of it: what it says of another text is not believed.

    Rows older than the count of attempts have a state that tells.
    """
    return message.attempt_count > 0 or message.state not in NEVER_LEFT


@transaction.atomic
def adopt(message: Message, sid: str) -> bool:
    """Whether this is the provider's id of the text, which we may not have heard yet.

    A callback can overtake the answer that brings the id, and the answer may be lost altogether.
    """
    if not message.provider_sid and not _is_taken(message, sid):
        if not message.accept(sid):  # it is past that, by a report that needed no id
            unnamed = Message.objects.filter(pk=message.pk, provider_sid="")
            unnamed.update(provider_sid=sid)
        message.refresh_from_db()
    return message.provider_sid == sid


def opt_out(number: str) -> None:
    """By the provider's word; an opt-out that is known stays as it is."""
    OptOut.objects.remember(number, source=OptOut.Source.PROVIDER, at=timezone.now())


def _state(status: str, code: str) -> State | None:
    state = STATES.get(status)
    return kind_of(code).state if state is State.FAILED else state


def _is_possible(message: Message, state: State) -> bool:
    """An accepted text has an id (sms_message_accepted_has_sid)."""
    return state is not State.ACCEPTED or bool(message.provider_sid)


def _advance(message: Message, state: State, code: str) -> None:
    if state not in (*UNHAPPY, State.BLOCKED):
        message.advance(state)
        return
    reason = _WITH_CODE.format(code=code) if code else _WITHOUT_CODE
    moved = message.advance(state, code=code, reason=reason)
    if code and not moved:  # told again, and only now why
        nameless = Message.objects.filter(pk=message.pk, state=state, error_code="")
        nameless.update(error_code=code, error_message=reason)
        message.refresh_from_db()


def _is_taken(message: Message, sid: str) -> bool:
    return Message.objects.filter(provider=message.provider, provider_sid=sid).exists()
