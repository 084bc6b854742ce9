"""Quick add: reads a sentence into the members of a to-do.

The algorithm, which the page implements again in JavaScript (docs/quick-add.md):

1. Fold the text character by character (`tokens.fold`) and split it into tokens: runs of digits,
   runs of letters, and single other characters except blanks.
2. From left to right: read a mark (`marks`) or skip a name in `quotes`. Otherwise try the phrases
   that match here, longest first, then in the order of the file. Take the first phrase that
   begins and ends at word boundaries and whose meaning exists, and continue after it; without
   one, continue at the next token. A phrase that does `text` is also taken, but means nothing:
   `May I`, `last friday`.
3. Extend a phrase by words of the class `lead` before it (`at`, `on`, at most two) and one of
   `trail` after it (`前`).
4. Drop phrases whose `if` is not met, two runs of one kind with a word of the class `range` or
   `either` between them (`9:00 - 10:00`, `7am and 7pm`), and a run of phrases directly before `的`,
   unless the text begins with the run; then the run includes `的`.
5. The last day, the last time, the last part of a day and the last rule count. A date includes a
   weekday directly beside it. All tags count, and the last list and priority.
6. Without a day, a rule gives its first day, and a time alone is today, or tomorrow if it has
   passed. The part of the day decides the half of an ambiguous time; without it, `at 1` to `at 5`
   and `1点` to `5点` are in the afternoon.
7. The phrases that count are removed from the text; the rest is the title.

Only the first `LIMIT` characters are read, so the cost is bounded. Positions count code points.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from todos.quickadd import meanings, tokens
from todos.quickadd.days import Rule
from todos.quickadd.marks import Mark
from todos.quickadd.meaning import Meaning
from todos.quickadd.scanning import BETWEEN, Found, Scanner

MOST_TAGS = 20
AT_THE_END = BETWEEN | frozenset(".!?。！？;；")  # noqa: RUF001
FIELDS = ("day", "clock", "part", "rule")
JOINING = ("range", "either")
SEPARATORS = " ,，、;；:：-–"  # noqa: RUF001
CLOSERS = ".,:;!?)，。；：！？）、"  # noqa: RUF001 - no blank stands before them


@dataclass(frozen=True)
class Span:
    """The code points from `start` up to `end` were read as `kind`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Reading:
    title: str
    due: dict[str, str | None] | None = None
    recurrence: str | None = None
    recurrence_from: str = "due"
    tags: tuple[str, ...] = ()
    list: str | None = None
    priority: int | None = None
    spans: tuple[Span, ...] = ()


def read(
    text: str, now: datetime, zone: ZoneInfo, knows_list: Callable[[str], bool] = bool
) -> Reading:
    """Read the text at this moment in this zone.

    The name of a list that `knows_list` does not know stays in the title.
    """
    reader = Reader(text, now.astimezone(zone), knows_list)
    return reader.reading(str(zone))


