"""The grammar of quick add as data: reads words.json, and finds the matches at a token.

words.json has four parts:

* `same`: characters that are read as another character.
* `quotes`: quotation marks around a name; text between them is not interpreted.
* `classes`: name of a class -> language -> word -> value. A word may have several tokens.
* `phrases`: groups of `{"do", "say", "with"?, "if"?}`. `say` lists phrases. A phrase is a sequence
  of elements, separated by blanks. `{name}` is a slot: it takes a word of the class with that name,
  or it is one of `SLOTS` here. Any other element must match literally. `+` before an element
  forbids a blank before its token. `do` names the meaning (`todos.quickadd.meanings`), which gets
  the values of the slots and of `with`. `if` is a condition: `before` requires a day, a rule or a
  part of a day directly before the phrase; `beside` requires anything understood directly before
  or after it, or the end of the text.

Languages have no order: every phrase and every class has the words of all languages.

A slot takes the longest matching word. A phrase is matched element by element without backtracking,
so the cost is bounded by the number of tokens times the number of phrases. Phrases with a common
beginning are matched together, which only saves time.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from todos.quickadd.numerals import NUMERALS, Taken, digits, numeral
from todos.quickadd.tokens import Token, split

WORDS = Path(__file__).with_name("words.json")
MOST_WEEKDAYS = 7
MOST_DAYS = 31
OF_WEEKDAYS = ("weekday", "weekday_word", "weekdays_plural")
Reader = Callable[["Grammar", Sequence[Token], int], Taken | None]


class Element(NamedTuple):
    glued: bool
    slot: str  # empty: the token must be `literal`
    literal: str


class Phrase(NamedTuple):
    do: str
    elements: tuple[Element, ...]
    given: Mapping[str, Any]
    condition: str


class Match(NamedTuple):
    phrase: Phrase
    values: Mapping[str, Any]
    first: int  # indexes of tokens
    behind: int


@dataclass
class Node:
    """A node of a trie: phrases with a common beginning share nodes, so it is matched once."""

    literals: dict[str, "Node"] = field(default_factory=dict)
    others: dict[Element, "Node"] = field(default_factory=dict)  # slots, and glued literals
    phrases: list[tuple[int, Phrase]] = field(default_factory=list)  # phrases that end here

    def child(self, element: Element) -> "Node":
        if element.slot or element.glued:
            return self.others.setdefault(element, Node())
        return self.literals.setdefault(element.literal, Node())


class Grammar:
    def __init__(self, data: Mapping[str, Any]) -> None:
        self.same: Mapping[str, str] = data["same"]
        self.quotes: Mapping[str, str] = data["quotes"]
        self.classes = {name: _by_first(words) for name, words in data["classes"].items()}
        self.phrases = [
            Phrase(group["do"], elements(say), group.get("with", {}), group.get("if", ""))
            for group in data["phrases"]
            for say in group["say"]
        ]
        self.root = Node()
        for order, phrase in enumerate(self.phrases):
            node = self.root
            for element in phrase.elements:
                node = node.child(element)
            node.phrases.append((order, phrase))

    def matches(self, tokens: Sequence[Token], first: int) -> list[Match]:
        """The matches at this token, longest first, then in the order of the file."""
        found = sorted(self._walk(self.root, tokens, first, {}), key=lambda each: each[:2])
        return [
            Match(phrase, {**phrase.given, **values}, first, -behind)
            for behind, _order, phrase, values in found
        ]

    def _walk(
        self, node: Node, tokens: Sequence[Token], place: int, values: Mapping[str, Any]
    ) -> Iterator[tuple[int, int, Phrase, Mapping[str, Any]]]:
        for order, phrase in node.phrases:
            yield -place, order, phrase, values
        if place >= len(tokens):
            return
        literal = node.literals.get(tokens[place].text)
        if literal:
            yield from self._walk(literal, tokens, place + 1, values)
        for element, child in node.others.items():
            taken = self._take(element, tokens, place)
            if taken:
                more = {**values, element.slot: taken[0]} if element.slot else values
                yield from self._walk(child, tokens, taken[1], more)

    def _take(self, element: Element, tokens: Sequence[Token], place: int) -> Taken | None:
        if element.glued and not _is_glued(tokens, place):
            return None
        if element.slot:
            return self.slot(element.slot, tokens, place)
        return (None, place + 1) if tokens[place].text == element.literal else None

    def slot(self, name: str, tokens: Sequence[Token], place: int) -> Taken | None:
        read = SLOTS.get(name)
        return read(self, tokens, place) if read else self.word(name, tokens, place)

    def word(self, name: str, tokens: Sequence[Token], place: int) -> Taken | None:
        """The longest word of the class."""
        if place >= len(tokens):
            return None
        for texts, value in self.classes[name].get(tokens[place].text, ()):
            behind = place + len(texts)
            if tuple(token.text for token in tokens[place:behind]) == texts:
                return value, behind
        return None


def elements(say: str) -> tuple[Element, ...]:
    return tuple(element for part in say.split(" ") for element in _elements(part))


def _elements(part: str) -> Iterator[Element]:
    glued = part.startswith("+") and len(part) > 1
    part = part[glued:]
    if part.startswith("{"):
        yield Element(glued, part[1:-1], "")
        return
    for token in split(part):
        yield Element(glued, "", token.text)


def _by_first(words: Mapping[str, Mapping[str, Any]]) -> dict[str, list[tuple[Any, Any]]]:
    """First token -> (all tokens, value), longest word first."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    for language in words.values():
        for word, value in language.items():
            texts = tuple(token.text for token in split(word))
            found.setdefault(texts[0], []).append((texts, value))
    return {first: sorted(those, key=lambda pair: -len(pair[0])) for first, those in found.items()}


