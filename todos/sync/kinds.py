"""The kinds of objects that devices keep, and how each is read and shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from accounts.api.serializers import ProfileSerializer
from accounts.models import User
from todos.api.saved_filters import SavedFilterSerializer
from todos.api.serializers import ListSerializer, TodoSerializer, TodoTagSerializer

VERBS: Final = ("create", "update", "move", "finish", "reopen", "trash", "restore", "purge")


@dataclass(frozen=True)
class Kind:
    """`verbs` are what a device may do with an object of the kind."""

    serializer: type[Any]
    verbs: frozenset[str]
    shows: tuple[str, ...] = ()  # relations that the serializer reads

    @property
    def model(self) -> Any:
        return self.serializer.Meta.model

    @property
    def name(self) -> str:
        name: str = self.model.feed_kind
        return name

    def found(self, account: User, keys: Iterable[UUID]) -> dict[UUID, Any]:
        """The account's rows of these ids, in the trash or not."""
        wanted = self.model.objects.of(account.pk).filter(**{f"{self.model.feed_key}__in": keys})
        rows = list(wanted.prefetch_related(*self.shows))
        for row in rows:
            if hasattr(row, "owner_id"):
                row.owner = account  # at hand, not to be asked for again
        return {self.key(row): row for row in rows}

    def key(self, row: Any) -> UUID:
        key: UUID = getattr(row, self.model.feed_key)
        return key

    def show(self, row: Any) -> dict[str, Any]:
        return dict(self.serializer(row).data)


_ALL: Final = (
    Kind(ListSerializer, frozenset({"create", "update", "move", "purge"})),
    Kind(SavedFilterSerializer, frozenset({"create", "update", "move", "purge"})),
    Kind(TodoTagSerializer, frozenset({"create", "update", "purge"})),
    Kind(TodoSerializer, frozenset(VERBS), shows=("tags",)),
    Kind(ProfileSerializer, frozenset({"update"})),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})
