"""Forms of the account pages: allauth's forms with the product's texts and autofocus."""

from typing import Any, ClassVar

from allauth.account import forms as allauth
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    REMINDING,
    Channel,
    User,
    WeekStart,
    language_choices,
    time_zone_names,
    validate_time_zone,
)
from accounts.password_rules import hints
from accounts.registration import (
    admit,
    by_invitation,
    check_domain,
    check_newcomer,
    presented,
)

NEW_PASSWORD, AGAIN = _("New password"), _("New password, once more")


class OurWords:
    """Sets labels in sentence case, removes placeholders, and adds hints for a new password.

    The first field has the focus, or the first field with an error.
    """

    labels: ClassVar[dict[str, Any]] = {}
    fields: dict[str, Any]
    begins = True  # the form is the main content of the page

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self.fields["password1"].help_text = ""
            self.rules = hints()
        self._focus()

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        self._focus()

    def _focus(self) -> None:
        fields = self.fields
        shown = [name for name, field in fields.items() if not field.widget.is_hidden]
        refused = [name for name in shown if name in (getattr(self, "_errors", None) or ())]
        for name in shown:
            fields[name].widget.attrs.pop("autofocus", None)
        if refused or (self.begins and shown):
            fields[(refused or shown)[0]].widget.attrs["autofocus"] = True


class LoginForm(OurWords, allauth.LoginForm):  # type: ignore[misc]  # allauth is untyped
    """Marks the address as the user name for password managers."""

    labels: ClassVar[dict[str, Any]] = {"login": _("Email"), "password": _("Password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignupForm(OurWords, allauth.SignupForm):  # type: ignore[misc]  # allauth is untyped
    """Also stores the browser's time zone, so that "today" is correct from the start."""

    labels: ClassVar[dict[str, Any]] = {"email": _("Email"), "password1": _("Password")}
    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "username"
        invitation = presented(context.request) if by_invitation() else None
        if invitation:
            self.fields["email"].initial = invitation.email

    def clean_email(self) -> str:
        check_newcomer(self.cleaned_data["email"])
        email: str = super().clean_email()
        return email

    def clean_time_zone(self) -> str:
        """Replace an unknown time zone by UTC: the browser's zone is only a hint."""
        zone: str = self.cleaned_data["time_zone"]
        try:
            validate_time_zone(zone)
        except ValidationError:
            return "UTC"
        return zone

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Take as long for a used address as for a new one, so that timing discloses nothing."""
        admit(request)
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        saved: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return saved

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["time_zone"])


class AddEmailForm(OurWords, allauth.AddEmailForm):  # type: ignore[misc]  # allauth is untyped
    labels: ClassVar[dict[str, Any]] = {"email": _("Email")}
    begins = False

    def clean_email(self) -> str:
        check_domain(self.cleaned_data["email"])
        email: str = super().clean_email()
        return email


class ChangePasswordForm(OurWords, allauth.ChangePasswordForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {
        "oldpassword": _("Current password"),
        "password1": NEW_PASSWORD,
        "password2": AGAIN,
    }


class SetPasswordForm(OurWords, allauth.SetPasswordForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"password1": NEW_PASSWORD, "password2": AGAIN}


class ResetPasswordForm(OurWords, allauth.ResetPasswordForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"email": _("Email")}


class ResetPasswordKeyForm(OurWords, allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"password1": NEW_PASSWORD, "password2": AGAIN}


class ReauthenticateForm(OurWords, allauth.ReauthenticateForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"password": _("Password")}


class ConfirmEmailForm(OurWords, allauth.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"code": _("Code")}


class ConfirmResetForm(OurWords, allauth.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"code": _("Code")}


class LongSelect(forms.Select):
    """Django renders two templates for each option, which for all time zones takes 70 ms."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        options = format_html_join(
            "",
            '  <option value="{}"{}>{}</option>\n',
            (
                (option["value"], flatatt(option["attrs"]), option["label"])
                for _group, of_group, _place in widget["optgroups"]
                for option in of_group
            ),
        )
        attributes = flatatt(widget["attrs"])
        return format_html('<select name="{}"{}>\n{}</select>', name, attributes, options)


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name", "time_zone", "language", "week_start", *REMINDING)
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
        widgets = {
            name: forms.TextInput({"type": "time"}) for name in ("quiet_from", "quiet_until")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        if self.is_bound:  # perhaps sent by a page of the former release without these fields
            for name in REMINDING:
                if name not in self.data:
                    del self.fields[name]
        self.channels_off = [Channel(name).label for name in sorted(self.instance.channels_off)]
        zones = sorted({*time_zone_names(), self.instance.time_zone})
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            widget=LongSelect,
            choices=[(zone, zone.replace("_", " ")) for zone in zones],
            help_text=_("Due dates and reminders follow it."),
        )
        languages = [("", _("As the browser says")), *language_choices()]
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=languages, required=False
        )
        days = [("", _("As usual in the language")), *WeekStart.choices]
        self.fields["week_start"] = forms.ChoiceField(
            label=_("First day of the week"), choices=days, required=False
        )

    @property
    def reminders(self) -> list[Any]:
        """The fields of the reminders card."""
        return [self[name] for name in REMINDING if name in self.fields]

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - Django's signature
        """A chosen reminder channel enables failed channels again."""
        if "reminder_channel" in self.fields:
            self.instance.channels_off = {}
        return super().save(commit)
