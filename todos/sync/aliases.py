"""Tags that were renamed while a device was away: what it calls them still means them."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from core.text import fold
from todos.models import TagAlias


class Aliases:
    """Of one request; `place` is how far the device has read the feed, if it says so."""

    def __init__(self, account: User, place: int | None) -> None:
        self.account, self.place = account, place
        self.are_there: bool | None = None  # not known

    def forget(self) -> None:
        """A tag may have been renamed."""
        self.are_there = None

    def current(self, names: Iterable[str], at: datetime, *, is_unseen: bool) -> list[str]:
        """The names as they are now, for an operation that happened at this moment.

        `is_unseen` says that the tags of its object have changed behind its back.
        """
        wanted = {fold(name): name for name in names}
        every = TagAlias.objects.filter(tag__owner=self.account)
        if self.are_there is None:
            self.are_there = every.exists()
        if not self.are_there:
            return list(wanted.values())
        held = every.filter(folded__in=wanted)
        for alias in held.select_related("tag").order_by("-seq"):  # the first one unheard of
            if self._is_unheard_of(alias, at, is_unseen=is_unseen):
                wanted[alias.folded] = alias.tag.name
        return list(wanted.values())

    def _is_unheard_of(self, alias: TagAlias, at: datetime, *, is_unseen: bool) -> bool:
        if at < alias.renamed_at:
            return True
        return is_unseen if self.place is None else self.place < alias.seq
