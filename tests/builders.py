"""Plain functions that make rows; every argument may be overridden."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import User
from todos import service
from todos.models import Due, List, Todo, Transfer


def make_todo(owner: User, title: str = "buy milk", **fields: object) -> Todo:
    todo = service.add_todo(actor=owner, title=title, **fields)
    todo.__dict__.pop("_prefetched_objects_cache", None)  # tests look again
    return todo


def make_list(owner: User, name: str = "Groceries", **fields: object) -> List:
    return service.add_list(actor=owner, name=name, **fields)


def make_transfer(owner: User, kind: str, **fields: object) -> Transfer:
    now = timezone.now()
    usual = {"format": "json", "state": "done", "created_at": now, "changed_at": now}
    return Transfer.objects.create(owner=owner, kind=kind, **{**usual, **fields})


def position_of(number: int) -> str:
    """A position; a higher number is further down."""
    return f"h{number:08}"


def at(moment: datetime) -> Due:
    """Due at this minute, for everybody."""
    return Due.at_moment(moment, ZoneInfo("UTC"))
