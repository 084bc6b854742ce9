"""Prints the text where a developer sees it. Costs nothing, reaches nobody."""

import sys
import uuid
from typing import ClassVar

from sms.backends.provider import Provider
from sms.numbers import masked
from sms.outcomes import Accepted, Outcome


class ConsoleProvider(Provider):
    name: ClassVar[str] = "console"
    costs_money: ClassVar[bool] = False

    def send(
        self,
        *,
        to: str,
        from_number: str,
        body: str,
        callback_url: str = "",
        valid_seconds: int | None = None,
        reference: str = "",
    ) -> Outcome:
        sid = f"SM{uuid.uuid4().hex}"
        number = masked(to) or "nobody (TO_NUMBER is not set)"
        sys.stdout.write(f"--- Text message {sid} to {number}\n{_printable(body)}\n---\n")
        sys.stdout.flush()
        return Accepted(sid)


def _printable(text: str) -> str:
    """Without the control characters by which a text could drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
