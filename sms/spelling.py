"""Finds expensive characters: one outside GSM-7 more than halves every segment.

It offers only equivalent spellings: another quotation mark, a plain blank, a composed letter. No
letter loses its accent.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final

from sms.telephony import GSM_7, Measure, is_gsm, measure

# Characters without a plain form in Unicode: quotation marks, apostrophes, the minus, bullets, line
# breaks. Blanks, dashes and invisible characters are replaced by category; wide letters, ligatures
# and the ellipsis by their compatible form (NFKC).
_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u2039\u203a`\u00b4", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("\u2212\u2043•·", "-"),
        **dict.fromkeys("\u2028\u2029\u0085\v", "\n"),
        "\t": " ",
        "\u2044": "/",
    }
)
_BY_CATEGORY: Final = {"Cf": "", "Zs": " ", "Pd": "-"}
_SELECTORS: Final = frozenset("\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}")


@dataclass(frozen=True)
class Expensive:
    """A character outside GSM-7, and how often it occurs.

    `name` is the Unicode name, because some are invisible. `replacement` may be empty; it is the
    character itself if there is no cheaper spelling.
    """

    character: str
    name: str
    count: int
    replacement: str


@dataclass(frozen=True)
class Spelling:
    """The expensive characters of a body, and the cheapest equivalent body.

    `characters` counts graphemes: a family emoji is one.
    """

    characters: int
    expensive: list[Expensive]
    cheaper: str


def examine(body: str) -> Spelling:
    graphemes = split(body)
    outside = Counter(grapheme for grapheme in graphemes if not is_gsm(grapheme))
    expensive = [
        Expensive(grapheme, _name(grapheme), count, _plain(grapheme))
        for grapheme, count in outside.items()
    ]
    plain = {found.character: found.replacement for found in expensive}
    written = "".join(plain.get(grapheme, grapheme) for grapheme in graphemes)
    cheaper = written if _cost(measure(written)) < _cost(measure(body)) else body
    return Spelling(len(graphemes), expensive, cheaper)


def split(body: str) -> list[str]:
    """Extended grapheme clusters (Unicode, UAX #29)."""
    import grapheme  # noqa: PLC0415 - 20 ms, and only the preview counts them

    return list(grapheme.graphemes(body))


def _cost(measured: Measure) -> tuple[int, bool]:
    """Sorts by segments; for as many, GSM-7 comes first because it leaves more room."""
    return measured.segments, measured.encoding != GSM_7


def _plain(grapheme: str) -> str:
    """The equivalent in GSM-7, otherwise the grapheme itself."""
    composed = unicodedata.normalize("NFC", grapheme).translate(_SIGNS)
    plain = "".join(_plain_character(character) for character in composed)
    return plain if is_gsm(plain) else grapheme


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if is_gsm(character) or category == "No":  # 10² is not 102
        return character
    if character in _SELECTORS:
        return ""
    plain = _BY_CATEGORY.get(category)
    return unicodedata.normalize("NFKC", character) if plain is None else plain


def _name(grapheme: str) -> str:
    """The name of the first code point that GSM-7 lacks."""
    first = next(character for character in grapheme if not is_gsm(character))
    return unicodedata.name(first, f"U+{ord(first):04X}")
