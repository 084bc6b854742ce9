"""Phone numbers: which may receive messages, and what is shown of them."""

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

# Until 2019 a 1 marked Mexican mobiles; some networks still write it, phonenumbers refuses it.
_OLD_MEXICAN = re.compile(r"\+521(?=[0-9]{10}\Z)")

# They cost more or cannot receive messages. Not "mobile only": in much of America a number does not
# show its type, and the test numbers of providers are personal ones.
REFUSED_TYPES: Final = frozenset(
    {"premium_rate", "toll_free", "shared_cost", "pager", "uan", "voicemail"}
)


@dataclass(frozen=True)
class Recipient:
    """A number in E.164 form, its region (DE, US) and its number type."""

    number: str
    region: str
    number_type: str


class RecipientError(ValueError):
    """Messages to this number are not allowed; `code` is one of those in docs/api.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def recipient(text: str) -> Recipient:
    """The recipient; raises RecipientError if messages to this number are not allowed.

    By region, never by prefix: +1 809 is the Dominican Republic, +1 900 costs extra.
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
    """The number, allowed or not; raises RecipientError if it is not a valid phone number."""
    import phonenumbers  # noqa: PLC0415 - only needed if a message is accepted

    number = _parse(text)
    if number is None or not phonenumbers.is_valid_number(number):
        raise RecipientError(
            code="invalid_recipient",
            message="Write a phone number in international form, such as +15005550006.",
        )
    return Recipient(
        number=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        region=phonenumbers.region_code_for_number(number) or "",
        number_type=phonenumbers.PhoneNumberType.to_string(
            phonenumbers.number_type(number)
        ).lower(),
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
    """SMS_ALLOWED_REGIONS; if that is empty, the region of TO_NUMBER."""
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
    """The E.164 form, whatever form a network wrote; unchanged if it is not a phone number.

    Without it, a STOP from one form would not stop messages to another.
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
    if not number:
        return ""
    sign = "+" if number.startswith("+") else ""
    return f"{sign}…{number[-2:] if len(number) > 4 else ''}"


def with_masked_numbers(text: str) -> str:
    return _ANY_NUMBER.sub(lambda found: masked(found[0]), text)
