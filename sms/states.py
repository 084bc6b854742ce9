"""The states of a message. They have ranks and only move forward; docs/sms.md has a table.

Two steps back exist: a process that claimed a message and certainly did not send it may release it
to be tried again (`Message.release`); and `failed` as LOST is a guess, which any later news of the
message corrects (`Message.advance`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    SCHEDULED = "scheduled", _("scheduled")  # not due yet
    QUEUED = "queued", _("queued")  # stored, to be delivered
    SENDING = "sending", _("sending")  # claimed: the provider is being called, or the process died
    UNKNOWN = "unknown", _("unknown")  # perhaps sent: never sent again automatically
    ACCEPTED = "accepted", _("accepted")  # by the provider
    SENT = "sent", _("sent")  # on its way
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("undelivered")
    FAILED = "failed", _("failed")
    BLOCKED = "blocked", _("blocked")  # refused: opted out, region, switched off
    CANCELED = "canceled", _("canceled")
    EXPIRED = "expired", _("expired")  # not sent within its time


RANK: dict[str, int] = {
    State.SCHEDULED: 0,
    State.QUEUED: 10,
    State.SENDING: 15,
    State.UNKNOWN: 18,
    State.ACCEPTED: 20,
    State.SENT: 40,
    State.DELIVERED: 60,
    State.UNDELIVERED: 60,
    State.FAILED: 60,
    State.BLOCKED: 60,
    State.CANCELED: 60,
    State.EXPIRED: 60,
}
LOST = "lost"  # the error code of a message of which the provider never reported a result
FINAL: tuple[str, ...] = tuple(state for state, rank in RANK.items() if rank == 60)
FAILURES = (State.UNDELIVERED, State.FAILED, State.BLOCKED)
# Perhaps on the phone already.
ARRIVED = (State.SENDING, State.UNKNOWN, State.ACCEPTED, State.SENT, State.DELIVERED)
WAITING = (State.SCHEDULED, State.QUEUED)  # not sent yet: may be canceled, may expire
NOT_ATTEMPTED = (*WAITING, State.BLOCKED, State.CANCELED, State.EXPIRED)  # if there was no attempt


# The states from which a message may move to this one.
BELOW: dict[str, list[str]] = {
    state: [other for other in RANK if RANK[other] < rank] for state, rank in RANK.items()
}
