"""Records the signals of allauth's pages and API as security events."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import (
    email_added,
    email_changed,
    email_removed,
    password_changed,
    password_reset,
    password_set,
    user_signed_up,
)
from django.contrib.auth.signals import user_logged_in
from django.dispatch import Signal, receiver

from accounts.audit import Kind, record
from accounts.models import User

_KINDS: dict[Signal, Kind] = {
    user_signed_up: Kind.SIGNED_UP,
    user_logged_in: Kind.LOGGED_IN,
    password_changed: Kind.PASSWORD_CHANGED,
    password_set: Kind.PASSWORD_CHANGED,
    password_reset: Kind.PASSWORD_RESET,
}


@receiver([*_KINDS])
def note(signal: Signal, request: Any, user: User, **kwargs: Any) -> None:
    record(user, _KINDS[signal], request)


@receiver(email_added)
def note_added(request: Any, user: User, email_address: EmailAddress, **kwargs: Any) -> None:
    record(user, Kind.EMAIL_ADDED, request, email=email_address.email)


@receiver(email_removed)
def note_removed(request: Any, user: User, email_address: EmailAddress, **kwargs: Any) -> None:
    record(user, Kind.EMAIL_REMOVED, request, email=email_address.email)


@receiver(email_changed)
def note_changed(request: Any, user: User, to_email_address: EmailAddress, **kwargs: Any) -> None:
    record(user, Kind.EMAIL_CHANGED, request, email=to_email_address.email)
