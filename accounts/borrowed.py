"""Messages of Django without a Chinese translation, marked here for translation."""

from typing import Final

from django.utils.translation import ngettext_lazy

MESSAGES: Final = (
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
)