def _is_glued(tokens: Sequence[Token], place: int) -> bool:
    return 0 < place < len(tokens) and tokens[place - 1].end == tokens[place].start


# --- Slots without a class ----------------------------------------------------------------------


def _number(*lengths: int, classes: tuple[str, ...] = ()) -> Reader:
    """A reader of digits with these lengths, a Chinese numeral, or a word of the classes."""

    def read(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
        found = digits(tokens, place, *lengths) or numeral(tokens, place)
        for name in classes:
            found = found or grammar.word(name, tokens, place)
        return found

    return read


def _plain(*lengths: int) -> Reader:
    def read(_grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
        return digits(tokens, place, *lengths)

    return read


def _two_digits(_grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """`05`, `30` or `三十`, but not `5`."""
    found = digits(tokens, place, 2) or numeral(tokens, place)
    is_short = found and found[0] < 10 and tokens[place].text in NUMERALS
    return None if is_short else found


def _nth(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """`2nd` or `second`."""
    found = digits(tokens, place, 1, 2)
    if found is None:
        return grammar.word("nth_word", tokens, place)
    value, behind = found
    suffix = grammar.word("suffix", tokens, behind) if _is_glued(tokens, behind) else None
    return (value, suffix[1]) if suffix else None


def _nths(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """`1st and 15th`."""
    return _several(grammar, tokens, place, _nth)


def _days(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """`1号、15号` or `1、15号`."""
    found = _several(grammar, tokens, place, _numbered_day)
    return found if found and grammar.word("day_sign", tokens, found[1] - 1) else None


def _numbered_day(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    day = digits(tokens, place, 1, 2) or numeral(tokens, place)
    if day is None:
        return None
    sign = grammar.word("day_sign", tokens, day[1])
    is_followed = grammar.word("and", tokens, day[1])
    return (day[0], sign[1] if sign else day[1]) if sign or is_followed else None


def _several(grammar: Grammar, tokens: Sequence[Token], place: int, read: Reader) -> Taken | None:
    values: list[Any] = []
    taken = read(grammar, tokens, place)
    while taken and len(values) < MOST_DAYS:
        values.append(taken[0])
        place = taken[1]
        separator = grammar.word("and", tokens, place)
        taken = read(grammar, tokens, separator[1]) if separator else None
    return (values, place) if values else None


def _plurals(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """`tuesdays and thursdays`."""
    is_plural = grammar.word("weekdays_plural", tokens, place)
    return _weekdays(grammar, tokens, place) if is_plural else None


def _weekdays(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """`mon, wed and fri`, `周一、周三`, and `周一三五`."""
    days: list[int] = []
    taken = _weekday(grammar, tokens, place)
    while taken and len(days) < MOST_WEEKDAYS:
        days.append(taken[0])
        place = taken[1]
        separator = grammar.word("and", tokens, place)
        following = separator[1] if separator else place
        taken = _weekday(grammar, tokens, following) or _bare_weekday(grammar, tokens, following)
    return (days, place) if days else None


def _weekday(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    words = (grammar.word(name, tokens, place) for name in OF_WEEKDAYS)
    return next((taken for taken in words if taken), None)


def _bare_weekday(grammar: Grammar, tokens: Sequence[Token], place: int) -> Taken | None:
    """The `三` of `周一三五`, if it does not begin a time or a day of a month."""
    if not grammar.word("before_bare_weekday", tokens, place - 1):
        return None
    taken = grammar.word("weekday_digit", tokens, place)
    return None if taken and grammar.word("behind_number", tokens, taken[1]) else taken


SLOTS: dict[str, Reader] = {
    "n": _number(1, 2, 3, 4, classes=("number",)),
    "n2": _number(1, 2, classes=("number",)),
    "d": _number(1, 2),
    "m": _number(1, 2),
    "day_digits": _plain(1, 2),
    "y": _plain(4),
    "h": _plain(1, 2),
    "mm": _plain(2),
    "zh_h": _number(1, 2, classes=("hour_word",)),
    "zh_mm": _number(1, 2),
    "two_mm": _two_digits,
    "nth": _nth,
    "nths": _nths,
    "days": _days,
    "weekdays": _weekdays,
    "plurals": _plurals,
}


@cache
def load() -> Grammar:
    return Grammar(json.loads(WORDS.read_text(encoding="utf-8")))
