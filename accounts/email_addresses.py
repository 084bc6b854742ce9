"""Which address may be added to an account, and which may become its log-in.

allauth lets an unverified address become primary while the account has no verified one, and does
not know that User.email is unique: one could block the sign-up of an address's owner.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from allauth.account.signals import _add_email

from accounts.models import User


def can_be_primary(address: EmailAddress) -> bool:
    """Only a verified address that no other account logs in with; the present one may stay."""
    if not address.pk:
        return False
    verified = address.verified and not _logs_in_another(address.email, address.user)
    return bool(address.primary or verified)


def refuse_taken(email: str, user: User, **kwargs: Any) -> None:
    """Refuse only if a sign-up would too; else only the owner of the mailbox may learn of it."""
    if _logs_in_another(email, user) and manage_email.assess_unique_email(email, user) is False:
        raise get_adapter().validation_error("email_taken")


def install() -> None:
    """allauth has no adapter method for either; its page and its API both call these two."""
    manage_email.can_mark_as_primary = can_be_primary
    _add_email.connect(refuse_taken, dispatch_uid="accounts.email_addresses.refuse_taken")


def _logs_in_another(email: str, user: User) -> bool:
    return User.objects.filter(email=email.lower()).exclude(pk=user.pk).exists()
