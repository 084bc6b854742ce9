"""Forms of the account pages."""

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import REMINDING, User, language_choices, time_zone_names, validate_time_zone


class LoginForm(AllauthLoginForm):  # type: ignore[misc]  # allauth is untyped
    """The address is the user name for password managers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth is untyped
    """Also stores the browser's time zone, so that "today" is right from the start."""

    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "username"

    def clean_time_zone(self) -> str:
        """The browser's zone is a hint: an unknown one becomes UTC and is no error."""
        zone: str = self.cleaned_data["time_zone"]
        try:
            validate_time_zone(zone)
        except ValidationError:
            return "UTC"
        return zone

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """An address in use takes as long as a new one, so that the time does not disclose it."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["time_zone"])


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name", "time_zone", "language", *REMINDING)
        labels = {
            "name": _("Name"),
            "time_zone": _("Time zone"),
            "language": _("Language"),
            "reminder_channel": _("Remind me by"),
            "default_reminder": _("Minutes before a to-do with a time (empty: no reminder)"),
            "digest_hour": _("Hour for to-dos of a whole day"),
            "quiet_from": _("Quiet from"),
            "quiet_until": _("Quiet until"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        if self.is_bound:  # perhaps by a page of the release before, which does not ask for them
            for name in REMINDING:
                if name not in self.data:
                    del self.fields[name]
        zones = sorted({*time_zone_names(), self.instance.time_zone})
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"), choices=[(zone, zone.replace("_", " ")) for zone in zones]
        )
        languages = [("", _("As the browser says")), *language_choices()]
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=languages, required=False
        )
