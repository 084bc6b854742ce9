"""Rules for adding an e-mail address to an account and making it primary.

allauth lets an unverified address become primary while the account has no verified one, and does
not know that User.email is unique: one account could block the sign-up of an address's owner.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from allauth.account.signals import _add_email

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


def install() -> None:
    """allauth has no adapter methods for these rules; its page and its API both call these two."""
    manage_email.can_mark_as_primary = can_be_primary
    _add_email.connect(refuse_taken, dispatch_uid="accounts.email_addresses.refuse_taken")


def _logs_in_another(email: str, user: User) -> bool:
    logs_in: bool = User.objects.filter(email=email.lower()).exclude(pk=user.pk).exists()
    return logs_in
