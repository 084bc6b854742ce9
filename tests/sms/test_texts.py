"""Which texts are taken: those that show something and are not too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.policy import SendError, measured
from sms.telephony import count

UNSEEN = [
    "",
    " \t\r\n\xa0\N{IDEOGRAPHIC SPACE}",
    "\x00\x07\x1b\x7f\x85",
    "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\N{WORD JOINER}",
    "\N{ZERO WIDTH NO-BREAK SPACE}",
    "\N{SOFT HYPHEN}",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{LEFT-TO-RIGHT MARK}\N{FIRST STRONG ISOLATE}",
    "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}",
    "\N{COMBINING GRAPHEME JOINER}",
    "\N{HANGUL FILLER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}",
    "\N{HALFWIDTH HANGUL FILLER}",
    "\N{KHMER VOWEL INHERENT AQ}\N{MONGOLIAN VOWEL SEPARATOR}\u180b\u180f",
    "\N{VARIATION SELECTOR-16}\N{VARIATION SELECTOR-256}",
    "\N{BRAILLE PATTERN BLANK}",
    "\N{TAG LATIN SMALL LETTER A}\U000e0000\u2065\ufff0",
]
SEEN = [
    "a",
    ".",
    "\N{ZERO WIDTH SPACE}a",
    "❤\N{VARIATION SELECTOR-16}",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "\N{COMBINING ACUTE ACCENT}",
    "\N{BRAILLE PATTERN DOTS-1}",
    "\ue000",  # for private use
    "\U0001faea",  # a face that Unicode 16 has and Python may not know
]


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_what_shows_nothing_is_empty(text):
    with pytest.raises(SendError) as caught:
        measured(text)
    assert (caught.value.code, str(caught.value)) == ("blank", "This field may not be blank.")


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_what_shows_something_is_not(text):
    assert measured(text) == count(text)


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=20))
def test_no_mixture_of_controls_and_blanks_is_a_text(text):
    with pytest.raises(SendError):
        measured(text)


def test_the_setting_says_how_long_is_too_long(settings):
    settings.SMS_MAX_SEGMENTS = 10
    assert measured("a" * 153 * 9) == ("GSM-7", 9)
    assert measured("a" * 153 * 10) == ("GSM-7", 10)
    with pytest.raises(SendError):
        measured("a" * (153 * 10 + 1))
    settings.SMS_MAX_SEGMENTS = 2
    assert measured("a" * 306) == ("GSM-7", 2)
    assert measured("中" * 134) == ("UCS-2", 2)
    for text, segments in (("a" * 307, 3), ("中" * 135, 3), ("€" * 400, 6)):
        with pytest.raises(SendError) as caught:
            measured(text)
        assert caught.value.code == "too_many_segments"
        assert str(caught.value) == (
            f"The message is too long: it has {segments} segments, at most 2 are allowed."
        )
