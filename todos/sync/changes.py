"""Applies one operation of a device to one object, or refuses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError as InvalidError
from rest_framework.exceptions import ValidationError
from rest_framework.fields import ListField

from accounts.models import ApiToken, User
from core import ids
from core.api.errors import Conflict
from core.api.fields import StrictUUIDField
from core.feed import FeedEntry
from todos import service
from todos.api.clearing import cleared
from todos.api.ids import refuse_other
from todos.api.members import RemindersMember
from todos.models import List, Reminder, Status, Tag
from todos.models.reminders import MOST_REMINDERS, reminders_after
from todos.ordering import NoNeighborError
from todos.sync.aliases import Aliases
from todos.sync.kinds import Kind
from todos.sync.merge import Seen, conflicting, tags_after
from todos.sync.moves import with_position

REMINDER_SETS: Final[Mapping[str, ListField]] = {
    "reminders_added": RemindersMember(max_length=MOST_REMINDERS),
    "reminders_removed": ListField(child=StrictUUIDField(), max_length=MOST_REMINDERS),
}


@dataclass(frozen=True)
class Operation:
    """An operation as sent; `at` is when it happened, by the server's clock."""

    op_id: UUID
    kind: Kind
    id: UUID
    verb: str
    at: datetime
    after: UUID | None = None
    base_version: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    clear: tuple[str, ...] = ()


class RefusedError(Exception):
    """The operation is refused; `row` is the present object."""

    def __init__(self, status: str, code: str = "", row: Any = None, **more: Any) -> None:
        super().__init__(status, code)
        self.status, self.code, self.row, self.more = status, code, row, more


class Batch(Protocol):
    """The interface of the request that contains an operation."""

    request: Any
    account: User
    aliases: Aliases

    @property
    def inbox(self) -> List:
        """The inbox of the account."""

    def row(self, kind: Kind, key: UUID) -> Any:
        """The present object, or None."""

    def dead(self, kind: str, key: UUID) -> FeedEntry | None:
        """The feed entry of a permanently deleted object."""

    def in_front(self) -> str:
        """A position before all to-dos."""


