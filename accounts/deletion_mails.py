"""Mails about the deletion of an account."""

import logging

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.deletion import erase, keep_token
from accounts.mails import in_both_forms, in_words_of
from accounts.models import User

logger = logging.getLogger(__name__)


def tell_asked(user: User, request: HttpRequest) -> None:
    """Includes the link that cancels the deletion."""
    path = reverse("accounts:keep", args=[keep_token(user)])
    context = {"keep_url": request.build_absolute_uri(path), "at": user.deletion_at}
    get_adapter().send_notification_mail("account/email/deletion_asked", user, context)


def tell_kept(user: User) -> None:
    """Notify the owner, because the password alone is enough to cancel the deletion."""
    get_adapter().send_notification_mail("account/email/deletion_cancelled", user)


def erase_and_tell(user: User, *, actor: User | None = None) -> bool:
    """As `erase`; the run that finishes the deletion sends the receipt."""
    is_done = erase(user, actor=actor)
    if is_done:
        tell_deleted(user)
    return is_done


def tell_deleted(user: User) -> None:
    """Send the receipt; an error is only logged and does not stop the deletion."""
    try:
        with in_words_of(user), timezone.override(user.zone):
            prefix, context = "account/email/deleted", {"at": timezone.now()}
            subject = render_to_string(f"{prefix}_subject.txt").strip()
            text = render_to_string(f"{prefix}_message.txt", context).strip()
            in_both_forms(subject, text, [user.email]).send()
    except Exception:
        logger.exception("The receipt of a deleted account was not sent")
