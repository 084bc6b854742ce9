"""Segments as they are billed: GSM-7 with its extension table, UCS-2, concatenation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms.telephony import Measure, count, measure

EMOJI = "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0)),
        ("a", ("GSM-7", 1)),
        ("a" * 160, ("GSM-7", 1)),
        ("a" * 161, ("GSM-7", 2)),
        ("a" * 306, ("GSM-7", 2)),
        ("a" * 307, ("GSM-7", 3)),
        ("€" * 80, ("GSM-7", 1)),
        ("€" * 80 + "a", ("GSM-7", 2)),
        ("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ÄÖÑÜ§¿äöñüà¡¤", ("GSM-7", 1)),
        ("line\r\nline", ("GSM-7", 1)),
        ("[]{}\\^~|\f", ("GSM-7", 1)),
        ("ç", ("UCS-2", 1)),  # the table has the capital only
        ("`", ("UCS-2", 1)),
        ("\xa0", ("UCS-2", 1)),  # looks like a blank and doubles the price
        ("\N{RIGHT SINGLE QUOTATION MARK}", ("UCS-2", 1)),
        ("中" * 70, ("UCS-2", 1)),
        ("中" * 71, ("UCS-2", 2)),
        ("中" * 134, ("UCS-2", 2)),
        ("中" * 135, ("UCS-2", 3)),
        (EMOJI * 35, ("UCS-2", 1)),
        (EMOJI * 36, ("UCS-2", 2)),
        ("\uffff" * 70, ("UCS-2", 1)),  # the last character of one unit
        ("\uffff" * 71, ("UCS-2", 2)),
        ("\U00010000" * 35, ("UCS-2", 1)),  # the first of two
        ("\U00010000" * 36, ("UCS-2", 2)),
        ("\U0010ffff" * 36, ("UCS-2", 2)),
        ("a" * 153 * 9, ("GSM-7", 9)),
        ("a" * 153 * 10, ("GSM-7", 10)),
        ("a" * 1600, ("GSM-7", 11)),
    ],
)
def test_the_count_is_what_providers_bill(text, expected):
    assert count(text) == expected


def test_a_character_of_two_units_moves_to_the_next_segment_whole():
    """152 units are full of letters, the escape does not fit beside its character."""
    assert count("a" * 152 + "€" + "a" * 151) == ("GSM-7", 2)
    assert count("a" * 152 + "€" + "a" * 152) == ("GSM-7", 3)
    assert count("中" * 66 + EMOJI + "中" * 65) == ("UCS-2", 2)
    assert count("中" * 66 + EMOJI + "中" * 66) == ("UCS-2", 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Measure("GSM-7", 0, 160)),
        ("hey €", Measure("GSM-7", 1, 154)),
        ("a" * 161, Measure("GSM-7", 2, 145)),
        (EMOJI, Measure("UCS-2", 1, 68)),
        ("\uffff", Measure("UCS-2", 1, 69)),
        ("\U00010000", Measure("UCS-2", 1, 68)),
        ("中" * 71, Measure("UCS-2", 2, 63)),
    ],
)
def test_the_measure_tells_what_is_left(text, expected):
    assert measure(text) == expected


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=400), st.characters())
def test_a_longer_text_never_has_fewer_segments(text, more):
    assert count(text + more)[1] >= count(text)[1]


@given(st.text(alphabet=st.sampled_from("a€[中" + EMOJI), max_size=700))
def test_segments_hold_every_unit_and_are_never_more_than_half_a_character_short(text):
    """What is packed fits, and no segment is wasted."""
    encoding, segments = count(text)
    gsm = encoding == "GSM-7"
    widths = [2 if (c in "€[" if gsm else ord(c) > 0xFFFF) else 1 for c in text]
    single, several = (160, 153) if gsm else (70, 67)
    if sum(widths) <= single:
        assert segments == (1 if text else 0)
        return
    assert segments * several >= sum(widths) > (segments - 1) * (several - 1)


@given(st.text(alphabet=st.sampled_from("ab€{中" + EMOJI), max_size=500))
def test_what_remains_is_what_fits_before_another_segment(text):
    measured = measure(text)
    assert 0 <= measured.remaining <= 160
    if text:
        letters = "a" * measured.remaining
        grown = measure(text + letters)
        if measured.segments > 1:
            assert (grown.segments, grown.remaining) == (measured.segments, 0)
        else:
            assert (grown.segments, grown.remaining) == (1, 0)
        assert measure(text + letters + "a").segments == measured.segments + 1
