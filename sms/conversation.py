"""What the handler of answers gets and gives; SMS_ANSWERS names it, so that nobody imports it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Asked:
    """One text of a person. The account is locked: nobody else changes it meanwhile.

    `sid` is the same however often the provider tells of the text. `listed` are the ids that the
    numbers of the last list on this phone mean. `undoable` is what the handler said last that it
    can undo, as it was given by Reply.undo.
    """

    account: "User"
    body: str
    sid: str
    at: datetime
    listed: Sequence[UUID] = ()
    undoable: Any = None


@dataclass(frozen=True)
class Reply:
    """`refers_to` are the ids of a numbered list in the body, `undo` is plain JSON.

    `undone`: what was undoable is so no more. `is_help`: nothing of the text was understood, so
    one answer an hour is enough.
    """

    body: str
    refers_to: Sequence[UUID] | None = None
    undo: Any = None
    undone: bool = False
    is_help: bool = False


Handler = Callable[[Asked], Reply]
