"""The published algorithm, key by key: a client that has it makes the same keys."""

import random
import re
from itertools import pairwise

import pytest

from core.order_keys import PATTERN, SMALLEST, between, is_key, spread

# Some of these are from the tests of npm `fractional-indexing`, the others were made by PyPI
# `fractional-indexing` 0.1.3.
KEYS = [
    (None, None, "a0"),
    (None, "a0", "Zz"),
    (None, "Zz", "Zy"),
    ("a0", None, "a1"),
    ("a1", None, "a2"),
    ("a0", "a1", "a0V"),
    ("a1", "a2", "a1V"),
    ("a0V", "a1", "a0l"),
    ("Zz", "a0", "ZzV"),
    ("Zz", "a1", "a0"),
    (None, "Y00", "Xzzz"),
    ("bzz", None, "c000"),
    ("a0", "a0V", "a0G"),
    ("a0", "a0G", "a08"),
    ("b125", "b129", "b127"),
    ("a0", "a1V", "a1"),
    ("Zz", "a01", "a0"),
    (None, "a0V", "a0"),
    (None, "b999", "b99"),
    (None, f"{SMALLEST}1", f"{SMALLEST}0V"),
    (None, f"{SMALLEST[:-1]}1", f"{SMALLEST}V"),  # theirs is no key
    ("z" * 26 + "y", None, "z" * 27),
    ("z" * 27, None, "z" * 27 + "V"),
    ("a0z", "a1", "a0zV"),
    ("a0", "a001", "a000V"),
    ("Zz", "b00", "a0"),
    ("a01", "a02V", "a02"),
]
NO_KEYS = ["", "a", "a00", "a0 ", "a0\n", "1", "b0", "Y0", SMALLEST, "é0", "a-", "a0é1", "a0\0"]


@pytest.mark.parametrize(("lower", "upper", "key"), KEYS)
def test_a_key_between_two(lower, upper, key):
    assert between(lower, upper) == key
    assert is_key(key)


def test_many_keys_at_once():
    assert spread(None, None, 3) == ["a0", "a1", "a2"]
    assert spread("a4", None, 2) == ["a5", "a6"]
    assert spread(None, "a0", 2) == ["Zy", "Zz"]
    assert spread("a0", "a2", 4) == ["a0G", "a0V", "a1", "a1V"]
    assert spread("a0", "a1", 0) == spread(None, None, 0) == []


def test_there_is_room_between_any_two():
    chosen = random.Random(7)  # noqa: S311 - no secret
    keys = ["a0"]
    for _ in range(400):
        place = chosen.choice([0, 1, len(keys), chosen.randrange(len(keys) + 1)])
        ends = (keys[place - 1] if place else None, keys[place] if place < len(keys) else None)
        keys.insert(place, between(*ends))
    assert all(lower < upper for lower, upper in pairwise(keys))
    assert all(is_key(key) for key in keys if len(key) <= 128)


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_the_algorithm_does_not_take_is_no_key(text):
    assert not is_key(text)


def test_the_pattern_is_the_rule():
    assert re.search(PATTERN, "a0V")
    assert is_key("a0" + "1" * 126)
    assert not is_key("a0" + "1" * 127)
