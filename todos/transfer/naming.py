"""Ids of imported objects: those of the file, unless another account or a deletion uses them.

Ids are unique across accounts and never reused. So an object that cannot keep its id gets the
UUIDv5 of it in the namespace of the account, which is the same in every import of the file.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from django.db.models import QuerySet

from core import ids
from core.feed import FeedEntry, Synced


class Names:
    """The ids of one kind of object of one account."""

    def __init__(self, account_id: UUID, model: type[Synced]) -> None:
        self.account_id, self.model = account_id, model

    def key(self, text: Any) -> UUID:
        """The key of an id in the file, which may be any text."""
        if (key := ids.read(text)) is not None:
            return key
        return uuid5(self.account_id, str(text).encode(errors="replace").decode())

    def found(self, keys: Iterable[UUID]) -> dict[UUID, tuple[UUID, bool]]:
        """The id for each key, and whether the object already exists."""
        found: dict[UUID, tuple[UUID, bool]] = {}
        waiting = {key: key for key in keys}
        number = 0
        while waiting:
            number += 1
            own, taken = self._known({*waiting.values()})
            for key, name in list(waiting.items()):
                if name in own or name not in taken:
                    found[key] = (name, name in own)
                    del waiting[key]
                else:
                    waiting[key] = uuid5(
                        self.account_id, f"{key}{f' {number}' if number > 1 else ''}"
                    )
        return found

    def _known(self, names: Collection[UUID]) -> tuple[set[UUID], set[UUID]]:
        """The ids that the account uses, and those that it must not use."""
        key = self.model.feed_key
        rows: QuerySet[Any] = QuerySet(self.model).filter(**{f"{key}__in": names})
        owners: Mapping[UUID, UUID] = dict(rows.values_list(key, self.model.account_column))
        own = {name for name, owner in owners.items() if owner == self.account_id}
        dead = FeedEntry.objects.filter(
            account=self.account_id, kind=self.model.feed_kind, object_id__in=names, deleted=True
        )
        return own, ({*owners} - own) | {*dead.values_list("object_id", flat=True)}
