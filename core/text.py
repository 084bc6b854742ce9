"""Normalizes text from users, and folds it for comparison.

Unicode: UAX #15 (normal forms), UAX #31 (NFKC_Casefold), DerivedCoreProperties.txt.
"""

import re
import unicodedata
from typing import Final

LINE_BREAKS: Final = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"  # where str.splitlines() breaks lines

# Default_Ignorable_Code_Point: fillers, joiners, variation selectors, marks of direction.
_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLES: Final = re.compile(f"[{_IGNORABLE}]+")
# Those, and the blank Braille pattern, which Unicode classifies as a symbol.
_BLANK: Final = re.compile(f"[{_IGNORABLE}\u2800]")
# Controls, formats, surrogates, blanks and unassigned characters.
_BLANK_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp", "Zs"})
# Reserved for pictographs (UTS #51): a phone may know an emoji that this Python does not.
_FUTURE_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\U0001fc00-\U0001fffd]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")  # embeddings, overrides, isolates


def composed(text: str) -> str:
    """NFC: makes `e` with a combining accent equal to `é`."""
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """A title or a name: one line, trimmed; empty if no character is visible."""
    found = " ".join(filter(None, map(str.strip, composed(text).splitlines())))
    return found if shows_something(found) else ""


def note(text: str) -> str:
    """Text of several lines, with LF line endings, whatever the form or file had."""
    return composed(text).replace("\r\n", "\n").replace("\r", "\n")


def shows_something(text: str) -> bool:
    """At least one character that a person can see."""
    return any(_is_seen(character) for character in text)


def _is_seen(character: str) -> bool:
    if unicodedata.category(character) in _BLANK_CATEGORIES:
        return bool(_FUTURE_EMOJI.match(character))
    return not _BLANK.match(character)


def isolated(text: str) -> str:
    """Isolate text for a sentence without markup, so that its direction moves no other word."""
    return f"\u2068{undirected(text)}\u2069"


def undirected(text: str) -> str:
    """Remove characters that reverse the direction of the text after them."""
    return _DIRECTIONS.sub("", text)


def with_plain_digits(text: str) -> str:
    """Convert the digits of every script to 0-9, because some keyboards type their own."""
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def can_be_stored(text: str) -> bool:
    """False for text with NUL, which PostgreSQL refuses, or lone surrogates, which no encoder
    accepts.
    """
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def fold(text: str) -> str:
    """A form that is equal for texts that people consider the same: `Straße`, `STRASSE`.

    NFKC_Casefold of UAX #31, with each run of white space as one blank. Folding is idempotent.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", text).casefold()
        text = unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", _IGNORABLES.sub("", text))
    return " ".join(text.casefold().split())
