"""Forms of the page for the phone number."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from sms import consent
from sms.policy import SendError

WRITTEN_NUMBER_LENGTH: Final = 32
CODE_LENGTH: Final = 32
_WORDS: Final[dict[str, Any]] = {
    "invalid_recipient": _("Write a phone number in international form, such as +15005550006."),
    "region_not_allowed": _("This service sends no texts to this country."),
    "type_not_allowed": _("Texts to this type of number are not possible."),
    "codes_off": _("This service sends no codes by text. Ask its operator."),
    "sending_disabled": _("Sending texts is switched off for now."),
    "limit_reached": _("Too many codes were asked for today. Try again tomorrow."),
}


class PhoneForm(forms.Form):
    number = forms.CharField(
        label=_("Phone number"),
        max_length=WRITTEN_NUMBER_LENGTH,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel", "placeholder": "+1 500 …"}),
    )
    agreed = forms.BooleanField(label="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agreed"].label = consent.words()

    def refuse(self, error: SendError) -> None:
        self.add_error("number", str(_WORDS.get(error.code, error.detail)))


class CodeForm(forms.Form):
    texted_code = forms.CharField(
        label=_("Code"),
        max_length=CODE_LENGTH,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
