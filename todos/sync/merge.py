"""Merges concurrent changes of two devices to one object, or reports a conflict.

docs/sync.md has the rule of every member; tests/todos/sync compares the rules with the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# Members with a rule of their own. For all others, two different values are a conflict.
LAST_ONE_HOLDS: Final = frozenset({"position"})
LATER_ONE_HOLDS: Final = frozenset({"status"})


@dataclass(frozen=True)
class Seen:
    """What a device has seen of an object: a base version, and its own later versions."""

    base: int
    own: frozenset[int] = field(default=frozenset())

    def knows(self, version: int) -> bool:
        return version <= self.base or version in self.own

    def and_made(self, version: int) -> "Seen":
        return Seen(self.base, self.own | {version})


def conflicting(row: Any, seen: Seen, fields: Mapping[str, Any]) -> list[str]:
    """The members that others have changed to a different value, unseen by the device."""
    rules = LAST_ONE_HOLDS | LATER_ONE_HOLDS
    return sorted(
        name
        for name, value in fields.items()
        if name not in rules
        and not seen.knows(row.changed_in.get(name, 0))
        and _differs(row, name, value)
    )


def _differs(row: Any, name: str, value: Any) -> bool:
    if name == "tags":
        return tag_names(row) != set(value)
    return bool(row.differs(name, value))


def tag_names(row: Any) -> set[str]:
    return {tag.name for tag in row.tags.all()}


def tags_after(row: Any, added: list[str], removed: list[str]) -> list[str]:
    """Apply additions and removals of both sides."""
    return sorted((tag_names(row) - set(removed)) | set(added))
