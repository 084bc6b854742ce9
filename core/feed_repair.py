"""Repairs feeds after a restore, or after writes by a release that does not know the feed."""

import uuid
from typing import Any, Final

from django.apps import apps
from django.db.models import Exists, F, OuterRef, QuerySet

from core.db_functions import RandomUUID
from core.feed import BATCH, FeedCounter, FeedEntry, Synced, SyncedQuerySet, draw, stamp, writing

VERSIONS_APART: Final = 1_000_000  # more than an object can have gained since the backup


def synced_models() -> list[type[Synced]]:
    return [model for model in apps.get_models() if issubclass(model, Synced)]


def begin_epoch(account_id: uuid.UUID) -> None:
    """After a restore, make every device sync from the start, and reuse no version.

    Otherwise a device with a lost version could pass as one that has seen later changes.
    """
    raised = F("version") + VERSIONS_APART
    with writing(account_id):
        FeedCounter.objects.filter(account=account_id).update(epoch=RandomUUID())
        FeedEntry.objects.filter(account=account_id).update(version=raised)
        for model in synced_models():
            SyncedQuerySet(model).of(account_id).update(version=raised)


def feed_unfed(model: type[Synced]) -> list[Any]:
    """Add rows to the feed that were written without it, and return their keys.

    Which members changed is unknown, so all count as changed.
    """
    shown = [it.name for it in model._meta.many_to_many if issubclass(it.related_model, Synced)]
    members, keys = [*model.seen(), *shown], list[Any]()
    for account_id in sorted(_unfed(model).accounts()):
        with writing(account_id):
            own = list(_unfed(model).of(account_id).values_list("pk", flat=True))
            for start in range(0, len(own), BATCH):
                some = SyncedQuerySet(model).filter(pk__in=own[start : start + BATCH])
                stamp(account_id, some, *members)
        keys += own
    return keys


def bury_gone(model: type[Synced]) -> int:
    """Mark rows as deleted that were deleted without the feed, and return how many they are."""
    accounts = _gone(model).order_by().values_list("account", flat=True).distinct()
    total = 0
    for account_id in sorted(accounts):
        with writing(account_id):
            for entry in _gone(model).filter(account=account_id).order_by("seq"):
                entry.deleted, entry.version = True, entry.version + 1
                entry.seq = draw(account_id, 1)
                entry.save()
                total += 1
    return total


def _unfed(model: type[Synced]) -> SyncedQuerySet:
    fed = FeedEntry.objects.filter(
        account=OuterRef(model.account_column),
        kind=model.feed_kind,
        object_id=OuterRef(model.feed_key),
        version=OuterRef("version"),
        deleted=False,
    )
    return SyncedQuerySet(model).filter(~Exists(fed))


def _gone(model: type[Synced]) -> QuerySet[FeedEntry]:
    rows = {model.feed_key: OuterRef("object_id"), model.account_column: OuterRef("account")}
    entries = FeedEntry.objects.filter(kind=model.feed_kind, deleted=False)
    return entries.filter(~Exists(QuerySet(model).filter(**rows)))
