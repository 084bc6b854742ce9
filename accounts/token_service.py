"""Creates and revokes API tokens, with their security events and mails."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import password_reset
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import api_tokens
from accounts.audit import Kind, record
from accounts.models import ApiToken, User


def create(
    owner: User,
    request: HttpRequest,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    with transaction.atomic():
        row, token = api_tokens.issue(owner, name=name, scopes=scopes, expires_at=expires_at)
        record(owner, Kind.TOKEN_CREATED, request, name=row.name, scopes=row.scopes)
    get_adapter().send_notification_mail("account/email/token_created", owner, {"token": row})
    return row, token


def revoke(row: ApiToken, request: HttpRequest | None, *, actor: User | None = None) -> None:
    with transaction.atomic():
        record(row.owner, Kind.TOKEN_REVOKED, request, actor=actor, name=row.name)
        row.delete()


@receiver(password_reset)
def revoke_all(request: Any, user: User, **kwargs: Any) -> None:
    """Revoke all tokens after a password reset, because a thief may have the old password."""
    for row in ApiToken.objects.owned_by(user):
        revoke(row, request)
