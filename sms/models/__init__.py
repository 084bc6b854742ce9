from sms.models.allowance import Allowance
from sms.models.inbound import InboundMessage, InboundMessageQuerySet
from sms.models.message import (
    BODY_LENGTH,
    ERROR_LENGTH,
    NUMBER_LENGTH,
    SID_LENGTH,
    Attempt,
    Event,
    Lane,
    Message,
    MessageQuerySet,
)
from sms.models.optout import OptOut, OptOutQuerySet

__all__ = [
    "BODY_LENGTH",
    "ERROR_LENGTH",
    "NUMBER_LENGTH",
    "SID_LENGTH",
    "Allowance",
    "Attempt",
    "Event",
    "InboundMessage",
    "InboundMessageQuerySet",
    "Lane",
    "Message",
    "MessageQuerySet",
    "OptOut",
    "OptOutQuerySet",
]
