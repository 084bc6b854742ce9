"""Forms of the to-do page."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from todos.models.todos import TITLE_LENGTH


class TitleForm(forms.Form):
    """What needs to be done: one line that is not blank."""

    title = forms.CharField(
        label=_("What needs to be done?"),
        max_length=TITLE_LENGTH,
        error_messages={
            "required": _("Write what needs to be done."),
            "max_length": ngettext_lazy(
                "At most %(limit_value)d character fits; this is %(show_value)d.",
                "At most %(limit_value)d characters fit; this is %(show_value)d.",
                "limit_value",
            ),
        },
    )
