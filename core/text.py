"""Text as people see it: one form on the way in, and one fold to compare by.

Unicode: UAX #15 (normal forms), UAX #31 (NFKC_Casefold), DerivedCoreProperties.txt.
"""

import re
import unicodedata
from typing import Final

LINE_BREAKS: Final = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"  # what str.splitlines() breaks at

# Default_Ignorable_Code_Point: fillers, joiners, variation selectors, marks of direction.
_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLES: Final = re.compile(f"[{_IGNORABLE}]+")
# Those, and the Braille pattern without dots, which is a symbol to Unicode.
_BLANK: Final = re.compile(f"[{_IGNORABLE}\u2800]")
# Controls, formats, halves of characters, blanks; and what no character was assigned to.
_BLANK_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cn", "Cs", "Zl", "Zp", "Zs"})
# Reserved for pictographs (UTS #51): a phone may know an emoji that this Python does not.
_FUTURE_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\U0001fc00-\U0001fffd]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")  # embeddings, overrides, isolates


def composed(text: str) -> str:
    """NFC: `e` with an accent of its own and `é` are one text."""
    return unicodedata.normalize("NFC", text)


def line(text: str) -> str:
    """A title or a name: one line, without blanks around it; empty if it shows nothing."""
    found = " ".join(filter(None, map(str.strip, composed(text).splitlines())))
    return found if shows_something(found) else ""


def note(text: str) -> str:
    """Text of several lines, which it keeps; they end in LF, whatever a form or a file wrote."""
    return composed(text).replace("\r\n", "\n").replace("\r", "\n")


def shows_something(text: str) -> bool:
    """At least one character that a person can see."""
    return any(_is_seen(character) for character in text)


def _is_seen(character: str) -> bool:
    if unicodedata.category(character) in _BLANK_CATEGORIES:
        return bool(_FUTURE_EMOJI.match(character))
    return not _BLANK.match(character)


def isolated(text: str) -> str:
    """For a sentence without markup around it: the words beside the text keep their places."""
    return f"\u2068{undirected(text)}\u2069"


def undirected(text: str) -> str:
    """Without what turns the words behind it around."""
    return _DIRECTIONS.sub("", text)


def with_plain_digits(text: str) -> str:
    """The digits of every script as 0-9: keyboards write their own in numbers and codes."""
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def can_be_stored(text: str) -> bool:
    """Without NUL, which PostgreSQL refuses, and lone surrogates, which cannot be encoded."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def fold(text: str) -> str:
    """What two texts share if people would call them the same: `Straße`, `STRASSE`.

    NFKC_Casefold of UAX #31, and each run of white space is one blank. Folding twice changes
    nothing.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFD", text).casefold()
        text = unicodedata.normalize("NFKC", text).casefold()
        text = unicodedata.normalize("NFKC", _IGNORABLES.sub("", text))
    return " ".join(text.casefold().split())
