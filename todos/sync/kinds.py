"""The kinds of synced objects, and how each is read and serialized."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch

from accounts.api.serializers import ProfileSerializer
from accounts.models import User
from core.values import FoldedField
from todos.api.saved_filters import SavedFilterSerializer
from todos.api.serializers import ListSerializer, TodoSerializer, TodoTagSerializer
from todos.models import Tag

VERBS: Final = ("create", "update", "move", "finish", "reopen", "trash", "restore", "purge")


@dataclass(frozen=True)
class Kind:
    """`verbs` are the operations that a device may apply to the kind."""

    serializer: type[Any]
    verbs: frozenset[str]
    shows: tuple[str, ...] = ()  # relations in responses: the names of tags

    @property
    def model(self) -> Any:
        return self.serializer.Meta.model

    @property
    def name(self) -> str:
        name: str = self.model.feed_kind
        return name

    def found(self, account: User, keys: Iterable[UUID]) -> dict[UUID, Any]:
        """The account's rows with these ids, in the trash or not."""
        rows = list(self._wanted(account, keys).prefetch_related(*self.shows))
        for row in rows:
            if hasattr(row, "owner_id"):
                row.owner = account  # saves a query
        return {self.key(row): row for row in rows}

    def read(self, account: User, keys: Iterable[UUID]) -> dict[UUID, Any]:
        """As `found`, but read-only, without columns that no response contains."""
        tags = (Prefetch(name, Tag.objects.only("name")) for name in self.shows)
        rows = self._wanted(account, keys).defer(*self._unshown).prefetch_related(*tags)
        return {self.key(row): row for row in rows}

    def _wanted(self, account: User, keys: Iterable[UUID]) -> Any:
        return self.model.objects.of(account.pk).filter(**{f"{self.model.feed_key}__in": keys})

    @cached_property
    def _unshown(self) -> list[str]:
        columns = self.model._meta.concrete_fields
        return ["changed_in", *(it.name for it in columns if isinstance(it, FoldedField))]

    def key(self, row: Any) -> UUID:
        key: UUID = getattr(row, self.model.feed_key)
        return key

    def show(self, row: Any) -> dict[str, Any]:
        shown: dict[str, Any] = self._shape.to_representation(row)
        return shown

    @cached_property
    def _shape(self) -> Any:
        """One serializer for all rows, because each looks up its fields anew."""
        return self.serializer()


_ALL: Final = (
    Kind(ListSerializer, frozenset({"create", "update", "move", "purge"})),
    Kind(SavedFilterSerializer, frozenset({"create", "update", "move", "purge"})),
    Kind(TodoTagSerializer, frozenset({"create", "update", "purge"})),
    Kind(TodoSerializer, frozenset(VERBS), shows=("tags",)),
    Kind(ProfileSerializer, frozenset({"update"})),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})
