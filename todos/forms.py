"""Forms of the to-do page and the admin."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from todos.models import Tag, Todo

if TYPE_CHECKING:
    from django.db.models import QuerySet


class TitleForm(forms.Form):
    """A title, with the rules of its column."""

    title = Todo._meta.get_field("title").formfield(
        label=_("What needs to be done?"),
        error_messages={
            "required": _("Write what needs to be done."),
            "max_length": ngettext_lazy(
                "At most %(limit_value)d character fits; this is %(show_value)d.",
                "At most %(limit_value)d characters fit; this is %(show_value)d.",
                "limit_value",
            ),
        },
    )


class TodoAdminForm(forms.ModelForm[Todo]):
    """A to-do in the admin; its list and tags must belong to its owner."""

    def clean_tags(self) -> "QuerySet[Tag]":
        tags: QuerySet[Tag] = self.cleaned_data["tags"]
        owner = self.cleaned_data.get("owner")
        if owner and any(tag.owner_id != owner.pk for tag in tags):
            raise forms.ValidationError(_("Choose tags of the same owner."))
        return tags
