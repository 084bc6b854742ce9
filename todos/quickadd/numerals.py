"""Numbers in digits and in Chinese."""

from collections.abc import Sequence
from typing import Any

from todos.quickadd.tokens import Token, is_digit

NUMERALS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
TEN = "十"
Taken = tuple[Any, int]  # a value, and the index of the next token


def digits(tokens: Sequence[Token], place: int, *lengths: int) -> Taken | None:
    if place >= len(tokens) or not is_digit(tokens[place].text[0]):
        return None
    text = tokens[place].text
    return (int(text), place + 1) if len(text) in lengths else None


def numeral(tokens: Sequence[Token], place: int) -> Taken | None:
    """A Chinese number up to 99: `八`, `十`, `二十三`."""
    texts = [token.text for token in tokens[place : place + 3]]
    tens = behind = 0
    if texts[:1] == [TEN]:
        tens, behind = 1, 1
    elif texts[1:2] == [TEN] and NUMERALS.get(texts[0]):
        tens, behind = NUMERALS[texts[0]], 2
    ones = NUMERALS.get(texts[behind]) if behind < len(texts) else None
    if ones is None or (tens and not ones):
        return (10 * tens, place + behind) if tens else None
    return 10 * tens + ones, place + behind + 1
