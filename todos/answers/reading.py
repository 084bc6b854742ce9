"""Reads one line of a text message into a command; words.json has the words of all languages.

1. Fold the line character by character, so that positions stay the same: full-width characters
   become normal ones, capitals become small letters.
2. Strip polite words, quotation marks and punctuation around it.
3. The command is the longest known word at the start of the line. A word of letters ends before
   a character that is no letter (`done2` is `done 2`). A single Chinese character needs a blank
   after it (`加 班` adds, `加班` does not). Commands without an object (`list`, `undo`, `help`)
   must be the whole line.
4. Numbers before a command (`2 done`, `2完成`) mean the same as after it.
5. The object is a list of numbers with separators (`1, 2 and 3`, `1-3`, `第2个`), then text. A
   number that belongs to a time (`1h`, `3点`, `9:30`) is text.

Only LINE_LENGTH characters are read, so the cost is bounded.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

WORDS: Final = Path(__file__).with_name("words.json")
LINE_LENGTH: Final = 320  # a title with a date, tags and a list
MOST_NUMBERS: Final = 20
ALONE: Final = frozenset({"list", "undo", "help"})
NUMBERED: Final = frozenset({"done", "snooze", "tomorrow", "today"})
_PLAIN: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {
    ord(sign): ord(plain)
    for sign, plain in zip("\u3000\u00a0\u3002\u201c\u201d\u2018\u2019", "  .\"\"''", strict=True)
}
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_AROUND: Final = " \t.!?\"'*_-\u2022\u00b7,;:~\u2026\u3001()[]<>"
_CURLED: Final = "\u201c\u201d\u2018\u2019\u300c\u300d\u300a\u300b\u3000"


@dataclass(frozen=True)
class Command:
    """`verb` is empty if the line is no command; `rest` is the original text after the numbers."""

    verb: str
    language: str
    numbers: tuple[int, ...] = ()
    rest: str = ""


class Grammar:
    def __init__(self, data: Mapping[str, Any]) -> None:
        self.replies: Mapping[str, Mapping[str, str]] = data["replies"]
        self.dates: Mapping[str, Mapping[str, str]] = data["dates"]
        self.numerals: Mapping[str, int] = data["numerals"]
        self.units: Mapping[str, str] = _merged(data["units"])
        self.verbs = {
            word: (verb, language)
            for verb, languages in data["commands"].items()
            for language, words in languages.items()
            for word in words
        }
        self.verb = re.compile(rf"({_any(self.verbs)})[\s:,-]*")
        self.courtesy = re.compile(_any(_all(data["courtesy"])))
        before, behind = _any(_all(data["before_number"])), _any(_all(data["behind_number"]))
        numeral = _any(word for word in self.numerals if not word.isascii())
        unit = rf"\s*(?:{_any(self.units)})(?![{data['not_behind_unit']}])"
        of_time = rf"[a-z\d:/]|\.\d|[{data['clock_and_date']}]|{unit}"
        number = rf"(?:{before})?\s*(?:\d{{1,3}}|{numeral})\s*(?:{behind})?(?!{of_time})"
        between = rf"\s*(?:-|~|{_any(_all(data['and']))})?\s*"
        self.numbers = re.compile(rf"{number}(?:{between}{number}){{0,{MOST_NUMBERS - 1}}}[.)]?\s*")
        self.number = re.compile(rf"(\d{{1,3}}|{numeral})(?:\s*[-~]\s*(\d{{1,3}}))?")
        amount = _any([*self.numerals, *data["halves"]])
        self.duration = re.compile(rf"(.*?)(\d{{1,4}}|{amount})\s*({_any(self.units)})")
        self.halves: frozenset[str] = frozenset(data["halves"])

    def value(self, numeral: str) -> int:
        return self.numerals.get(numeral) or int(numeral)


def _all(languages: Mapping[str, Iterable[str]]) -> list[str]:
    return [word for words in languages.values() for word in words]


def _merged(languages: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {word: value for words in languages.values() for word, value in words.items()}


def _any(words: Iterable[str]) -> str:
    """A pattern for the longest word; a word of letters must not be followed by a letter."""
    return "|".join(
        re.escape(word) + ("(?![a-z])" if word[-1:].isascii() and word[-1:].isalpha() else "")
        for word in sorted(words, key=len, reverse=True)
    )


@cache
def load() -> Grammar:
    return Grammar(json.loads(WORDS.read_text(encoding="utf-8")))


def fold(text: str) -> str:
    """Fold text without a change of length, so that positions stay valid."""
    plain = text.translate(_PLAIN)
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in plain)


def read(text: str) -> Command:
    """Read a line."""
    line = _UNSEEN.sub("", text[:LINE_LENGTH])
    folded = fold(line)
    first, behind = _bare(folded)
    front = load().numbers.match(folded, first, behind)
    if front and (found := _verb(folded, front.end(), behind)) and found[0] in NUMBERED:
        verb, language, place = found
        return Command(verb, language, _listed(front[0]), line[place:behind].strip())
    found = _verb(folded, first, behind)
    if not found:
        return Command("", language_of(line), rest=line.strip())
    verb, language, place = found
    if verb not in NUMBERED:  # the punctuation after it belongs to the title
        return Command(verb, language, rest=line[place:].strip())
    named = load().numbers.match(folded, place, behind)
    if named and not (verb == "done" and named.end() < behind):  # `done 2 pints` is a title
        return Command(verb, language, _listed(named[0]), line[named.end() : behind].strip())
    return Command(verb, language, rest=line[place:behind].strip(_AROUND + _CURLED))


def language_of(text: str) -> str:
    return "zh" if any("\u4e00" <= each <= "\u9fff" for each in text) else "en"


def _bare(folded: str) -> tuple[int, int]:
    """The start and end of the line without polite words, quotation marks and punctuation."""
    first, behind, before = 0, len(folded), (-1, -1)
    while before != (first, behind):
        before = first, behind
        first += len(folded[first:behind]) - len(folded[first:behind].lstrip(_AROUND))
        behind = first + len(folded[first:behind].rstrip(_AROUND))
        first, behind = _without_courtesy(folded, first, behind)
    return (first, behind) if first < behind else (0, len(folded.rstrip()))


def _without_courtesy(folded: str, first: int, behind: int) -> tuple[int, int]:
    courtesy = load().courtesy
    if (polite := courtesy.match(folded, first, behind)) and polite.end() < behind:
        return polite.end(), behind
    for polite in courtesy.finditer(folded, first + 1, behind):
        if polite.end() == behind and not _is_joined(folded, polite.start()):
            return first, polite.start()
    return first, behind


def _is_joined(folded: str, place: int) -> bool:
    """Whether this position is inside a word of letters."""
    pair = folded[place - 1 : place + 1]
    return pair.isascii() and pair.isalpha()


def _verb(folded: str, first: int, behind: int) -> tuple[str, str, int] | None:
    """The verb, its language, and the position after it."""
    found = load().verb.match(folded, first, behind)
    if not found:
        return None
    word, place = found[1], found.end()
    verb, language = load().verbs[word]
    is_apart = len(word) > 1 or word.isascii() or found.end(1) < place
    return (verb, language, place) if is_apart and (verb not in ALONE or place == behind) else None


def _listed(text: str) -> tuple[int, ...]:
    """The numbers without duplicates."""
    numbers: dict[int, None] = {}
    for found in load().number.finditer(text):
        low = load().value(found[1])
        high = min(int(found[2] or low), low + MOST_NUMBERS)
        numbers |= dict.fromkeys(range(low, high + 1))
    return tuple(numbers)[:MOST_NUMBERS]
