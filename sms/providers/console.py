"""Prints the message on the terminal, for development."""

import sys
import uuid
from typing import ClassVar

from sms.providers.provider import OutgoingMessage, Provider
from sms.results import Accepted, Result
from sms.telephony import masked


class ConsoleProvider(Provider):
    name: ClassVar[str] = "console"
    costs_money: ClassVar[bool] = False

    def send(self, message: OutgoingMessage) -> Result:
        sid = f"SM{uuid.uuid4().hex}"
        number = masked(message.to) or "no recipient (TO_NUMBER is not set)"
        sys.stdout.write(f"--- Text message {sid} to {number}\n{_printable(message.body)}\n---\n")
        sys.stdout.flush()
        return Accepted(sid)


def _printable(text: str) -> str:
    """Replace control characters, which could control the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
