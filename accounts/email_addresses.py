"""Rules for adding an e-mail address to an account and making it primary.

allauth lets an unverified address become primary while the account has no verified one, and does
not know that User.email is unique: one account could block the sign-up of an address's owner.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.fields import EmailField
from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from allauth.account.signals import _add_email
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.signals import pre_save

from accounts.mailboxes import canonical, key_of
from accounts.models import User


def can_be_primary(address: EmailAddress) -> bool:
    """A verified address that no other account logs in with, or the current primary address."""
    if not address.pk:
        return False
    verified = address.verified and not _logs_in_another(address.email, address.user)
    return bool(address.primary or verified)


def refuse_taken(email: str, user: User, **kwargs: Any) -> None:
    """Refuse only if a sign-up would refuse too; else only the mailbox's owner may find out."""
    if _logs_in_another(email, user) and manage_email.assess_unique_email(email, user) is False:
        raise get_adapter().validation_error("email_taken")


def clean_address(field: EmailField, value: Any) -> str:
    """The one spelling, of what a person typed into any form of allauth or sent to its API."""
    text = field.to_python(value)
    try:
        address = canonical(text)
    except ValueError as error:
        raise ValidationError(validate_email.message, code="invalid") from error
    cleaned: str = forms.EmailField.clean(field, address)
    return cleaned


def write_in_one_spelling(instance: EmailAddress, **kwargs: Any) -> None:
    """For what writes without a form; an old double stays as it was found."""
    if not instance.user.has_old_spelling:
        instance.email = key_of(instance.email)


def install() -> None:
    """allauth has no adapter methods for these rules; its page and its API both call them."""
    EmailField.clean = clean_address
    pre_save.connect(
        write_in_one_spelling, EmailAddress, dispatch_uid="accounts.email_addresses.spelling"
    )
    manage_email.can_mark_as_primary = can_be_primary
    _add_email.connect(refuse_taken, dispatch_uid="accounts.email_addresses.refuse_taken")


def _logs_in_another(email: str, user: User) -> bool:
    logs_in: bool = User.objects.filter(email=key_of(email)).exclude(pk=user.pk).exists()
    return logs_in
