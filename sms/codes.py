"""Codes that are texted: made of a message's id and the secret key, so that they stand nowhere.

The body in the outbox has PLACE where the code will be. Who reads the database, the log of messages
or an export knows no code.
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
    """As it is handed to the provider."""
    if message.lane != Lane.CODE:
        return message.body
    return message.body.replace(PLACE, code_of(message.pk))
