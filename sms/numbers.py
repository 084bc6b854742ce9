"""Phone numbers as the providers want them, and as people without rights may see them."""

import re

# "+", a country code, at most 15 digits in all (ITU-T E.164; twilio.com/docs/glossary/what-e164).
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_ANY_NUMBER = re.compile(r"\+?[0-9]{7,15}")


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
