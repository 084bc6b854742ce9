"""Codes in messages: computed from the message's id and the secret key, and never stored.

The body in the outbox has PLACE instead of the code, so that the database, the log of messages and
exports contain no code.
"""

from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

from sms.models import Lane, Message

DIGITS: Final = 6
PLACE: Final = "*" * DIGITS


def code_of(message_id: UUID) -> str:
    digest = salted_hmac("sms.codes", str(message_id), algorithm="sha256").digest()
    return f"{int.from_bytes(digest) % 10**DIGITS:0{DIGITS}}"


def body_of(message: Message) -> str:
    """The body for the provider."""
    if message.lane != Lane.CODE:
        return message.body
    return message.body.replace(PLACE, code_of(message.pk))
