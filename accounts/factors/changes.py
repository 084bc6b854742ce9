"""Effects of a changed second factor, and its reset by an operator."""

import logging
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import devices, mails
from accounts.audit import Kind, record
from accounts.factors.proofs import METHOD
from accounts.models import User

logger = logging.getLogger(__name__)


@receiver(authenticator_added)
def count_as_proof(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """Count the setup of a factor as its use."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        facts = {"id": authenticator.pk, "type": authenticator.type, "reauthenticated": True}
        record_authentication(request, user, METHOD, **facts)


@receiver(authenticator_added)
def note_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    made = authenticator.type == Authenticator.Type.RECOVERY_CODES
    kind = Kind.RECOVERY_CODES_MADE if made else Kind.FACTOR_ADDED
    record(user, kind, request, type=authenticator.type)


@receiver(authenticator_removed)
def note_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    record(user, Kind.FACTOR_REMOVED, request, type=authenticator.type)


@receiver(authenticator_reset)
def note_new_codes(request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(user, Kind.RECOVERY_CODES_MADE, request)


@receiver(authenticator_used)
def note_used(
    request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        record(user, Kind.RECOVERY_CODE_USED, request)


@receiver((authenticator_added, authenticator_removed))
def end_other_devices(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Log out other devices, as a changed password does, so that they need the new factor."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        devices.end(user)


def reset(user: User) -> list[str]:
    """Remove all factors and sessions of a user who has lost them, and notify the user by mail."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        factors = Authenticator.objects.filter(user=user)
        types = sorted(factor.type for factor in factors)
        factors.delete()
        record(user, Kind.FACTOR_RESET, types=types)
        for device in UserSession.objects.filter(user=user):
            device.end()
    logger.warning("The second factor of account %s was reset by an operator", user.pk)
    if types:
        _tell(user)
    return types


def _tell(user: User) -> None:
    with mails.in_words_of(user):
        subject = _("Your second step was removed")
        text = _(
            "The operator of this server has removed the second step of your account and logged"
            " out every device. Your password is now enough to log in."
            "\n\nIf you did not ask for this, tell the operator now."
        )
        mails.tell(mails.in_both_forms(subject, text, [user.email]))
