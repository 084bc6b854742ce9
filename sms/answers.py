"""Stores messages from verified numbers, passes them to the handler of SMS_ANSWERS, and answers.

The webhook only stores the message. A task does the rest, and the sweep finds lost tasks. One
transaction contains the changes and the text of the answer, and the answer is queued with a key. So
a message is processed and answered once, even if the provider repeats it or a process dies.
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.rate_limits import PlacedLimit
from core.feed import writing
from core.tasks import task, task_boundary
from core.values import shows_something
from sms import alerts, keywords, service, spelling, telephony
from sms.conversation import Asked, Handler, Reply
from sms.models import ANSWER_UNTIL, BODY_LENGTH, InboundMessage, Lane, Message, Phone, ReceivedText
from sms.policy import SendError
from sms.results import Inbound
from sms.telephony import canonical

if TYPE_CHECKING:
    pass

HELP_EVERY: Final = timedelta(hours=1)
UNDO_KEPT: Final = timedelta(days=1)
MOST_SEGMENTS: Final = 2
PATIENCE: Final = timedelta(seconds=30)  # of the sweep: until then the task may still run
MORE: Final = "..."

logger = logging.getLogger(__name__)


def receive(message: Inbound, *, at: datetime) -> None:
    """Store a message to answer, but nothing from an unverified number."""
    if not (settings.SMS_ANSWERS and message.sid and shows_something(message.body)):
        return
    number = canonical(message.number)
    phone = Phone.objects.filter(number=number, account__is_active=True).first()
    if phone is None:
        return
    with transaction.atomic():
        if not InboundMessage.objects.is_new(message.sid, at=at):
            return
        ReceivedText.objects.create(
            sid=message.sid,
            account_id=phone.account_id,
            number=number,
            body=keywords.without_signature(message.body.replace("\0", ""))[:BODY_LENGTH],
            received_at=at,
        )
        respond.enqueue(message.sid)


@task
@task_boundary
def respond(sid: str) -> None:
    """Process and answer a message, unless another process does."""
    at = timezone.now()
    waiting = ReceivedText.objects.waiting(at).filter(sid=sid)
    if waiting.update(claimed_at=at) != 1:
        return
    text = ReceivedText.objects.select_related("account").get(sid=sid)
    if text.done_at is None:
        _do(text)
    if text.reply:
        _answer(text)
    ReceivedText.objects.filter(sid=sid).update(answered_at=timezone.now(), reply="")


def catch_up(at: datetime, limit: int) -> int:
    """Answer messages with lost tasks; returns how many. A failure does not stop the others."""
    late = ReceivedText.objects.waiting(at).filter(received_at__lte=at - PATIENCE)
    sids = list(late.order_by("received_at").values_list("sid", flat=True)[:limit])
    return sum(_is_answered(sid) for sid in sids)


def _is_answered(sid: str) -> bool:
    try:
        respond(sid)
    except Exception as error:
        kind = type(error).__name__
        is_new = alerts.is_first(f"answers:{kind}")
        logger.error("Message %s could not be answered: %s", sid, kind, exc_info=is_new)  # noqa: TRY400
        return False
    return True


def _do(text: ReceivedText) -> None:
    """Apply the message and store the answer in one transaction."""
    handler = cast(Handler, import_string(settings.SMS_ANSWERS))
    with writing(text.account_id):
        earlier = ReceivedText.objects.before(text, UNDO_KEPT).filter(undo__isnull=False).first()
        reply = handler(_asked(text, earlier))
        if earlier and reply.undone:
            ReceivedText.objects.filter(pk=earlier.pk).update(undo=None)
        text.reply = _fitting(reply) if _may_send_help(reply, text.account_id) else ""
        text.refers_to = reply.refers_to and [str(each) for each in reply.refers_to]
        text.undo, text.done_at, text.body = reply.undo, timezone.now(), ""
        text.save(update_fields=["reply", "refers_to", "undo", "done_at", "body"])


def _asked(text: ReceivedText, earlier: ReceivedText | None) -> Asked:
    of = text.account_id
    last = Message.objects.lists_on(text.number, of=of, at=text.received_at).first()
    listed = (last.refers_to or ()) if last else ()
    return Asked(
        account=text.account,
        body=text.body,
        sid=text.sid,
        at=text.received_at,
        listed=[UUID(each) for each in listed],
        undoable=earlier and earlier.undo,
    )


def _may_send_help(reply: Reply, account: object) -> bool:
    """Limit help texts to one an hour, so that an autoresponder causes no loop."""
    if not reply.is_help:
        return True
    limit = PlacedLimit(scope=f"sms:helped:{account}", amount=1, seconds=HELP_EVERY.total_seconds())
    return limit.take() is not None


def _fitting(reply: Reply) -> str:
    """Replace expensive characters by equivalent ones, and drop lines beyond the limit."""
    lines = spelling.examine(reply.body[:BODY_LENGTH]).cheaper.splitlines()
    most = min(MOST_SEGMENTS, settings.SMS_MAX_SEGMENTS)
    body = "\n".join(lines)
    while len(lines) > 1 and telephony.measure(body).segments > most:
        lines.pop()
        body = "\n".join([*lines, MORE])
    return body


def _answer(text: ReceivedText) -> None:
    """Queue the answer on the person's allowance. If it is refused, the changes stay."""
    try:
        service.queue(
            actor=text.account,
            to=text.number,
            body=text.reply,
            valid_for=ANSWER_UNTIL,
            key=f"answer {text.sid}",
            lane=Lane.REMINDER,
            refers_to=text.refers_to and [UUID(each) for each in text.refers_to],
        )
    except SendError as error:
        logger.info("Message %s is not answered: %s", text.sid, error.code)
