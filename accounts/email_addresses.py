"""Rules for adding an e-mail address to an account and making it primary.

allauth lets an unverified address become primary if the account has no verified one, and does not
know that User.email is unique. So one account could block the sign-up of the address's owner.
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
    """Whether it is verified and no other account's log-in, or is already primary."""
    if not address.pk:
        return False
    verified = address.verified and not _logs_in_another(address.email, address.user)
    return bool(address.primary or verified)


def refuse_taken(email: str, user: User, **kwargs: Any) -> None:
    """Refuse only if a sign-up would too; otherwise only the mailbox's owner may find out."""
    if _logs_in_another(email, user) and manage_email.assess_unique_email(email, user) is False:
        raise get_adapter().validation_error("email_taken")


def clean_address(field: EmailField, value: Any) -> str:
    """The canonical form of an address in any form of allauth or in its API."""
    text = field.to_python(value)
    try:
        address = canonical(text)
    except ValueError as error:
        raise ValidationError(validate_email.message, code="invalid") from error
    cleaned: str = forms.EmailField.clean(field, address)
    return cleaned


def write_in_one_spelling(instance: EmailAddress, **kwargs: Any) -> None:
    """Normalize addresses that no form has cleaned, except old duplicates."""
    if not instance.user.has_old_spelling:
        instance.email = key_of(instance.email)


def install() -> None:
    """Replace allauth's functions for its page and its API; its adapter has no methods for them."""
    EmailField.clean = clean_address
    pre_save.connect(
        write_in_one_spelling, EmailAddress, dispatch_uid="accounts.email_addresses.spelling"
    )
    manage_email.can_mark_as_primary = can_be_primary
    _add_email.connect(refuse_taken, dispatch_uid="accounts.email_addresses.refuse_taken")


def _logs_in_another(email: str, user: User) -> bool:
    logs_in: bool = User.objects.filter(email=key_of(email)).exclude(pk=user.pk).exists()
    return logs_in
