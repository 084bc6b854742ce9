"""UUIDs in upper or lower case, as in RFC 9562, section 4; responses use lower case."""

import re
from typing import Final
from uuid import UUID

from django.urls import register_converter

CONVERTER: Final = "id"  # Django's `uuid` accepts lower case only
_WITHOUT_HYPHENS = re.compile(r"[0-9a-fA-F]{32}")


class IdConverter:
    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(IdConverter, CONVERTER)


def read(text: object) -> UUID | None:
    """Read an id as every entry point does. `UUID` would also accept braces, blanks, digits of
    other scripts and hyphens anywhere.
    """
    if isinstance(text, str) and re.fullmatch(IdConverter.regex, text):
        return UUID(text)
    return None


def found_in(text: str) -> UUID | None:
    """The id in pasted text, with or without hyphens."""
    text = text.strip()
    return UUID(text) if _WITHOUT_HYPHENS.fullmatch(text) else read(text)
