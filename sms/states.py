"""The states of a message. They have ranks, and a message only moves forward (docs/sms.md).

There are two exceptions: a process that claimed a message and certainly did not send it may release
it for a retry (`Message.release`); and `failed` with LOST is a guess, which any later report
corrects (`Message.advance`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    SCHEDULED = "scheduled", _("scheduled")  # not due yet
    QUEUED = "queued", _("queued")  # stored, to be delivered
    SENDING = "sending", _("sending")  # claimed: the provider is being called, or the process died
    UNKNOWN = "unknown", _("unknown")  # perhaps sent: never sent again automatically
    ACCEPTED = "accepted", _("accepted")  # the provider has accepted it
    SENT = "sent", _("sent")  # on its way
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("undelivered")
    FAILED = "failed", _("failed")
    BLOCKED = "blocked", _("blocked")  # refused: opted out, region, switched off
    CANCELED = "canceled", _("canceled")
    EXPIRED = "expired", _("expired")  # not sent in time


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
LOST = "lost"  # the error code of a message without any report from the provider
FINAL: tuple[str, ...] = tuple(state for state, rank in RANK.items() if rank == 60)
FAILURES = (State.UNDELIVERED, State.FAILED, State.BLOCKED)
# Perhaps already on the phone.
ARRIVED = (State.SENDING, State.UNKNOWN, State.ACCEPTED, State.SENT, State.DELIVERED)
WAITING = (State.SCHEDULED, State.QUEUED)  # not sent yet: may be canceled or expire
NOT_ATTEMPTED = (*WAITING, State.BLOCKED, State.CANCELED, State.EXPIRED)  # without any attempt


# state -> the states from which a message may move to it
BELOW: dict[str, list[str]] = {
    state: [other for other in RANK if RANK[other] < rank] for state, rank in RANK.items()
}
