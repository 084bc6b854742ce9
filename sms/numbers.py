"""Phone numbers: whom texts may go to, and what people without rights may see of them."""

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# "+", a country code, at most 15 digits in all (ITU-T E.164).
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_ANY_NUMBER = re.compile(r"\+?[0-9]{7,15}")
# International, with the signs that people write between digits; no extension, no letters.
_WRITTEN = re.compile(r"\+[1-9][0-9 ().-]{5,30}")

# Until 2019 a 1 told Mexican mobiles; some networks still write it, phonenumbers refuses it.
_OLD_MEXICAN = re.compile(r"\+521(?=[0-9]{10}\Z)")

# Who sends to these pays more, or reaches nobody. Not "mobile only": in much of America a number
# does not tell, and the test numbers of providers are personal ones.
REFUSED_TYPES: Final = frozenset(
    {"premium_rate", "toll_free", "shared_cost", "pager", "uan", "voicemail"}
)


@dataclass(frozen=True)
class Recipient:
    """A number in E.164 form, the region that it belongs to (DE, US), and what kind it is."""

    number: str
    region: str
    kind: str


class RecipientError(ValueError):
    """No text may go there; `code` is one of those in docs/api.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def recipient(text: str) -> Recipient:
    """Whom this number reaches; raises RecipientError where no text may go.

    By region, never by prefix: +1 809 is the Dominican Republic, +1 900 costs extra.
    """
    found = parsed(text)
    if found.region not in allowed_regions():
        raise RecipientError(
            code="region_not_allowed", message="Texts to this country are not allowed here."
        )
    if found.kind in REFUSED_TYPES:
        raise RecipientError(
            code="type_not_allowed", message="Texts to this kind of number are not allowed."
        )
    return found


def parsed(text: str) -> Recipient:
    """What this number is, allowed or not; RecipientError where it is none."""
    import phonenumbers  # noqa: PLC0415 - only where a text is accepted

    number = _parse(text)
    if number is None or not phonenumbers.is_valid_number(number):
        raise RecipientError(
            code="invalid_recipient",
            message="Write a phone number in international form, such as +15005550006.",
        )
    return Recipient(
        number=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        region=phonenumbers.region_code_for_number(number) or "",
        kind=phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(number)).lower(),
    )


def _parse(text: str) -> "PhoneNumber | None":
    import phonenumbers  # noqa: PLC0415 - as above

    if not _WRITTEN.fullmatch(text):
        return None
    try:
        return phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None


def allowed_regions() -> frozenset[str]:
    """SMS_ALLOWED_REGIONS; where that is not set, the region of TO_NUMBER."""
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
    """The region of a number of our own, empty where it has none; nothing is refused."""
    return next(iter(_region_of(number)), "")


def canonical(number: str) -> str:
    """The form that recipients have, whatever form a network gave; as it is where it is no number.

    Without it a STOP from one form would not keep texts from the other.
    """
    for form in (number, _OLD_MEXICAN.sub("+52", number)):
        try:
            return parsed(form).number
        except RecipientError:
            continue
    return number


def is_e164(number: str) -> bool:
    return bool(_E164.fullmatch(number))


def masked(number: str) -> str:
    """Nothing but the last two digits, as in the log; empty where there is no number."""
    if not number:
        return ""
    sign = "+" if number.startswith("+") else ""
    return f"{sign}…{number[-2:] if len(number) > 4 else ''}"


def with_masked_numbers(text: str) -> str:
    """The text of an error, which may quote the number it is about."""
    return _ANY_NUMBER.sub(lambda found: masked(found[0]), text)
