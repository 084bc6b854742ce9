"""Characters as people count them, and what makes a body expensive."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.spelling import Expensive, examine, split
from sms.telephony import is_gsm, measure
from tests.config.conftest import ROOT

FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}\u200d\N{BOY}"


@pytest.mark.parametrize(
    ("body", "characters"),
    [
        ("", 0),
        ("hey", 3),
        (FAMILY, 1),
        ("\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}", 1),
        ("\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", 1),
        ("\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", 1),
        ("1\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}", 1),
        ("e\N{COMBINING ACUTE ACCENT}", 1),
        ("\r\n", 1),
        ("\u1112\u1161\u11ab", 1),  # one syllable of Hangul
        ("\u0915\u094d\u0937\u093f", 1),  # one syllable of Devanagari
        (f"a{FAMILY}{FAMILY}b", 4),
    ],
)
def test_a_character_is_what_a_person_counts(body, characters):
    assert examine(body).characters == characters
    assert "".join(split(body)) == body


# What is written, what it is called, what is offered instead.
CHEAPER = [
    ("\u2019", "RIGHT SINGLE QUOTATION MARK", "'"),
    ("\u201c", "LEFT DOUBLE QUOTATION MARK", '"'),
    ("\u00ab", "LEFT-POINTING DOUBLE ANGLE QUOTATION MARK", '"'),
    ("\u2013", "EN DASH", "-"),
    ("\u2212", "MINUS SIGN", "-"),
    ("\u2026", "HORIZONTAL ELLIPSIS", "..."),
    ("\u00a0", "NO-BREAK SPACE", " "),
    ("\u202f", "NARROW NO-BREAK SPACE", " "),
    ("\t", "U+0009", " "),
    ("\u2028", "LINE SEPARATOR", "\n"),
    ("\ufb01", "LATIN SMALL LIGATURE FI", "fi"),
    ("\uff21", "FULLWIDTH LATIN CAPITAL LETTER A", "A"),
    ("\u200b", "ZERO WIDTH SPACE", ""),
    ("\u00ad", "SOFT HYPHEN", ""),
    ("u\u0308\u200c", "COMBINING DIAERESIS", "ü"),
    ("e\u0301", "COMBINING ACUTE ACCENT", "é"),
    ("\u2122", "TRADE MARK SIGN", "TM"),
    ("!\ufe0f", "VARIATION SELECTOR-16", "!"),
]
# What has no spelling that reads the same.
DEAR = [
    ("ç", "LATIN SMALL LETTER C WITH CEDILLA"),
    ("á", "LATIN SMALL LETTER A WITH ACUTE"),
    ("²", "SUPERSCRIPT TWO"),  # 10² is not 102
    ("½", "VULGAR FRACTION ONE HALF"),
    ("中", "CJK UNIFIED IDEOGRAPH-4E2D"),
    ("\x00", "U+0000"),
    (FAMILY, "MAN"),
]


@pytest.mark.parametrize(
    ("character", "name", "offered"), [*CHEAPER, *((dear, name, dear) for dear, name in DEAR)]
)
def test_an_expensive_character_is_named_with_a_cheaper_spelling(character, name, offered):
    found = examine(f"Gr{character}a, {character}")
    assert found.expensive == [Expensive(character, name, 2, offered)]
    is_replaced = offered != character
    assert found.cheaper == (
        f"Gr{offered}a, {offered}" if is_replaced else f"Gr{character}a, {character}"
    )


def test_a_body_of_the_alphabet_has_nothing_to_name():
    assert examine("It's 5 € [ok]\n").expensive == []
    assert examine("It's 5 € [ok]\n").cheaper == "It's 5 € [ok]\n"


@pytest.mark.parametrize(
    ("body", "cheaper"),
    [
        ("\u2019" + "a" * 70, "'" + "a" * 70),  # two segments become one
        ("…" * 70, "…" * 70),  # one segment would become two
        ("中\u2019", "中\u2019"),  # it stays UCS-2, for as much
        ("中" * 70 + "\u200b", "中" * 70),  # it stays UCS-2, for less
        ("“a”", '"a"'),  # as many segments, with more room
    ],
)
def test_another_body_is_offered_only_if_it_is_cheaper(body, cheaper):
    assert examine(body).cheaper == cheaper


ALPHABET = st.sampled_from(["a", "€", "中", FAMILY, *(row[0] for row in CHEAPER + DEAR)])


@given(st.one_of(st.lists(ALPHABET, max_size=80).map("".join), st.text(max_size=80)))
def test_what_is_offered_costs_no_more_and_costs_nothing_again(body):
    found = examine(body)
    assert measure(found.cheaper).segments <= measure(body).segments
    assert examine(found.cheaper).cheaper == found.cheaper
    assert bool(found.expensive) is not is_gsm(body)
    for expensive in found.expensive:
        assert expensive.count == split(body).count(expensive.character)
        is_replaced = expensive.replacement != expensive.character
        assert is_gsm(expensive.replacement) is is_replaced


@given(st.characters(categories=["L"]))
def test_no_letter_loses_its_accent(letter):
    for found in examine(letter).expensive:
        same = unicodedata.normalize("NFKC", letter)
        assert unicodedata.normalize("NFKC", found.replacement) == same or found.replacement == "'"


def test_the_tables_of_characters_are_loaded_only_for_a_preview():
    code = (
        "import sys, django; django.setup(); import sms.api.urls, sms.service, sms.telephony;"
        "sms.telephony.measure('\u2019'); print('grapheme' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
