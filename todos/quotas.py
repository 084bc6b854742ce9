"""Quotas for lists, to-dos, tags, filters and bytes of notes.

A count of all rows for each new row would get slower with every row. So a conditional UPDATE adds
the new rows to `Usage`, and only if this exceeds the quota are the rows counted. The caller holds
the lock of the account (core.feed.writing), so nobody else counts at the same time.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core.quotas import QuotaReached
from todos.models import List, SavedFilter, Tag, Todo
from todos.models.usage import OctetLength, Usage

if TYPE_CHECKING:
    from accounts.models import User


def take(owner: "User", **added: int) -> None:
    """Count what this transaction has just added: `lists`, `todos`, `tags`, `filters`, `bytes`.

    Each number may be too high. Raises QuotaReached if the account now has too much; the caller
    must roll back its transaction.
    """
    added = {name: amount for name, amount in added.items() if amount > 0}
    if not added:
        return
    fits = {f"{name}__lte": _allowed(name) - amount for name, amount in added.items()}
    more = {name: F(name) + amount for name, amount in added.items()}
    if not Usage.objects.filter(owner=owner, **fits).update(**more):
        _count_anew(owner, tuple(added))


def check(owner: "User", **added: int) -> None:
    """Raise QuotaReached if there is no room for all of these."""
    held = _held(owner)
    for name, amount in added.items():
        if amount and held[name] + amount > _allowed(name):
            raise QuotaReached(name, _refusal(name))


@transaction.atomic
def _count_anew(owner: "User", names: tuple[str, ...]) -> None:
    usage, _created = Usage.objects.get_or_create(owner=owner)
    held = _held(owner)
    for name in names:
        if held[name] > _allowed(name):
            raise QuotaReached(name, _refusal(name))
    for name, amount in held.items():
        setattr(usage, name, amount)
    usage.save()


def _held(owner: "User") -> dict[str, int]:
    """Count the rows, including those of this transaction and of all former lock holders."""
    return {
        "lists": List.objects.owned_by(owner).filter(is_inbox=False).count(),
        "tags": Tag.objects.owned_by(owner).count(),
        "filters": SavedFilter.objects.owned_by(owner).count(),
        **Todo.objects.of(owner.pk).aggregate(  # the trash counts too
            todos=Count("pk"), bytes=Coalesce(Sum(OctetLength("notes")), 0)
        ),
    }


def _allowed(name: str) -> int:
    amount: int = getattr(settings, f"QUOTA_{name.upper()}")
    return amount


def _refusal(name: str) -> str:
    nouns = {
        "lists": _("lists besides the inbox"),
        "todos": _("to-dos"),
        "tags": _("tags"),
        "filters": _("saved filters"),
        "bytes": _("bytes of notes"),
    }
    return _(
        "Your account may have %(limit)s %(things)s (quota %(name)s)."
        " Delete some permanently first."
    ) % {
        "limit": f"{_allowed(name):,}",
        "things": nouns[name],
        "name": name,
    }
