"""Characters and tokens: the part of quick add that does not depend on words."""

from collections.abc import Mapping
from typing import NamedTuple

SPACES = frozenset(" \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}
JOINERS = frozenset("-\u2010\u2011\u2013\u2014_/\\@#'&+=~%$*^|<>")
STOPS = frozenset(".,:;!?")  # these end a phrase before a blank


class Token(NamedTuple):
    """A run of digits, a run of letters, or one other character except a blank."""

    text: str
    start: int
    end: int


def fold(text: str, same: Mapping[str, str]) -> str:
    """Fold each character to one: full-width to narrow, capitals to small, and as in `same`."""
    return "".join(_fold(same.get(character, character)) for character in text)


def _fold(character: str) -> str:
    if "\uff01" <= character <= "\uff5e":
        character = chr(ord(character) - 0xFEE0)
    if "A" <= character <= "Z":
        return character.lower()
    return " " if character in SPACES else character


def is_wide(character: str) -> bool:
    """Whether its script has no blanks between words: Chinese and full-width characters."""
    return (
        "\u2e80" <= character <= "\ud7ff"
        or "\uf900" <= character <= "\ufaff"
        or "\uff00" <= character <= "\uffef"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def is_letter(character: str) -> bool:
    return (
        "a" <= character <= "z"
        or "A" <= character <= "Z"
        or "\u00aa" <= character <= "\u1fff"
        or "\u2c00" <= character <= "\u2dff"
    )


def is_digit(character: str) -> bool:
    return "0" <= character <= "9"


def split(folded: str) -> list[Token]:
    found = []
    start = 0
    while start < len(folded):
        end = _end(folded, start)
        if folded[start] != " ":
            found.append(Token(folded[start:end], start, end))
        start = end
    return found


def _end(folded: str, start: int) -> int:
    end = start + 1
    for belongs in (is_digit, is_letter):
        if belongs(folded[start]):
            while end < len(folded) and belongs(folded[end]):
                end += 1
    return end


def is_free_before(text: str, place: int) -> bool:
    """Whether a word may begin here: not inside a word, nor after a joining character."""
    if place == 0:
        return True
    before = text[place - 1]
    return not (_is_of_a_word(before) or before in JOINERS or before in ".,:")


def is_free_after(text: str, place: int) -> bool:
    if place == len(text):
        return True
    after = text[place]
    if after in STOPS:
        following = text[place + 1 : place + 2]
        return not following or following in SPACES or is_wide(following)
    return not (_is_of_a_word(after) or after in JOINERS)


def _is_of_a_word(character: str) -> bool:
    return is_letter(character) or is_digit(character)
