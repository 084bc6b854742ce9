"""Subtasks: a change of a to-do may change its parents and subtasks.

`Todo.save` and `Todo.save_changes` call this, so it covers every entry point, with the account
locked. docs/api.md promises:

* A subtask is in the list of its parent.
* No open to-do is below a finished one, and none is below a trashed one.
* A subtask that was finished or trashed along with its parent is reopened or restored with it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.errors import Refused
from core.feed import stamp

LEVELS: Final = 3  # including the top level
SHARED: Final = frozenset({"deleted_at", "list", "parent", "status"})  # reach parents or subtasks


# --- Parents and subtasks -------------------------------------------------------------------------


def levels_below(todo: Any) -> "list[QuerySet[Any]]":
    """The direct subtasks, in the trash or not, and theirs."""
    rows = type(todo).objects.of(todo.owner_id)
    found = [rows.filter(parent=todo.pk)]
    while len(found) < LEVELS - 1:
        found.append(rows.filter(parent__in=found[-1].values("pk")))
    return found


def all_below(todo: Any) -> "QuerySet[Any]":
    first, *others = (level.order_by().values("pk") for level in levels_below(todo))
    rows: QuerySet[Any] = type(todo).objects.of(todo.owner_id)
    return rows.filter(pk__in=first.union(*others, all=True))


def check(todo: Any, parent: Any) -> None:
    """Raise Refused if `parent` cannot be the parent of the to-do."""
    if parent.owner_id != todo.owner_id or parent.deleted_at:
        raise Refused(_("There is no such to-do."), code="does_not_exist")
    above = [parent, *_above(parent)]
    if any(it.pk == todo.pk for it in above):
        raise Refused(_("A to-do cannot be its own subtask."), code="cycle")
    if len(above) + _height(todo) > LEVELS:
        raise Refused(_("To-dos have at most three levels."), code="too_deep")


def _above(todo: Any) -> list[Any]:
    """The parents, nearest first. Limited, because the former release could write cycles."""
    found: list[Any] = []
    while todo.parent is not None and len(found) < LEVELS:
        todo = todo.parent
        found.append(todo)
    return found


def _height(todo: Any) -> int:
    """The number of levels from the to-do down."""
    if todo._state.adding:  # noqa: SLF001 - nothing is below a new one
        return 1
    levels = (level.filter(deleted_at=None) for level in levels_below(todo))
    return 1 + sum(1 for _level in takewhile(QuerySet.exists, levels))


def _read(todo: Any) -> Any:
    """The stored parent with its own parents; None if there is none."""
    if todo.parent_id is None:
        return None
    rows = type(todo).objects.of(todo.owner_id).select_related("parent__parent")
    return rows.filter(pk=todo.parent_id).first()


# --- Creation -------------------------------------------------------------------------------------


@contextmanager
def joining(todo: Any) -> Iterator[None]:
    """Wraps the creation of a to-do, which may have a parent. Raises Refused."""
    if not todo.parent_id:
        yield
        return
    todo.parent = _found(todo)
    todo.list_id = todo.parent.list_id
    yield
    _open_above(todo, todo.parent)


def _found(todo: Any) -> Any:
    parent = _read(todo)
    if parent is None:
        raise Refused(_("There is no such to-do."), code="does_not_exist")
    check(todo, parent)
    return parent


# --- A change -------------------------------------------------------------------------------------


@contextmanager
def taking_along(todo: Any, members: Iterable[str]) -> Iterator[list[str]]:
    """Wraps a change of SHARED members; yields them plus the members that change with them.

    Raises Refused before anything is written.
    """
    names = [*members]
    names += [name for name in _follow(todo, names) if name not in names]
    finishing, trashing = todo.finished_with or todo.pk, todo.trashed_with or todo.pk
    if {"status", "parent"} & {*names}:
        todo.finished_with = None
    if "deleted_at" in names:
        todo.trashed_with = None
    yield names
    if {"status", "parent", "deleted_at"} & {*names} and not (todo.is_finished or todo.deleted_at):
        is_read = "parent" in names and "deleted_at" not in names
        _open_above(todo, todo.parent if is_read else _read(todo))
    if levels_below(todo)[0].exists():
        todo.has_reached_others = True
        _move_below(todo, names)
        _trash_below(todo, names, trashing)
        _finish_below(todo, names, finishing)


def _follow(todo: Any, names: list[str]) -> list[str]:
    """The members that change with a new parent or list."""
    is_back = "deleted_at" in names and todo.deleted_at is None
    if todo.parent_id is None or not ("parent" in names or "list" in names or is_back):
        return []
    if "parent" in names and not is_back:
        todo.parent = _found(todo)
        return _join_list(todo)
    parent = _read(todo)
    if parent is None or parent.deleted_at or parent.list_id != todo.list_id:
        todo.parent = None  # it was moved away alone, or its parent has been deleted
        return ["parent"]
    return []


def _join_list(todo: Any) -> list[str]:
    if todo.list_id == todo.parent.list_id:
        return []
    todo.list_id = todo.parent.list_id
    return ["list"]


def _open_above(todo: Any, parent: Any) -> None:
    """Reopen finished parents of an open to-do; their other subtasks stay finished."""
    if todo.is_finished or parent is None or not parent.is_finished:
        return
    todo.has_reached_others = True
    forget(parent, parent.finished_with or parent.pk)
    parent.owner = todo.owner
    parent.change(status=todo.status, at=todo.status_at)


def forget(todo: Any, finishing: Any) -> None:
    """Make finished subtasks independent of the act that finished them."""
    all_below(todo).filter(finished_with=finishing).update(finished_with=None)


def _move_below(todo: Any, names: list[str]) -> None:
    if "list" in names:
        stamp(todo.owner_id, all_below(todo), list=todo.list_id)
    if "parent" in names:  # too deep subtasks are in the trash, and are restored at the top
        deepest = levels_below(todo)[LEVELS - 1 - len(_above(todo)) :][:1]
        for level in deepest:
            stamp(todo.owner_id, level, parent=None)


def _trash_below(todo: Any, names: list[str], act: Any) -> None:
    """Trash or restore subtasks. `act` is the to-do whose trashing took them along."""
    if "deleted_at" not in names:
        return
    below = all_below(todo)
    if todo.deleted_at:
        below, act = below.filter(deleted_at=None), todo.pk
    else:
        below, act = below.filter(trashed_with=act), None
    stamp(todo.owner_id, below, deleted_at=todo.deleted_at, trashed_with=act)


def _finish_below(todo: Any, names: list[str], act: Any) -> None:
    """Finish open subtasks, or reopen those that the same act finished."""
    if "status" not in names:
        return
    moments = {"finished_at": todo.finished_at, "status_at": todo.status_at or timezone.now()}
    below = all_below(todo).filter(deleted_at=None)
    if todo.is_finished:
        below, with_it = below.exclude(status=todo.status), todo.pk
    else:
        below, with_it = below.filter(finished_with=act), None
    stamp(todo.owner_id, below, status=todo.status, finished_with=with_it, **moments)
    if not todo.is_finished:
        forget(todo, act)


# --- Permanent deletion ---------------------------------------------------------------------------


def with_parts(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """The rows, with the subtasks that the same act trashed."""
    todos: QuerySet[Any] = rows.model.objects.all()
    act = Coalesce("parent__trashed_with", "parent__pk")
    found = [rows.order_by().values("pk")]
    while len(found) < LEVELS:
        parts = todos.filter(parent__in=found[-1], trashed_with=act, deleted_at__isnull=False)
        found.append(parts.order_by().values("pk"))
    return todos.filter(pk__in=found[0].union(*found[1:]))


def release(account_id: Any, rows: "QuerySet[Any]") -> None:
    """Move the remaining direct subtasks of rows that will be deleted to the top level."""
    going = rows.order_by().values("pk")
    staying = rows.model.objects.of(account_id).filter(parent__in=going).exclude(pk__in=going)
    if staying.exists():
        stamp(account_id, staying, parent=None)


def release_lost(model: Any) -> int:
    """Move subtasks of rows that a former release deleted to the top level."""
    above = model.objects.filter(pk=OuterRef("parent"), owner=OuterRef("owner"))
    lost = model.objects.filter(parent__isnull=False).filter(~Exists(above))
    changed: int = lost.update(parent=None)
    return changed


def untouched(todo: Any) -> bool:
    """Whether the copied subtasks are unchanged since their creation."""
    living = all_below(todo).filter(deleted_at=None)
    return not living.exclude(version=F("made_in")).exists()
