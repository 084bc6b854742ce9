"""Steps 2 and 3 of quick add: the phrases and marks of a text, from left to right."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from todos.quickadd import tokens
from todos.quickadd.grammar import Grammar, Match, load
from todos.quickadd.marks import Mark, read_mark
from todos.quickadd.meaning import Meaning
from todos.quickadd.meanings import MEANINGS

LIMIT = 300
MOST_LEADS = 2
LONGEST_LEAD = 3
BETWEEN = frozenset(" ,，、")  # noqa: RUF001 - between phrases that stand beside each other


@dataclass
class Found:
    """A phrase or mark from token `first` up to token `behind`."""

    first: int
    behind: int
    meaning: Meaning | None = None  # None: a mark, or a phrase that means nothing
    mark: Mark | None = None
    condition: str = ""
    is_until: bool = False

    @property
    def kind(self) -> str:
        if self.mark:
            return self.mark.kind
        return self.meaning.kind if self.meaning else "text"


@dataclass
class Scanner:
    text: str
    now: datetime
    knows_list: Callable[[str], bool]
    grammar: Grammar = field(default_factory=load)

    def __post_init__(self) -> None:
        self.folded = tokens.fold(self.text[:LIMIT], self.grammar.same)
        self.tokens = tokens.split(self.folded)

    def scanned(self) -> list[Found]:
        found: list[Found] = []
        place = 0
        while place < len(self.tokens):
            each = self._mark(place) or self._quoted(place) or self._phrase(place)
            if each:
                begin = found[-1].behind if found else 0
                found.append(self._with_leads(self._with_trail(each), begin))
            place = each.behind if each else place + 1
        return found

    def _mark(self, place: int) -> Found | None:
        mark = read_mark(self.text, self.folded, self.tokens[place].start, self.knows_list)
        if mark is None:
            return None
        behind = place
        while behind < len(self.tokens) and self.tokens[behind].start < mark.end:
            behind += 1
        return Found(place, behind, mark=mark)

    def _quoted(self, place: int) -> Found | None:
        """Skip a name in quotation marks."""
        opening = self.tokens[place]
        closing = self.grammar.quotes.get(opening.text)
        if closing is None or not tokens.is_free_before(self.text, opening.start):
            return None
        behind = range(place + 1, len(self.tokens))
        end = next((index for index in behind if self.tokens[index].text == closing), None)
        return None if end is None else Found(place, end + 1)

    def _phrase(self, place: int) -> Found | None:
        for match in self.grammar.matches(self.tokens, place):
            found = self._understood(match)
            if found and self._is_bounded(match, found.kind):
                return found
        return None

    def _understood(self, match: Match) -> Found | None:
        phrase = match.phrase
        if phrase.do == "text":
            return Found(match.first, match.behind)
        meaning = MEANINGS[phrase.do](match.values, self.now)
        if meaning is None:
            return None
        return Found(match.first, match.behind, meaning, condition=phrase.condition)

    def _is_bounded(self, match: Match, kind: str) -> bool:
        start, end = self.tokens[match.first].start, self.tokens[match.behind - 1].end
        return self._begins(start, kind) and (
            tokens.is_wide(self.folded[end - 1]) or tokens.is_free_after(self.text, end)
        )

    def _begins(self, start: int, kind: str) -> bool:
        if tokens.is_wide(self.folded[start]) or tokens.is_free_before(self.text, start):
            return True
        is_at = kind == "time" and self.folded[start - 1] == "@"
        return is_at and tokens.is_free_before(self.text, start - 1)

    def _with_leads(self, found: Found, begin: int) -> Found:
        for _ in range(MOST_LEADS):
            lead = self._lead(found, begin)
            if lead is None:
                break
            first, use = lead
            found = replace(found, first=first, is_until=found.is_until or use == "until")
        return found

    def _lead(self, found: Found, begin: int) -> tuple[int, str] | None:
        for first in range(max(begin, found.first - LONGEST_LEAD), found.first):
            taken = self.grammar.word("lead", self.tokens, first)
            if taken and taken[1] == found.first and self._is_lead(first, taken[0], found.kind):
                return first, taken[0]
        return None

    def _is_lead(self, first: int, use: str, kind: str) -> bool:
        start = self.tokens[first].start
        is_free = tokens.is_wide(self.folded[start]) or tokens.is_free_before(self.text, start)
        is_meant = use == kind or (use == "any" and kind in ("date", "time"))
        return is_free and (is_meant or (use == "until" and kind == "date"))

    def _with_trail(self, found: Found) -> Found:
        taken = self.grammar.word("trail", self.tokens, found.behind)
        is_meant = taken and (
            taken[0] == found.kind or (taken[0] == "any" and found.kind in ("date", "time"))
        )
        return replace(found, behind=taken[1]) if taken and is_meant else found

    def are_beside(self, one: Found, other: Found) -> bool:
        return self.is_only(BETWEEN, self.span(one)[1], self.span(other)[0])

    def is_only(self, allowed: frozenset[str], start: int, end: int) -> bool:
        return all(character in allowed for character in self.folded[start:end])

    def span(self, found: Found) -> tuple[int, int]:
        return self.tokens[found.first].start, self.tokens[found.behind - 1].end
