from sms.models.allowance import Allowance
from sms.models.consent import Consent, ConsentQuerySet, Source
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
from sms.models.phones import GUESSES, Phone, PhoneCode, PhoneCodeQuerySet
from sms.models.received import ANSWER_LEASE, ANSWER_UNTIL, ReceivedText, ReceivedTextQuerySet

__all__ = [
    "ANSWER_LEASE",
    "ANSWER_UNTIL",
    "BODY_LENGTH",
    "ERROR_LENGTH",
    "GUESSES",
    "NUMBER_LENGTH",
    "SID_LENGTH",
    "Allowance",
    "Attempt",
    "Consent",
    "ConsentQuerySet",
    "Event",
    "InboundMessage",
    "InboundMessageQuerySet",
    "Lane",
    "Message",
    "MessageQuerySet",
    "OptOut",
    "OptOutQuerySet",
    "Phone",
    "PhoneCode",
    "PhoneCodeQuerySet",
    "ReceivedText",
    "ReceivedTextQuerySet",
    "Source",
]
