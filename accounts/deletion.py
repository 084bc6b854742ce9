"""Deletes accounts in batches, seven days after the request.

A request logs out all devices. Until the deadline, a log-in and a mail offer to keep the account;
after it nothing does. Each batch is a transaction of its own. If the process dies, the account
stays due, and the next run continues.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any, Final, cast

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.audit import Kind, record, record_deletion
from accounts.models import Invitation, LimitPlace, User
from core.feed import writing
from core.models import Counter, IdempotencyKey

GRACE: Final = timedelta(days=7)
BATCH: Final = 1_000
_SALT: Final = "accounts.deletion"

Eraser = Callable[[User], Iterable[QuerySet[Any]]]
ERASERS: Final[list[Eraser]] = []

logger = logging.getLogger(__name__)


def register(eraser: Eraser) -> None:
    """Add a function that yields rows of an account which no foreign key deletes. It runs before
    all other deletions.
    """
    ERASERS.append(eraser)


def ask(user: User, request: Any, *, actor: User | None = None) -> datetime:
    """Ask for the deletion of the account; returns its time. A repeat changes nothing."""
    with transaction.atomic():
        known = User.objects.select_for_update().get(pk=user.pk)
        if known.deletion_at is not None and not known.is_active:
            asked: datetime = known.deletion_at
            return asked
        at = timezone.now() + GRACE
        User.objects.filter(pk=user.pk).update(is_active=False, deletion_at=at)
        record(user, Kind.DELETION_ASKED, request, actor=actor)
        end_sessions(user)
    user.is_active, user.deletion_at = False, at
    return at


def end_sessions(user: User) -> None:
    for session in UserSession.objects.filter(user=user):
        session.end()


def keep_token(user: User) -> str:
    """A token that can only cancel this deletion, as long as it is pending."""
    at = cast("datetime", user.deletion_at)
    return signing.dumps([str(user.pk), at.timestamp()], salt=_SALT)


def waiting(token: str) -> User | None:
    """The account of this token, if its deletion can still be cancelled."""
    try:
        key, asked = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    found = User.objects.filter(pk=key, deletion_at__gt=timezone.now()).first()
    is_right = found and found.deletion_at and found.deletion_at.timestamp() == asked
    return found if is_right else None


def keep(token: str, request: Any) -> User | None:
    """Cancel the deletion; returns the account, or None for a used, expired or invalid token."""
    user = waiting(token)
    return user if user and cancel(user, request) else None


def cancel(user: User, request: Any, *, actor: User | None = None) -> bool:
    now = timezone.now()
    with transaction.atomic():
        due = User.objects.filter(pk=user.pk, deletion_at__gt=now)
        if not due.update(is_active=True, deletion_at=None):
            return False
        record(user, Kind.DELETION_CANCELLED, request, actor=actor)
    return True


def due(at: datetime) -> QuerySet[User]:
    """The accounts to delete. Skips active ones, which staff may have enabled without `cancel`."""
    found: QuerySet[User] = User.objects.filter(deletion_at__lte=at, is_active=False)
    return found.order_by("deletion_at", "pk")


def begin(user: User) -> None:
    """Make the deletion irrevocable; any later run can continue it."""
    User.objects.filter(pk=user.pk).update(is_active=False, deletion_at=timezone.now())
    end_sessions(user)


def erase(user: User, *, actor: User | None = None) -> bool:
    """Delete everything of a due account. Can be repeated.

    `actor` is the member of staff who deletes it, if any. False if another run was faster.
    """
    if not User.objects.filter(pk=user.pk).exists():
        return False
    end_sessions(user)
    for rows in _rows_of(user):
        with suppress(IntegrityError):  # a row just written for it is deleted with the account
            while _erase_some(rows):
                pass
    try:
        _finish(user, actor)
    except User.DoesNotExist:
        return False
    return True


def _rows_of(user: User) -> Iterator[QuerySet[Any]]:
    addresses = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    yield Invitation.objects.filter(email__in=[user.email, *addresses])
    for eraser in ERASERS:
        yield from eraser(user)
    for model, column in owned_columns():
        yield QuerySet(model).filter(**{column: user.pk})


def owned_columns() -> list[tuple[type[models.Model], str]]:
    """The tables whose rows are deleted with their account, referring tables first."""
    found = {
        model: column.attname
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if column.remote_field is not None
        and column.related_model is User
        and getattr(column.remote_field, "on_delete", None) is models.CASCADE
    }
    order: TopologicalSorter[type[models.Model]] = TopologicalSorter()
    for model in found:
        order.add(model)
        for column in model._meta.concrete_fields:
            if column.related_model in found and column.related_model is not model:
                order.add(column.related_model, model)
    return [(model, found[model]) for model in order.static_order()]


@transaction.atomic
def _erase_some(rows: QuerySet[Any]) -> int:
    """Delete without the feed, because no device is left to sync."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    _forget_log_entries(rows.model, keys)
    QuerySet(rows.model).filter(pk__in=keys).delete()
    return len(keys)


def _forget_log_entries(model: type[models.Model], keys: list[Any]) -> None:
    """Delete the admin's log entries about these rows, which contain their titles."""
    of_model = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
    of_model.filter(object_id__in=[str(key) for key in keys]).delete()


@transaction.atomic
def _finish(user: User, actor: User | None) -> None:
    """Delete the account itself, and rows that were written in the meantime."""
    with writing(user.pk):
        locked = User.objects.select_for_update().get(pk=user.pk)
        _forget_log_entries(User, [user.pk])
        locked.delete()
    named = str(user.pk)
    Counter.objects.filter(scope__contains=named).delete()
    LimitPlace.objects.filter(scope__contains=named).delete()
    IdempotencyKey.objects.filter(scope__contains=named).delete()
    record_deletion(actor)
