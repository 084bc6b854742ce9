"""Which address may be added to an account, and which may become the one it logs in with.

Allauth lets an unverified address become primary while the account has no verified one, and knows
nothing of User.email, which is unique: one could block the sign-up of an address's owner.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from allauth.account.signals import _add_email

from accounts.models import User


def can_be_primary(address: EmailAddress) -> bool:
    """Only a proved address that no other account logs in with; the present one may stay."""
    if not address.pk:
        return False
    proved = address.verified and not _logs_in_another(address.email, address.user)
    return bool(address.primary or proved)


def refuse_taken(email: str, user: User, **kwargs: Any) -> None:
    """Said where a sign-up says it too; elsewhere only the owner of the mailbox may learn it."""
    if _logs_in_another(email, user) and manage_email.assess_unique_email(email, user) is False:
        raise get_adapter().validation_error("email_taken")


def install() -> None:
    """Allauth offers no adapter method for either; its page and its API both come through here."""
    manage_email.can_mark_as_primary = can_be_primary
    _add_email.connect(refuse_taken, dispatch_uid="accounts.addresses.refuse_taken")


def _logs_in_another(email: str, user: User) -> bool:
    return User.objects.filter(email=email.lower()).exclude(pk=user.pk).exists()
