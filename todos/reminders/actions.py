"""The links in a reminder: finish the to-do, or snooze it for an hour.

A signed token names the message, the to-do and the act. It is valid for a week, and only POST
performs the act. It acts only once, because it becomes a sync operation whose id depends on the
token.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid5

from django.conf import settings
from django.core import signing
from django.utils import timezone

from accounts.models import User
from core import values
from core.feed import writing
from todos.models import Notice, Todo
from todos.sync.operations import Push

ACTS: Final = ("done", "snooze")
GOOD_FOR: Final = timedelta(days=7)
SNOOZE: Final = timedelta(hours=1)
_SALT: Final = "todos.reminders.actions"


@dataclass(frozen=True)
class Act:
    notice: Notice
    todo: Todo
    name: str

    @property
    def person(self) -> User:
        person: User = self.notice.owner
        return person


@dataclass(frozen=True)
class _Request:
    """A request with the user, for the serializers of the API."""

    user: User


def token_of(notice: Notice, todo: Todo, name: str) -> str:
    return signing.dumps([notice.pk.hex, todo.pk.hex, name], salt=_SALT)


def link_of(notice: Notice, todo: Todo, name: str) -> str:
    """The link; empty if PUBLIC_BASE_URL is not set."""
    base: str = settings.PUBLIC_BASE_URL
    return f"{base.rstrip('/')}/reminders/{token_of(notice, todo, name)}/" if base else ""


def act_of(token: str) -> Act | None:
    """The act; None if the to-do or its owner is gone. Raises SignatureExpired and BadSignature."""
    notice_id, todo_id, name = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    notice = Notice.objects.filter(pk=notice_id, owner__is_active=True)
    found = notice.select_related("owner").first()
    todo = found and Todo.objects.owned_by(found.owner).filter(pk=todo_id).first()
    return Act(found, todo, name) if found and todo else None


def perform(act: Act) -> str:
    """Perform the act; returns the status of the operation (docs/sync.md)."""
    now = timezone.now()
    with writing(act.person.pk):
        act.todo.refresh_from_db()
        operation = {
            "op_id": str(uuid5(act.notice.pk, f"{act.todo.pk} {act.name}")),
            "kind": "todo",
            "id": str(act.todo.pk),
            "base_version": act.todo.version,
            **(_snoozed(act.todo, now) if act.name == "snooze" else {"op": "finish"}),
        }
        [result] = Push(_Request(act.person), act.person, now).run([operation])
    status: str = result["status"]
    return status


def _snoozed(todo: Todo, now: datetime) -> dict[str, Any]:
    """Add one reminder, always with the same id, and remove past ones to make room."""
    later = {"id": str(uuid5(todo.pk, "snooze")), "remind_at": values.written(now + SNOOZE)}
    passed = [str(it.id) for it in todo.reminders if it.remind_at and it.remind_at <= now]
    return {"op": "update", "fields": {"reminders_added": [later], "reminders_removed": passed}}