class Reader(Scanner):
    """Steps 4 to 7."""

    def reading(self, zone: str) -> Reading:
        found = self._without_possessives(self._without_ranges(self._meant(self.scanned())))
        chosen = self._chosen(found)
        kept = [each for each in found if self._is_used(each, found, chosen)]
        marks = _marks(kept)
        kept = [each for each in kept if not each.mark or each.mark in marks]
        rule: Rule | None = chosen["rule"].meaning.rule if chosen["rule"] else None
        until = _until(kept)
        return Reading(
            title=self._title(kept),
            due=_due(chosen, self.now, zone),
            recurrence=rule.text(until) if rule else None,
            recurrence_from="completion" if rule and rule.is_from_completion else "due",
            tags=tuple(dict.fromkeys(str(it.value) for it in marks if it.kind == "tag")),
            list=next((str(it.value) for it in marks if it.kind == "list"), None),
            priority=next((int(it.value) for it in marks if it.kind == "priority"), None),
            spans=tuple(Span(*self.span(each), each.kind) for each in kept),
        )

    # --- Step 4 ----------------------------------------------------------------------------------

    def _meant(self, found: Sequence[Found]) -> list[Found]:
        """The phrases whose condition is met."""
        kept: list[Found] = []
        for index, each in enumerate(found):
            before = found[index - 1] if index and kept and kept[-1] is found[index - 1] else None
            behind = found[index + 1] if index + 1 < len(found) else None
            if self._is_met(each, before, behind):
                kept.append(each)
        return kept

    def _is_met(self, each: Found, before: Found | None, behind: Found | None) -> bool:
        follows = before is not None and self.are_beside(before, each)
        if each.condition == "before":
            meaning = before.meaning if before else None
            return follows and bool(meaning and (meaning.day or meaning.rule or meaning.part))
        if each.condition in ("beside", "near"):
            is_followed = behind is not None and self.are_beside(each, behind)
            helps = (
                behind is not None and behind.kind != "text" and behind.condition in ("", "before")
            )
            return (
                (follows and before is not None and before.kind != "text")
                or (is_followed and helps)
                or (each.condition == "beside" and self._is_last(each))
            )
        return True

    def _is_last(self, each: Found) -> bool:
        return self.is_only(AT_THE_END, self.span(each)[1], len(self.folded))

    def _without_ranges(self, found: list[Found]) -> list[Found]:
        dropped: set[int] = set()
        for index in range(1, len(found)):
            before, each = found[index - 1], found[index]
            is_alike = before.kind == each.kind and before.kind in ("date", "time")
            if is_alike and index not in dropped and self._are_joined(before, each):
                dropped |= {*self._run(found, index - 1, -1), *self._run(found, index, 1)}
        return [each for index, each in enumerate(found) if index not in dropped]

    def _are_joined(self, before: Found, each: Found) -> bool:
        words = (self.grammar.word(name, self.tokens, before.behind) for name in JOINING)
        return any(word is not None and word[1] == each.first for word in words)

    def _run(self, found: Sequence[Found], index: int, step: int) -> set[int]:
        """The phrase and those of its kind directly before it (step -1) or after it (1)."""
        run = {index}
        while 0 <= index + step < len(found):
            one, other = found[min(index, index + step)], found[max(index, index + step)]
            if one.kind != other.kind or not self.are_beside(one, other):
                break
            index += step
            run.add(index)
        return run

    def _without_possessives(self, found: list[Found]) -> list[Found]:
        kept: list[Found] = []
        run: list[Found] = []
        for each in found:
            if each.mark or not each.meaning or (run and not self.are_beside(run[-1], each)):
                kept += self._possessive(run)
                run = []
            if each.mark or not each.meaning:
                kept.append(each)
            else:
                run.append(each)
        return [*kept, *self._possessive(run)]

    def _possessive(self, run: list[Found]) -> list[Found]:
        taken = self.grammar.word("possessive", self.tokens, run[-1].behind) if run else None
        if taken is None:
            return run
        if run[0].first:
            return []
        return [*run[:-1], replace(run[-1], behind=taken[1])]

    # --- Steps 5 and 7 ---------------------------------------------------------------------------

    def _is_used(self, each: Found, found: list[Found], chosen: "dict[str, Any]") -> bool:
        if each.mark:
            return True
        if each.meaning is None:
            return False
        if each.is_until:
            return chosen["rule"] is not None
        if any(it is each for it in chosen.values()):
            return True
        day = chosen["day"]
        return each.meaning.is_weekday and day is not None and self._is_with(each, day)

    def _chosen(self, found: Sequence[Found]) -> dict[str, Any]:
        chosen: dict[str, Any] = dict.fromkeys(FIELDS)
        for index, each in enumerate(found):
            near = [*found[max(index - 1, 0) : index], *found[index + 1 : index + 2]]
            for name in FIELDS:
                if _says(each, name) and not (name == "day" and self._is_of_a_date(each, near)):
                    chosen[name] = each
        return chosen

    def _is_of_a_date(self, each: Found, near: Sequence[Found]) -> bool:
        """Whether it is a weekday of a date, such as `monday` in `monday, dec 7`."""
        is_weekday = each.meaning is not None and each.meaning.is_weekday
        return is_weekday and any(_is_date(it) and self._is_with(each, it) for it in near)

    def _is_with(self, each: Found, day: Found) -> bool:
        one, other = sorted((each, day), key=lambda found: found.first)
        return self.is_only(BETWEEN | {"(", ")"}, self.span(one)[1], self.span(other)[0])

    def _title(self, kept: Sequence[Found]) -> str:
        pieces, place = [], 0
        for each in kept:
            start, end = self.span(each)
            pieces.append(self.text[place:start])
            place = end
        return _joined([*pieces, self.text[place:]])


