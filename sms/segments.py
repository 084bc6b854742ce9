"""Counts the segments of a body, by which messages are billed (3GPP TS 23.038 and 23.040).

The provider's count is authoritative; this one is available before the message is sent.
"""

from dataclasses import dataclass

GSM_7, UCS_2 = "GSM-7", "UCS-2"

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")  # two units: an escape and a character
_GSM = _GSM_BASIC | _GSM_EXTENSION
# Units of a single segment, and of each segment of a longer body, whose header takes 6
# octets.
_CAPACITY = {GSM_7: (160, 153), UCS_2: (70, 67)}


@dataclass(frozen=True)
class Measure:
    """`remaining` is the number of units left in the last segment."""

    encoding: str
    segments: int
    remaining: int


def count(body: str) -> tuple[str, int]:
    measured = measure(body)
    return measured.encoding, measured.segments


def measure(body: str) -> Measure:
    encoding = GSM_7 if is_gsm(body) else UCS_2
    single, several = _CAPACITY[encoding]
    widths = [_width(character, encoding) for character in body]
    if sum(widths) <= single:
        return Measure(encoding, 1 if body else 0, single - sum(widths))
    segments, filled = _pack(widths, several)
    return Measure(encoding, segments, several - filled)


def is_gsm(text: str) -> bool:
    return _GSM.issuperset(text)


def _width(character: str, encoding: str) -> int:
    """The width in septets of GSM-7, or in 16-bit units, of which an emoji takes two."""
    if encoding == GSM_7:
        return 2 if character in _GSM_EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _pack(widths: list[int], capacity: int) -> tuple[int, int]:
    """The segments, and the units in the last one; a character of two units is never split."""
    segments, filled = 1, 0
    for width in widths:
        if filled + width > capacity:
            segments, filled = segments + 1, 0
        filled += width
    return segments, filled
