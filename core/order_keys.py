"""Keys for a manual order: another key fits between any two.

The algorithm of `fractional-indexing` (npm), which clients use too: base 62, compared byte by byte.
A key is an integer and a fraction. The first letter of the integer says how many digits follow
(`a0`, `az`, `b00`; lower ones are `Zz`, `Yzz`). The fraction does not end in 0.
"""

import re
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

DIGITS: Final = digits + ascii_uppercase + ascii_lowercase
HEADS: Final = ascii_uppercase + ascii_lowercase  # how many digits follow: 26 to 1, 1 to 26
SMALLEST: Final = "A" + "0" * 26  # not a valid key: no key could come before it
FIRST: Final = "a0"
LONGEST: Final = 128

_DIGIT: Final = "[0-9A-Za-z]"
_WHOLE: Final = "|".join(
    f"[{low}{high}]{_DIGIT}{{{count}}}"
    for count, (low, high) in enumerate(
        zip(ascii_lowercase, reversed(ascii_uppercase), strict=True), start=1
    )
)
PATTERN: Final = rf"^(?!{SMALLEST[0]}0{{26}}$)(?:{_WHOLE})(?:{_DIGIT}*[1-9A-Za-z])?$"
_KEY: Final = re.compile(PATTERN.replace("$", r"\Z"))


def is_key(text: str) -> bool:
    """Whether the algorithm and the column accept it."""
    return len(text) <= LONGEST and _KEY.match(text) is not None


def between(lower: str | None, upper: str | None) -> str:
    """A key after `lower` and before `upper`; None means that there is no such neighbour.

    It may be too long for the column.
    """
    if lower is None:
        return FIRST if upper is None else _before(upper)
    whole, fraction = _parts(lower)
    following = _step(whole, 1)
    if upper is None:
        return following or whole + _midpoint(fraction, None)
    whole_of_upper, fraction_of_upper = _parts(upper)
    if whole == whole_of_upper:
        return whole + _midpoint(fraction, fraction_of_upper)
    if following and following < upper:
        return following
    return whole + _midpoint(fraction, None)


def spread(lower: str | None, upper: str | None, amount: int) -> list[str]:
    """`amount` keys between the two, in order."""
    if lower is None or upper is None:
        return _in_a_row(lower, upper, amount)
    if amount == 0:
        return []
    middle, before = between(lower, upper), amount // 2
    return [
        *spread(lower, middle, before),
        middle,
        *spread(middle, upper, amount - before - 1),
    ]


def _in_a_row(lower: str | None, upper: str | None, amount: int) -> list[str]:
    """At an open end each key is the next integer, which keeps the keys short."""
    keys: list[str] = []
    for _number in range(amount):
        if upper is None:
            lower = between(lower, None)
            keys.append(lower)
        else:
            upper = between(None, upper)
            keys.append(upper)
    return keys if lower is not None else keys[::-1]


def _before(upper: str) -> str:
    whole, fraction = _parts(upper)
    if whole == SMALLEST:
        return whole + _midpoint("", fraction)
    found = whole if fraction else str(_step(whole, -1))
    return found + _midpoint("", None) if found == SMALLEST else found


def _parts(key: str) -> tuple[str, str]:
    """The integer and the fraction of a key."""
    length = _digits_behind(key[0]) + 1
    return key[:length], key[length:]


def _digits_behind(head: str) -> int:
    place = HEADS.index(head)
    return 26 - place if place < 26 else place - 25


def _step(whole: str, by: int) -> str | None:
    """The next integer, up or down; None if there is none."""
    number, width = 0, len(whole) - 1
    for digit in whole[1:]:
        number = number * 62 + DIGITS.index(digit)
    if 0 <= number + by < 62**width:
        return whole[0] + _written(number + by, width)
    place = HEADS.index(whole[0]) + by
    if not 0 <= place < len(HEADS):
        return None
    head = HEADS[place]
    return head + (DIGITS[0] if by > 0 else DIGITS[-1]) * _digits_behind(head)


def _written(number: int, width: int) -> str:
    found = ""
    for _place in range(width):
        number, digit = divmod(number, 62)
        found = DIGITS[digit] + found
    return found


def _midpoint(lower: str, upper: str | None) -> str:
    """A fraction between the two. An empty `lower` is zero; None for `upper` is one."""
    shared = 0
    while upper and (lower[shared : shared + 1] or DIGITS[0]) == upper[shared]:
        shared += 1
    if upper and shared:
        return upper[:shared] + _midpoint(lower[shared:], upper[shared:])
    low = DIGITS.index(lower[0]) if lower else 0
    high = DIGITS.index(upper[0]) if upper else len(DIGITS)
    if high - low > 1:
        return DIGITS[(low + high + 1) // 2]
    if upper and len(upper) > 1:
        return upper[0]
    return DIGITS[low] + _midpoint(lower[1:], None)