def _says(each: Found, name: str) -> bool:
    is_said = each.meaning is not None and getattr(each.meaning, name) is not None
    return is_said and not each.is_until


def _is_date(each: Found) -> bool:
    return _says(each, "day") and not (each.meaning and each.meaning.is_weekday)


def _until(kept: Sequence[Found]) -> date | None:
    return next((it.meaning.day for it in kept if it.is_until and it.meaning), None)


def _marks(kept: Sequence[Found]) -> list[Mark]:
    """All tags, and the last mark of each other kind."""
    marks = [each.mark for each in kept if each.mark]
    last = {mark.kind: mark for mark in marks if mark.kind != "tag"}
    return [*[mark for mark in marks if mark.kind == "tag"][:MOST_TAGS], *last.values()]


def _due(chosen: "dict[str, Any]", now: datetime, zone: str) -> dict[str, str | None] | None:
    clock = _clock(chosen)
    day = _day(chosen, now, clock)
    if day is None:
        return None
    if clock is None:
        return {"on": day.isoformat(), "at": None, "time_zone": None}
    is_moment = chosen["clock"] is not None and chosen["clock"].meaning.is_moment
    day += timedelta(days=clock // meanings.DAY)
    at = f"{clock % meanings.DAY // 60:02}:{clock % 60:02}"
    return {"on": day.isoformat(), "at": at, "time_zone": zone if is_moment else None}


def _clock(chosen: "dict[str, Any]") -> int | None:
    part = chosen["part"].meaning.part if chosen["part"] else None
    if chosen["clock"] is None:
        return part[0] if part else None
    said: Meaning = chosen["clock"].meaning
    if said.clock is None or not said.is_open:
        return said.clock
    return meanings.time_of(said.clock, part, is_spoken=said.is_spoken)


def _day(chosen: "dict[str, Any]", now: datetime, clock: int | None) -> date | None:
    today = now.date()
    has_passed = clock is not None and clock <= now.hour * 60 + now.minute
    if chosen["day"]:
        said: date = chosen["day"].meaning.day
        return said
    if chosen["rule"]:
        rule: Rule = chosen["rule"].meaning.rule
        first = rule.first(today)
        return rule.following(today) if first == today and has_passed else first
    if clock is None:
        return None
    return today + timedelta(days=1) if has_passed else today


def _joined(pieces: Sequence[str]) -> str:
    """Join the pieces of a title, without blanks between Chinese and before closing punctuation."""
    title = ""
    for piece in pieces:
        rest = piece.strip()
        if rest and rest[0] in CLOSERS:
            title = title.rstrip(SEPARATORS)
        is_apart = title and rest and _needs_blank(title, rest, piece)
        title += f" {rest}" if is_apart else rest
    for pair in ("()", "（）", "[]", "【】"):  # noqa: RUF001
        title = title.replace(pair, "")
    return " ".join(title.split()).strip(SEPARATORS)


def _needs_blank(title: str, rest: str, piece: str) -> bool:
    if rest[0] in CLOSERS:
        return False
    is_chinese = tokens.is_wide(title[-1]) and tokens.is_wide(rest[0])
    return not is_chinese or piece[0] in tokens.SPACES
