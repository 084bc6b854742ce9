"""The manual order of an account's lists, filters and to-dos; to-dos of all lists share one order.

Call all functions in `writing()`: the locked counter prevents that concurrent moves choose the same
key.
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

RENEWED: Final = 64  # the nightly job shortens longer keys
SHORT: Final = 32  # the longest new key
_BATCH: Final = 200
SIDES: Final = frozenset({"after", "before"})
_Ends = tuple[str | None, str | None]


class NoNeighborError(LookupError):
    """The named neighbor does not exist."""


def before_first(rows: SyncedQuerySet) -> str:
    """A key before all rows of an account."""
    return _room(rows, lambda: (None, _end(rows, Min)))


def after_last(rows: SyncedQuerySet) -> str:
    return _room(rows, lambda: (_end(rows, Max), None))


def moved(row: Any, **place: Any) -> dict[str, Any]:
    """The columns of a move: to a `list`, a `parent` or a `position`, or next to a peer.

    `after` or `before` is the id of the peer. For a to-do, the peer has the same list and parent as
    the to-do after the move. Raises NoNeighborError.
    """
    peers = type(row).objects.owned_by(row.owner)
    columns = {name: value for name, value in place.items() if name not in SIDES}
    if isinstance(row, Todo):
        if columns.keys() & {"list", "parent"}:
            columns |= _home(row, columns)
        home = {"list": row.list_id, "parent": row.parent_id}
        peers = peers.filter(**{name: columns.get(name, key) for name, key in home.items()})
    for name in SIDES & place.keys():
        columns["position"] = _beside(row, peers, place[name], is_after=name == "after")
    return columns


def _home(todo: Todo, place: Mapping[str, Any]) -> dict[str, Any]:
    """The new list and parent. The parent determines the list, unless only a list is given."""
    parent = place.get("parent", todo.parent)
    if parent is None:
        return {"list": place.get("list", todo.list), "parent": None}
    if "parent" not in place and place.get("list", parent.list) != parent.list:
        return {"list": place["list"], "parent": None}
    return {"list": parent.list, "parent": parent}


def _beside(row: Any, peers: SyncedQuerySet, key: UUID, *, is_after: bool) -> str:
    """A key directly after or before the peer with this id; the present key if it fits.

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
    return _room(
        others,
        lambda: _around(others, others.get(pk=key), is_after=is_after),
        _around(others, neighbor, is_after=is_after),
    )


def _end(rows: SyncedQuerySet, which: Any) -> str | None:
    end: str | None = rows.exclude(position=UNPLACED).aggregate(end=which("position"))["end"]
    return end


def _around(rows: SyncedQuerySet, neighbor: Any, *, is_after: bool) -> _Ends:
    following = _next(rows, neighbor, is_after=is_after)
    ends = (neighbor.position, following.position if following else None)
    return ends if is_after else ends[::-1]


def _next(rows: SyncedQuerySet, row: Any, *, is_after: bool) -> Any:
    """The next row on this side, or None."""
    beyond, sign = ("gt", "") if is_after else ("lt", "-")
    further = Q(**{f"position__{beyond}": row.position})
    same = Q(position=row.position, **{f"pk__{beyond}": row.pk})
    here = rows.filter(**{f"position__{beyond}e": row.position})  # where the index begins to read
    return here.filter(further | same).order_by(f"{sign}position", f"{sign}pk").first()


def _room(rows: SyncedQuerySet, ends: Callable[[], _Ends], present: _Ends | None = None) -> str:
    """A key between the ends. If there is no room, rows around them get new keys first.

    `present` is what `ends()` would return now, if the caller knows it.
    """
    lower, upper = present or ends()
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
    """Shorten long keys, and give keys to rows of the former release.

    Uses one transaction per account. Returns the number of rows.
    """
    changed = 0
    for model in (List, SavedFilter, Todo):
        long = model.objects.alias(length=Length("position")).filter(length__gt=RENEWED)
        for account in sorted(long.accounts()):
            with writing(account):
                changed += _renew(model.objects.of(account), _is_long)
    return changed


def _renew(rows: SyncedQuerySet, is_crowded: Callable[[str], bool]) -> int:
    """Give new keys to the shortest run of rows that contains all crowded ones."""
    order = sorted(
        rows.values_list("position", _former(rows.model), "pk"),
        key=lambda it: (it[0], it[1] if it[0] == UNPLACED else 0, it[2]),
    )
    crowded = [place for place, (key, _former, _pk) in enumerate(order) if is_crowded(key)]
    if not crowded:  # another run was faster
        return 0
    first, keys = _spread([key for key, _former, _pk in order], crowded[0], crowded[-1] + 1)
    new = {order[first + number][2]: key for number, key in enumerate(keys)}
    _write(rows, new)
    return len(new)


def _former(model: Any) -> Any:
    """The column of the former release, if the model has one."""
    is_there = any(column.name == "former_position" for column in model._meta.concrete_fields)
    return "former_position" if is_there else Value(0)


def _spread(keys: list[str], first: int, last: int) -> tuple[int, list[str]]:
    """The start of the run and its new keys; extends the run until the keys are short."""
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
