"""UUIDs as people and phones write them (RFC 9562, 4): in any case; answers are in lower case."""

import re
from typing import Final
from uuid import UUID

from django.urls import register_converter

CONVERTER: Final = "id"  # Django's own, `uuid`, takes lower case only
_WITHOUT_HYPHENS = re.compile(r"[0-9a-fA-F]{32}")


class IdConverter:
    regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(IdConverter, CONVERTER)


def found_in(text: str) -> UUID | None:
    """The id that somebody pasted, with or without hyphens."""
    text = text.strip()
    if re.fullmatch(IdConverter.regex, text) or _WITHOUT_HYPHENS.fullmatch(text):
        return UUID(text)
    return None
