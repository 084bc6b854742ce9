"""A hint for each rule of a new password; static/js/password.js marks the fulfilled ones."""

from typing import Any, NamedTuple

from django.contrib.auth import password_validation as django
from django.utils.translation import gettext_lazy as _

# Validator: name of the rule in the script, and its text.
HINTS: dict[type[Any], tuple[str, Any]] = {
    django.MinimumLengthValidator: ("length", _("%(least)d characters or more")),
    django.UserAttributeSimilarityValidator: ("similar", _("Unlike your email address and name")),
    django.NumericPasswordValidator: ("digits", _("Not digits only")),
    django.CommonPasswordValidator: ("common", _("Not one that many people use")),
}


class Hint(NamedTuple):
    rule: str
    text: str
    least: int = 0


def hints() -> list[Hint]:
    return [_hint(validator) for validator in django.get_default_password_validators()]


def _hint(validator: Any) -> Hint:
    rule, text = HINTS[type(validator)]
    least = getattr(validator, "min_length", 0)
    return Hint(rule, str(text) % {"least": least} if least else str(text), least)
