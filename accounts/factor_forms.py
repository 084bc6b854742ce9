"""Forms of the second factor: allauth's forms with the product's texts."""

from typing import Any, ClassVar

from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import OurWords

CODE = _("Code")


class CredentialField(forms.JSONField):
    """The browser's data of a passkey: a JSON object. Refuses one that is nested too deeply."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except RecursionError:
            found = value
        if found is not None and not isinstance(found, dict):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return found


for _form in (
    webauthn.AddWebAuthnForm,
    webauthn.AuthenticateWebAuthnForm,
    webauthn.LoginWebAuthnForm,
    webauthn.ReauthenticateWebAuthnForm,
):
    _form.base_fields["credential"] = CredentialField()  # and of the forms below


class AuthenticateForm(OurWords, base.AuthenticateForm):  # type: ignore[misc]  # allauth is untyped
    labels: ClassVar[dict[str, Any]] = {"code": CODE}


class ReauthenticateForm(OurWords, base.ReauthenticateForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"code": CODE}


class ActivateAppForm(OurWords, totp.ActivateTOTPForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"code": CODE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddPasskeyForm(OurWords, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """Every passkey allows a log-in by itself."""

    labels: ClassVar[dict[str, Any]] = {"name": _("Name")}
    passwordless = None  # removes the field
    name = forms.CharField(required=False, max_length=100)


class RenamePasskeyForm(OurWords, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    labels: ClassVar[dict[str, Any]] = {"name": _("Name")}
    name = forms.CharField(max_length=100)
