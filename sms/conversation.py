"""The input and output of the handler that SMS_ANSWERS names, and that no module imports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True)
class Asked:
    """A message from a person. The caller has locked the account.

    `sid` is the same in all repeats by the provider. `listed` has the ids for the numbers of the
    last list on this phone. `undoable` is the last Reply.undo of the handler.
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

    `undone`: the undoable changes have been undone. `is_help`: no line was understood, so one such
    answer an hour is enough.
    """

    body: str
    refers_to: Sequence[UUID] | None = None
    undo: Any = None
    undone: bool = False
    is_help: bool = False


Handler = Callable[[Asked], Reply]
