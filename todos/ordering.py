"""The manual order of an account's lists, filters, and to-dos, which is one order for all lists.

All of it is for whoever is `writing`: the account's counter is locked, so two that move at once
wait for each other and never choose one key.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Max, Min, Q, Value, When
from django.db.models.functions import Length

from core.feed import SyncedQuerySet, stamp, writing
from core.order_keys import LONGEST, between, spread
from todos.models import List, SavedFilter, Todo
from todos.models.columns import UNPLACED

RENEWED: Final = 64  # longer keys are renewed by the nightly job
SHORT: Final = 32  # what is renewed is at most so long
_BATCH: Final = 200
SIDES: Final = frozenset({"after", "before"})
_Ends = tuple[str | None, str | None]


class NoNeighborError(LookupError):
    """There is no such row to stand beside."""


def before_first(rows: SyncedQuerySet) -> str:
    """A key in front of all rows of an account."""
    return _room(rows, lambda: (None, _end(rows, Min)))


def after_last(rows: SyncedQuerySet) -> str:
    return _room(rows, lambda: (_end(rows, Max), None))


def moved(row: Any, **place: Any) -> dict[str, Any]:
    """The columns that a move changes: to a `list`, a `parent` or a `position`, or beside a peer.

    `after` and `before` name the peer. That of a to-do is in the list and below the parent that it
    has, or moves to. Raises NoNeighborError.
    """
    peers = type(row).objects.owned_by(row.owner)
    columns = {name: value for name, value in place.items() if name not in SIDES}
    if isinstance(row, Todo):
        columns |= _home(row, columns)
        peers = peers.filter(list=columns["list"], parent=columns["parent"])
    for name in SIDES & place.keys():
        columns["position"] = _beside(row, peers, place[name], is_after=name == "after")
    return columns


def _home(todo: Todo, place: Mapping[str, Any]) -> dict[str, Any]:
    """Its list and its parent; of the two the parent holds, unless only the list is named."""
    parent = place.get("parent", todo.parent)
    if parent is None:
        return {"list": place.get("list", todo.list), "parent": None}
    if "parent" not in place and place.get("list", parent.list) != parent.list:
        return {"list": place["list"], "parent": None}
    return {"list": parent.list, "parent": parent}


def _beside(row: Any, peers: SyncedQuerySet, key: UUID, *, is_after: bool) -> str:
    """A key for the row right behind, or before, the peer of this id: its own if it stands there.

    Raises NoNeighborError if none of the peers has the id.
    """
    neighbor = peers.filter(pk=key).first()
    if neighbor is None:
        raise NoNeighborError
    following = _next(peers, neighbor, is_after=is_after)
    if row.pk in (neighbor.pk, getattr(following, "pk", None)):
        position: str = row.position
        return position
    others = type(row).objects.of(row.account_id).exclude(pk=row.pk)
    return _room(others, lambda: _around(others, key, is_after=is_after))


def _end(rows: SyncedQuerySet, which: Any) -> str | None:
    end: str | None = rows.exclude(position=UNPLACED).aggregate(end=which("position"))["end"]
    return end


def _around(rows: SyncedQuerySet, key: UUID, *, is_after: bool) -> _Ends:
    neighbor = rows.get(pk=key)
    following = _next(rows, neighbor, is_after=is_after)
    ends = (neighbor.position, following.position if following else None)
    return ends if is_after else ends[::-1]


def _next(rows: SyncedQuerySet, row: Any, *, is_after: bool) -> Any:
    """The row next to it on this side, or None."""
    beyond, sign = ("gt", "") if is_after else ("lt", "-")
    further = Q(**{f"position__{beyond}": row.position})
    same = Q(position=row.position, **{f"pk__{beyond}": row.pk})
    return rows.filter(further | same).order_by(f"{sign}position", f"{sign}pk").first()


def _room(rows: SyncedQuerySet, ends: Callable[[], _Ends]) -> str:
    """A key between the ends. If there is no room, rows around them get other keys first."""
    lower, upper = ends()
    if lower is not None and lower == upper:
        _renew(rows, lambda key: key == lower)
    else:
        found = between(lower, upper)
        if len(found) <= LONGEST:
            return found
        _renew(rows, _is_long)
    return between(*ends())


def _is_long(key: str) -> bool:
    return len(key) > RENEWED


def renew_all() -> int:
    """Shorter keys for the rows whose keys have grown long, and for those of the former release.

    Each account in a transaction of its own; how many rows it was.
    """
    changed = 0
    for model in (List, SavedFilter, Todo):
        long = model.objects.alias(length=Length("position")).filter(length__gt=RENEWED)
        for account in sorted(long.accounts()):
            with writing(account):
                changed += _renew(model.objects.of(account), _is_long)
    return changed


def _renew(rows: SyncedQuerySet, is_crowded: Callable[[str], bool]) -> int:
    """Spread the shortest run of rows that has all the crowded ones, in the order they have."""
    order = sorted(
        rows.values_list("position", _former(rows.model), "pk"),
        key=lambda it: (it[0], it[1] if it[0] == UNPLACED else 0, it[2]),
    )
    crowded = [place for place, (key, _former, _pk) in enumerate(order) if is_crowded(key)]
    if not crowded:  # another run was here first
        return 0
    first, keys = _spread([key for key, _former, _pk in order], crowded[0], crowded[-1] + 1)
    new = {order[first + number][2]: key for number, key in enumerate(keys)}
    _write(rows, new)
    return len(new)


def _former(model: Any) -> Any:
    """The column of the former release, if that has known the model."""
    is_there = any(column.name == "former_position" for column in model._meta.concrete_fields)
    return "former_position" if is_there else Value(0)


def _spread(keys: list[str], first: int, last: int) -> tuple[int, list[str]]:
    """New keys for this run, or a longer one until they are short; and where it begins."""
    while True:
        lower = keys[first - 1] if first else None
        upper = keys[last] if last < len(keys) else None
        found = spread(lower, upper, last - first)
        if (lower is None and upper is None) or max(map(len, found)) <= SHORT:
            return first, found
        width = last - first
        first, last = max(first - width, 0), min(last + width, len(keys))


def _write(rows: SyncedQuerySet, new: dict[UUID, str]) -> None:
    keys = list(new)
    [account] = rows.accounts()
    for start in range(0, len(keys), _BATCH):
        some = keys[start : start + _BATCH]
        cases = (When(pk=key, then=Value(new[key])) for key in some)
        stamp(account, rows.filter(pk__in=some), position=Case(*cases))
