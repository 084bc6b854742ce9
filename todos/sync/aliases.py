"""Resolves former names of tags, for devices that were offline during a renaming."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from core.values import fold
from todos.models import TagAlias


class Aliases:
    """The aliases of one request. `place` is how far the device has read the feed, if known."""

    def __init__(self, account: User, place: int | None) -> None:
        self.account, self.place = account, place
        self.are_there: bool | None = None  # not yet known

    def forget(self) -> None:
        """Read the aliases again, because a tag may have been renamed."""
        self.are_there = None

    def current(self, names: Iterable[str], at: datetime, *, is_unseen: bool) -> list[str]:
        """The current names of the tags in an operation that happened at this moment.

        `is_unseen`: the tags of the object have changed and the device has not seen it.
        """
        wanted = {fold(name): name for name in names}
        every = TagAlias.objects.filter(tag__owner=self.account)
        if self.are_there is None:
            self.are_there = every.exists()
        if not self.are_there:
            return list(wanted.values())
        held = every.filter(folded__in=wanted)
        for alias in held.select_related("tag").order_by("-seq"):  # the first unseen one
            if self._is_unseen(alias, at, is_unseen=is_unseen):
                wanted[alias.folded] = alias.tag.name
        return list(wanted.values())

    def _is_unseen(self, alias: TagAlias, at: datetime, *, is_unseen: bool) -> bool:
        if at < alias.renamed_at:
            return True
        return is_unseen if self.place is None else self.place < alias.seq
