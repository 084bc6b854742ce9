"""Which texts are taken: by every door alike, and again where one is sent again."""

import unicodedata
from typing import Final

from django.conf import settings

from sms.segments import count

# Blanks, control and format characters, by their general category.
_UNSEEN_KINDS: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
# What else leaves no mark: Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt), and
# the Braille pattern without dots.
_UNSEEN: Final = (
    *(range(0x034F, 0x0350), range(0x115F, 0x1161), range(0x17B4, 0x17B6)),
    *(range(0x180B, 0x1810), range(0x2065, 0x2066), range(0x2800, 0x2801)),
    *(range(0x3164, 0x3165), range(0xFE00, 0xFE10), range(0xFFA0, 0xFFA1)),
    *(range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000)),
)


class TextError(ValueError):
    """This text is not sent; `code` is one of those in docs/api.md."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def measured(text: str) -> tuple[str, int]:
    """The encoding and the segments of a text; TextError where it is empty or too long."""
    if all(_is_unseen(character) for character in text):
        raise TextError(code="blank", message="This field may not be blank.")
    encoding, segments = count(text)
    most = settings.SMS_MAX_SEGMENTS
    if segments > most:
        raise TextError(
            code="too_many_segments",
            message=f"The text is too long: it has {segments} segments, at most {most} are sent.",
        )
    return encoding, segments


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN_KINDS or any(
        ord(character) in characters for characters in _UNSEEN
    )