class Change:
    """An operation on an object: `apply()` returns the row, the status and further members."""

    def __init__(self, batch: Batch, operation: Operation, seen: Seen) -> None:
        self.batch, self.operation, self.seen = batch, operation, seen
        self.kind, self.account = operation.kind, batch.account
        self.more: dict[str, Any] = {}

    def apply(self) -> tuple[Any, str, dict[str, Any]]:
        """Apply it. Raises RefusedError, ValidationError or IntegrityError without any change."""
        verb = self.operation.verb
        if verb not in self.kind.verbs:
            raise ValidationError({"op": ["This kind of object does not support this operation."]})
        if self.kind.model is User and isinstance(self.batch.request.auth, ApiToken):
            raise RefusedError("refused", "insufficient_scope", self.account)
        if verb == "create":
            return self._created()
        row = self._living() if verb not in ("restore", "purge", "trash") else self._any()
        status = "applied" if self.seen.knows(row.changed_last) else "merged"
        verbs: dict[str, Callable[[Any], Any]] = {
            "update": self._update,
            "move": self._update,
            "finish": lambda row: self._switch(row, Status.FINISHED),
            "reopen": lambda row: self._switch(row, Status.OPEN),
            "trash": lambda row: row.change(deleted_at=row.deleted_at or self.operation.at),
            "restore": self._restore,
        }
        if verb == "purge":
            self._purge(row)
            return None, status, self.more
        verbs[verb](row)
        return row, "merged" if "code" in self.more else status, self.more

    # --- Present objects -------------------------------------------------------------------------

    def _any(self) -> Any:
        row = self.batch.row(self.kind, self.operation.id)
        if row is None:
            dead = self._dead()
            if dead is None:
                raise RefusedError("refused", "not_found")
            raise RefusedError("deleted", version=dead.version)
        return row

    def _living(self) -> Any:
        row = self._any()
        if getattr(row, "deleted_at", None):
            raise RefusedError("deleted", row=row)
        return row

    # --- Operations ------------------------------------------------------------------------------

    def _created(self) -> tuple[Any, str, dict[str, Any]]:
        fields = {**self._fields(), "id": str(self.operation.id)}
        serializer = self._checked(self.kind.serializer(data=fields, context=self._context))
        row = self._existing(serializer)
        if row is None and self.kind.model is Tag:
            row = Tag.objects.same_name(self.account, serializer.validated_data["name"])
            if row is not None:
                return row, "merged", {"code": "same_name", "id": str(row.uuid)}
        if row is None:
            of_todo = self._of_todo(serializer.validated_data) if self.kind.name == "todo" else {}
            row = serializer.save(actor=self.account, **of_todo)
        return row, "merged" if self.more else "applied", self.more

    def _existing(self, serializer: Any) -> Any:
        """The object, if it already exists with the same content."""
        row = self.batch.row(self.kind, self.operation.id)
        try:
            refuse_other(serializer, row, self._dead)
        except Conflict as conflict:
            if conflict.get_codes() == "deleted":
                raise RefusedError("deleted", row=row, **self._last_version(row)) from conflict
            raise RefusedError("refused", str(conflict.get_codes()), row) from conflict
        return row

    def _of_todo(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Further columns of a new to-do; its place as `service.add_todo` sets it."""
        found: dict[str, Any] = {}
        if data.get("status") == Status.FINISHED:
            found["finished_at"] = self.operation.at
        if "tags" in data:
            found["tags"] = self._current_names(data["tags"])
        if not (data.get("parent") or "list" in data):
            found["list"] = self.batch.inbox
        if "position" not in data:
            found["position"] = self.batch.in_front()
        return found

    def _update(self, row: Any) -> None:
        fields = self._fields()
        tags = {name: fields.pop(name, []) for name in ("tags_added", "tags_removed")}
        sets = {name: fields.pop(name, []) for name in REMINDER_SETS}
        if self.operation.verb == "move":
            fields = self._placed(row, fields)
        serializer = self.kind.serializer(row, data=fields, partial=True, context=self._context)
        changes = dict(self._checked(serializer).validated_data)
        if "tags" in changes:
            changes["tags"] = self._current_names(changes["tags"], row)
        if names := conflicting(row, self.seen, changes):
            raise RefusedError("conflict", row=row, conflicting=names)
        if any(tags.values()) and self.kind.name == "todo":
            both = (self._current_names(names, row) for names in self._tag_names(tags))
            changes["tags"] = tags_after(row, *both)
        if any(sets.values()) and self.kind.name == "todo":
            changes["reminders"] = self._reminders_after(row, sets)
        if "status" in changes:
            self._switch(row, changes.pop("status"))
        serializer.update(row, changes)

    def _current_names(self, names: list[str], row: Any = None) -> list[str]:
        """The current names of tags that were renamed without the device's knowledge."""
        unseen = row is not None and not self.seen.knows(row.changed_in.get("tags", 0))
        return self.batch.aliases.current(names, self.operation.at, is_unseen=unseen)

    def _placed(self, row: Any, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            return with_position(row, fields, self._context)
        except NoNeighborError as error:
            raise RefusedError("refused", "not_found", row) from error

    def _reminders_after(self, row: Any, sets: dict[str, Any]) -> tuple[Reminder, ...]:
        """Apply additions and removals of both sides."""
        checked = {}
        for name, value in sets.items():
            try:
                checked[name] = REMINDER_SETS[name].run_validation(value)
            except ValidationError as error:
                raise ValidationError({name: error.detail}) from error
        try:
            return reminders_after(row.reminders, *checked.values())
        except InvalidError as error:
            raise ValidationError({"reminders_added": error.messages}, code=error.code) from error

    def _tag_names(self, tags: dict[str, Any]) -> list[list[str]]:
        """Validate both lists as the API validates names of tags."""
        found = []
        for name, value in tags.items():
            serializer = self.kind.serializer(
                data={"tags": value}, partial=True, context=self._context
            )
            if not serializer.is_valid():
                raise ValidationError({name: serializer.errors["tags"]})
            found.append(serializer.validated_data["tags"])
        return found

    def _switch(self, row: Any, status: str) -> None:
        """Finishing twice counts once; of finishing and reopening, the later one wins."""
        unseen = not self.seen.knows(row.changed_in.get("status", 0))
        if unseen and row.status != status and row.status_at and row.status_at > self.operation.at:
            self.more = {"code": "changed_later"}
            return
        row.change(status=status, at=self.operation.at)

    def _restore(self, row: Any) -> None:
        """Restore; the parent may be deleted."""
        parent_id = row.parent_id
        row.change(deleted_at=None)
        if row.parent_id != parent_id:
            self.more = {"code": "parent_gone"}

    def _purge(self, row: Any) -> None:
        """Delete permanently, but refuse to delete changes that the device has not seen."""
        if not self.seen.knows(row.changed_last) and self.kind.name == "todo":
            raise RefusedError("conflict", row=row, conflicting=["deleted_at"])
        self.more = {"version": row.version + 1}
        if not isinstance(row, List):
            row.purge()
            return
        if row.is_inbox:
            raise RefusedError("refused", "inbox", row)
        trashes = self.operation.fields.get("todos") == "trash"
        service.remove_list(
            actor=self.account, todo_list=row, inbox=self.batch.inbox, trashes=trashes
        )

    # --- Fields ----------------------------------------------------------------------------------

    def _fields(self) -> dict[str, Any]:
        """The named and cleared fields, without deleted lists and parents."""
        shape = self.kind.serializer(context=self._context)
        empty: dict[str, Any] = getattr(shape, "empty_values", dict)()
        fields = cleared(self.operation.fields, self.operation.clear, empty)
        if self.kind.name != "todo":
            return fields
        if self._is_dead("list", fields.get("list")):
            self.more = {"code": "list_gone"}
            fields["list"] = str(self.batch.inbox.pk)
        if self._is_parent_gone(fields.get("parent")):
            self.more = {"code": "parent_gone"}
            fields["parent"] = None
        return fields

    def _is_dead(self, kind: str, value: Any) -> bool:
        key = ids.read(value)
        return bool(key and self.batch.dead(kind, key))

    def _is_parent_gone(self, value: Any) -> bool:
        key = ids.read(value)
        row = self.batch.row(self.kind, key) if key else None
        return bool(row.deleted_at if row else self._is_dead("todo", value))

    def _checked(self, serializer: Any) -> Any:
        serializer.is_valid(raise_exception=True)
        return serializer

    @property
    def _context(self) -> dict[str, Any]:
        return {"request": self.batch.request}

    def _last_version(self, row: Any) -> dict[str, Any]:
        dead = None if row else self._dead()
        return {"version": dead.version} if dead else {}

    def _dead(self) -> FeedEntry | None:
        return self.batch.dead(self.kind.name, self.operation.id)
