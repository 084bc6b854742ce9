"""One form on the way in, and one fold to compare by."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import values
from core.conditions import BLANKS

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(
    st.one_of(CHARACTERS, st.sampled_from("aAßẞΣςﬁ\u0131İé\u0301\u200d\u200b\u202e \n"))
)


@given(TEXTS)
def test_a_form_is_its_own_form(written):
    for form in (values.composed, values.line, values.note, values.fold):
        assert form(form(written)) == form(written)


@given(TEXTS)
def test_a_line_is_composed_has_no_break_and_shows_something(written):
    line = values.line(written)
    assert line == unicodedata.normalize("NFC", line.strip())
    assert len(line.splitlines()) == bool(line) == values.shows_something(written)


@given(TEXTS.map("a{}".format))
def test_spellings_of_one_text_have_one_fold(written):
    spellings = [unicodedata.normalize(form, written) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    others = [written.casefold(), values.line(written), values.note(written), f" {written}\u200b\n"]
    assert {values.fold(each) for each in (*spellings, *others)} == {values.fold(written)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ΟΔΗΓΌΣ", "οδηγός"),
        ("ﬁnance", "FINANCE"),
        ("①", "1"),
        ("a\u00a0\t b", "A B"),
        ("co\u00adop", "coop"),
        ("❤\ufe0f", "❤"),
        ("\u1100\u1161", "가"),
    ],
)
def test_what_people_call_the_same_has_one_fold(one, other):
    assert values.fold(one) == values.fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "ä"), ("i", "\u0131"), ("resume", "résumé"), ("", "a")]
)
def test_what_people_tell_apart_has_two(one, other):
    assert values.fold(one) != values.fold(other)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("a\r\nb", "a b"),
        ("a \v\f b\x85", "a b"),
        ("\u2028a\u2029\nb", "a b"),
        ("a\tb", "a\tb"),
        ("\u202eabc", "\u202eabc"),
        ("\u200b\u3164\u2800\u202e\ufeff", ""),
        ("\u0378\uffff", ""),  # nothing was assigned to them
        ("\U0001fae9", "\U0001fae9"),  # an emoji of Unicode 16
    ],
    ids=ascii,
)
def test_a_line_is_what_a_person_reads(written, line):
    assert values.line(written) == line


def test_a_note_keeps_its_lines_and_blanks():
    assert values.note(" a\r\nb\rc\u2028 e\u0301\n") == " a\nb\nc\u2028 é\n"


def test_what_is_seen_is_never_folded_away():
    seen = filter(values.shows_something, map(chr, range(0x20000)))
    assert [character for character in seen if not values.fold(character)] == []


def test_the_database_knows_what_shows_nothing():
    assert not values.shows_something(BLANKS)
    unknown = ("Cn", "Cs")  # too many for a constraint; what cannot be stored
    missing = {
        character
        for character in map(chr, range(1, 0x110000))
        if character not in BLANKS
        and unicodedata.category(character) not in unknown
        and not values.shows_something(character)
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("written", "allowed"), [("a", True), ("", True), ("a\0", False), ("\udcff", False)], ids=ascii
)
def test_half_a_character_and_nul_cannot_be_stored(written, allowed):
    assert values.can_be_stored(written) is allowed


@given(st.text(st.sampled_from("ab \t\n\r\x1c\x85\u2028\u3000")))
def test_breaks_and_the_blanks_around_them_are_one_blank(written):
    as_defined = re.sub(rf"\s*[{values.LINE_BREAKS}]\s*", " ", written).strip()
    assert values.line(written) == as_defined


def test_a_line_of_many_blanks_is_read_at_once():
    """A pattern would try each run of blanks from each of its places."""
    blanks = " " * 300_000
    assert values.line(f"a{blanks}b{blanks}\nc") == f"a{blanks}b c"
