"""What the standards of telephony fix: numbers (ITU-T E.164) and segments (3GPP TS 23.038, 23.040).

Of a number: its canonical form, whether messages to it are allowed, and masking. Of a body: the
segments by which messages are billed. The provider's count is authoritative; ours is available
before the message is sent.
"""

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from django.conf import settings

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# "+", a country code, at most 15 digits in all (ITU-T E.164).
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_ANY_NUMBER = re.compile(r"\+?[0-9]{7,15}")
# International, with the separators that people use; no extension, no letters.
_WRITTEN = re.compile(r"\+ ?[1-9][0-9 ()./-]{5,30}")
# Keyboards type these as a dash; Unicode classifies them as a sign and a letter.
_DASHES: Final = "\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"


class _Renumbering(NamedTuple):
    """A country with two forms per subscriber: national digits, as patterns to replace."""

    other: str
    canonical: str
    back: tuple[str, str]


# By country code. docs/sms.md has the reasons, and why messages go to the canonical form.
_RENUMBERED: Final = {
    # Mexico
    52: _Renumbering(r"1(\d{10})", r"\1", (r"(\d{10})", r"1\1")),
    # Argentina
    54: _Renumbering(r"([1-3]\d{9})", r"9\1", (r"9(\d{10})", r"\1")),
    # Brazil
    55: _Renumbering(r"(\d\d)([6-9]\d{7})", r"\g<1>9\2", (r"(\d\d)9([6-9]\d{7})", r"\1\2")),
}

# These types cost more or cannot receive messages. Not only mobile numbers are allowed, because in
# much of America a number does not show its type, and test numbers of providers are personal.
REFUSED_TYPES: Final = frozenset(
    {"premium_rate", "toll_free", "shared_cost", "pager", "uan", "voicemail"}
)

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


class Recipient(NamedTuple):
    """A canonical number, its region (DE, US) and its number type. `forms` as in forms()."""

    number: str
    region: str
    number_type: str

    @property
    def forms(self) -> tuple[str, ...]:
        return _with_other_form(self.number)


class RecipientError(ValueError):
    """Messages to this number are not allowed; `code` is one of those in docs/api.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def recipient(text: str) -> Recipient:
    """The recipient; raises RecipientError if messages to this number are not allowed.

    Decides by region, never by prefix: +1 809 is the Dominican Republic, +1 900 costs extra.
    """
    found = parsed(text)
    if found.region not in allowed_regions():
        raise RecipientError(
            code="region_not_allowed", message="Messages to this country are not allowed."
        )
    if found.number_type in REFUSED_TYPES:
        raise RecipientError(
            code="type_not_allowed", message="Messages to this type of number are not allowed."
        )
    return found


def parsed(text: str) -> Recipient:
    """The number, allowed or not. Raises RecipientError if it is not a valid phone number."""
    import phonenumbers  # noqa: PLC0415 - only needed if a message is accepted

    number = _parse(plain(text))
    if number is None:
        raise RecipientError(
            code="invalid_recipient",
            message="Write a phone number in international form, such as +15005550006.",
        )
    return Recipient(
        number=_formatted(number),
        region=phonenumbers.region_code_for_number(number) or "",
        number_type=phonenumbers.PhoneNumberType.to_string(
            phonenumbers.number_type(number)
        ).lower(),
    )


def plain(text: str) -> str:
    """Normalize text from address books: direction marks, zero-width characters, wide digits and
    those of other scripts, non-breaking blanks, all dashes.
    """
    return "".join(_plain_character(character) for character in text)


def _plain_character(character: str) -> str:
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case "Nd":  # of any script
            return str(unicodedata.decimal(character))
        case "No":  # a superscript is no digit
            return character
    return "-" if character in _DASHES else unicodedata.normalize("NFKC", character)


def _parse(text: str) -> "PhoneNumber | None":
    """The canonical number; None if it is invalid."""
    import phonenumbers  # noqa: PLC0415 - as above

    if not _WRITTEN.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    for candidate in (_renumbered(number), number):
        if candidate is not None and phonenumbers.is_valid_number(candidate):
            return candidate
    return None


def _renumbered(number: "PhoneNumber") -> "PhoneNumber | None":
    import phonenumbers  # noqa: PLC0415 - as above

    country = number.country_code
    rule = _RENUMBERED.get(country or 0)
    digits = phonenumbers.national_significant_number(number)
    found = rule and re.fullmatch(rule.other, digits)
    if rule is None or not found:
        return None
    return phonenumbers.PhoneNumber(country, int(found.expand(rule.canonical)))


def _formatted(number: "PhoneNumber") -> str:
    import phonenumbers  # noqa: PLC0415 - as above

    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def allowed_regions() -> frozenset[str]:
    """SMS_ALLOWED_REGIONS, or the region of TO_NUMBER if it is empty."""
    if settings.SMS_ALLOWED_REGIONS:
        return frozenset(settings.SMS_ALLOWED_REGIONS)
    return _region_of(settings.SMS_TO_NUMBER)


@functools.lru_cache(maxsize=8)
def _region_of(number: str) -> frozenset[str]:
    try:
        return frozenset({parsed(number).region})
    except RecipientError:
        return frozenset()


def region(number: str) -> str:
    return next(iter(_region_of(number)), "")


def canonical(number: str) -> str:
    """The canonical form of a subscriber's number in any spelling; other text stays unchanged.

    All comparisons use this form. It is E.164, and messages are sent to it.
    """
    try:
        return parsed(number).number
    except RecipientError:
        return number


def forms(number: str) -> tuple[str, ...]:
    """The canonical form, and another one that a former release has stored, or stores in a deploy.

    Queries for rows of a number need all forms.
    """
    return _with_other_form(canonical(number))


def _with_other_form(number: str) -> tuple[str, ...]:
    for code, rule in _RENUMBERED.items():
        prefix = f"+{code}"
        digits = number.removeprefix(prefix)
        if digits != number and re.fullmatch(rule.back[0], digits):
            return number, prefix + re.sub(*rule.back, digits)
    return (number,)


def is_e164(number: str) -> bool:
    return bool(_E164.fullmatch(number))


def masked(number: str) -> str:
    if not number:
        return ""
    sign = "+" if number.startswith("+") else ""
    return f"{sign}…{number[-2:] if len(number) > 4 else ''}"


def with_masked_numbers(text: str) -> str:
    return _ANY_NUMBER.sub(lambda found: masked(found[0]), text)


class Measure(NamedTuple):
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
