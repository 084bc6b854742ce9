"""The marks of quick add: `#tag`, `@list`, `!1` to `!4`; names with blanks in double quotes."""

from collections.abc import Callable
from typing import NamedTuple

from todos.quickadd.tokens import SPACES, is_free_after, is_free_before, is_letter, is_wide

NAME_LENGTH = 50
ENDS = SPACES | frozenset('#@",;()[]<>，。；！？、：（）【】《》')  # noqa: RUF001 - of Chinese
TRAILING = ".!?:'"
SIGNS = {"#": "tag", "@": "list", "!": "priority"}


class Mark(NamedTuple):
    kind: str
    value: str | int
    start: int
    end: int


def read_mark(text: str, folded: str, start: int, knows_list: Callable[[str], bool]) -> Mark | None:
    """The mark at this position, if any."""
    kind = SIGNS.get(folded[start])
    if kind is None or not is_free_before(text, start):
        return None
    if kind == "priority":
        return _priority(text, folded, start)
    name, end = _name(text, folded, start + 1)
    if kind == "list" and not (name and knows_list(name)):
        return None
    return Mark(kind, name, start, end) if _is_name(name) else None


def _priority(text: str, folded: str, start: int) -> Mark | None:
    digit, end = folded[start + 1 : start + 2], start + 2
    is_one = digit and digit in "1234" and is_free_after(text, end)
    return Mark("priority", int(digit), start, end) if is_one else None


def _name(text: str, folded: str, start: int) -> tuple[str, int]:
    if folded[start : start + 1] == '"':
        end = folded.find('"', start + 1)
        return (text[start + 1 : end].strip(), end + 1) if end > 0 else ("", start)
    end = start
    while end < len(text) and text[end] not in ENDS:
        end += 1
    while end > start and text[end - 1] in TRAILING:
        end -= 1
    return text[start:end], end


def _is_name(name: str) -> bool:
    """Whether it has a letter or an emoji: `#1` is a number and no tag."""
    is_seen = any(is_letter(it) or is_wide(it) or it >= "\U0001f000" for it in name)
    return is_seen and len(name) <= NAME_LENGTH
