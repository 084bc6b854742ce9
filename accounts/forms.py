"""Forms of the account pages."""

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User, validate_time_zone


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth is untyped
    """Also learns the browser's time zone, so that "today" is right from the first minute."""

    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_time_zone(self) -> str:
        """What the browser says is a hint: an unknown zone is UTC, not an error."""
        zone: str = self.cleaned_data["time_zone"]
        try:
            validate_time_zone(zone)
        except ValidationError:
            return "UTC"
        return zone

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["time_zone"])


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name", "time_zone", "language")
