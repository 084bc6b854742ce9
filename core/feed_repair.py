"""Feeds of a database that was restored, and of one that a former release has written to."""

import uuid
from typing import Any, Final

from django.apps import apps
from django.db.models import Exists, F, OuterRef, QuerySet

from core.db_functions import RandomUUID
from core.feed import BATCH, FeedCounter, FeedEntry, Synced, SyncedQuerySet, draw, stamp, writing

VERSIONS_APART: Final = 1_000_000  # more than an object can have had since the backup


def synced_models() -> list[type[Synced]]:
    return [model for model in apps.get_models() if issubclass(model, Synced)]


def begin_epoch(account_id: uuid.UUID) -> None:
    """After a restore: every device syncs from the start, and no version is given twice.

    A version from the lost time would otherwise pass for one that has seen what came after it.
    """
    raised = F("version") + VERSIONS_APART
    with writing(account_id):
        FeedCounter.objects.filter(account=account_id).update(epoch=RandomUUID())
        FeedEntry.objects.filter(account=account_id).update(version=raised)
        for model in synced_models():
            SyncedQuerySet(model).of(account_id).update(version=raised)


def feed_unfed(model: type[Synced]) -> list[Any]:
    """The keys of rows that were written past the feed; they are in it now.

    Nobody knows which members were changed, so all of them count as changed.
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
    """Tell devices of rows that were deleted past the feed; how many it was."""
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
