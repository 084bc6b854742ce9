"""What devices did offline, applied one by one: each in its savepoint, none spoils another."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.core.exceptions import ValidationError as InvalidError
from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_standardized_errors.formatter import flatten_errors
from rest_framework.exceptions import ValidationError

from accounts.models import ApiToken, User
from core import ids
from core.api.errors import Conflict, member_of
from core.errors import Refused
from core.feed import dead_entry
from todos import service
from todos.api.clearing import cleared
from todos.api.ids import known_object
from todos.api.reminders import ReminderIdsField, RemindersMember
from todos.models import List, Reminder, Status, SyncOperation, Tag, Todo
from todos.models.operations import OPERATIONS_KEPT, happened
from todos.models.reminders import reminders_after
from todos.ordering import NoNeighborError
from todos.sync.aliases import Aliases
from todos.sync.kinds import KINDS, Kind
from todos.sync.merge import Seen, conflicting, tags_after
from todos.sync.moves import with_position
from todos.sync.shapes import OperationSerializer

DONE: Final = ("applied", "merged")
REMINDER_SETS: Final = {"reminders_added": RemindersMember, "reminders_removed": ReminderIdsField}
OUTCOMES: Final = (*DONE, "replayed", "conflict", "deleted", "refused", "invalid")
Result = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation as it was sent; `at` is when it happened, by our clock."""

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
    """The operation is not applied; `row` is the object as it is."""

    def __init__(self, status: str, code: str = "", row: Any = None, **more: Any) -> None:
        super().__init__(status, code)
        self.status, self.code, self.row, self.more = status, code, row, more


class Push:
    """The operations of one request. Their account is locked: nobody else writes meanwhile."""

    shape: ClassVar[type[OperationSerializer]] = OperationSerializer

    def __init__(
        self, request: Any, account: User, sent_at: datetime, place: int | None = None
    ) -> None:
        self.request, self.account = request, account
        self.aliases = Aliases(account, place)
        self.now = timezone.now()
        self.sent_at = sent_at
        self.rows: dict[tuple[str, UUID], Any] = {}
        self.known: dict[UUID, SyncOperation] = {}
        self.made: dict[UUID, SyncOperation] = {}
        self.wanted: dict[str, set[UUID]] = defaultdict(set)
        self.versions: dict[tuple[str, UUID], int] = {}
        self.along: dict[tuple[str, UUID], set[int]] = defaultdict(set)

    def run(self, items: list[Any]) -> list[Result]:
        """The results, in the order of the operations."""
        parsed = [self.shape(data=item) for item in items]
        wanted = [it.validated_data for it in parsed if it.is_valid()]
        self._remember(it[name] for it in wanted for name in ("op_id", "after") if it.get(name))
        self._load(wanted)
        results = [self._one(it, item) for it, item in zip(parsed, items, strict=True)]
        self._keep()
        return results

    def _keep(self) -> None:
        SyncOperation.objects.bulk_create(
            self.made.values(),
            update_conflicts=True,
            unique_fields=["account", "op_id"],
            update_fields=["kind", "object_id", "status", "base", "own", "done_at"],
        )

    def _remember(self, op_ids: Iterable[UUID]) -> None:
        kept = SyncOperation.objects.filter(account=self.account, op_id__in=set(op_ids))
        self.known = {it.op_id: it for it in kept.filter(done_at__gt=self.now - OPERATIONS_KEPT)}

    def _load(self, wanted: Iterable[Mapping[str, Any]]) -> None:
        """All objects of the request at once."""
        for it in wanted:
            self.wanted[it["kind"]].add(it["id"])
        for name in self.wanted:
            self._read(name)

    def _read(self, name: str) -> None:
        some = self.wanted[name]
        found = KINDS[name].found(self.account, some)
        self.rows |= {(name, key): found.get(key) for key in some}
        self.versions |= {(name, key): row.version for key, row in found.items()}

    def _take_along(self, name: str) -> None:
        """Operations behind the last one know what has changed because of it."""
        before = dict(self.versions)
        self.rows.clear()
        self._read(name)
        for key, version in self.versions.items():
            self.along[key].update(range(before.get(key, version) + 1, version + 1))

    def row(self, kind: Kind, key: UUID) -> Any:
        """The object as it is now, or None."""
        if (kind.name, key) not in self.rows:
            self.rows[kind.name, key] = kind.found(self.account, [key]).get(key)
        return self.rows[kind.name, key]

    def _one(self, parsed: OperationSerializer, item: Any) -> Result:
        if parsed.errors:
            op_id = item.get("op_id") if isinstance(item, Mapping) else None
            shown = op_id if isinstance(op_id, str) else None
            return {"op_id": shown, "status": "invalid", "errors": _flat(parsed.errors)}
        operation = self._operation(parsed.validated_data)
        earlier = self.made.get(operation.op_id) or self.known.get(operation.op_id)
        if earlier and earlier.status in DONE:
            return self._replayed(operation, earlier)
        return self._applied(operation)

    def _operation(self, data: dict[str, Any]) -> Operation:
        ago = self.sent_at - data.get("at", self.sent_at)  # both by the clock of the device
        return Operation(
            op_id=data["op_id"],
            kind=KINDS[data["kind"]],
            id=data["id"],
            verb=data["op"],
            at=happened(self.now, ago),
            after=data.get("after"),
            base_version=data.get("base_version"),
            fields=data.get("fields", {}),
            clear=tuple(data.get("clear", ())),
        )

    def _replayed(self, operation: Operation, earlier: SyncOperation) -> Result:
        """Done before: the object as it is now."""
        kind = KINDS[earlier.kind]
        row = self.row(kind, earlier.object_id)
        return _result(operation, kind, "replayed", row, id=str(earlier.object_id))

    def _applied(self, operation: Operation) -> Result:
        seen = Seen(operation.base_version or 0)
        try:
            seen = self._seen(operation)
            with transaction.atomic():
                row, status, more = Change(self, operation, seen).apply()
        except RefusedError as refusal:
            row, status = refusal.row, refusal.status
            more = {"code": refusal.code} if refusal.code else {}
            more |= refusal.more
        except ValidationError as error:
            row, status, more = None, "invalid", {"errors": _flat(error.detail)}
        except Conflict as conflict:
            row, status = self.row(operation.kind, operation.id), "refused"
            more = {"code": str(conflict.get_codes())}
        except Refused as refusal:
            self.rows.clear()  # half changed
            row, status = self.row(operation.kind, operation.id), "refused"
            more = {"code": refusal.code}
        except IntegrityError:  # such as an id that another account has
            row, status, more = None, "refused", {"code": _code_of_conflict(operation)}
        if (
            row is None
            or status not in DONE
            or operation.verb == "create"
            or row.feed_kind != "todo"
        ):
            self.rows.clear()  # what it may have changed besides, or half changed, is read again
        self._note(operation, seen, status, row)
        if getattr(row, "has_reached_others", False):
            self._take_along(operation.kind.name)
        return _result(operation, operation.kind, status, row, **more)

    def _seen(self, operation: Operation) -> Seen:
        """An operation that builds on another one has seen what that one has, and made."""
        along = frozenset(self.along[operation.kind.name, operation.id])
        if operation.after is None:
            if operation.base_version is None and operation.verb != "create":
                raise ValidationError({"base_version": ["Say which version it changes."]})
            return Seen(operation.base_version or 0, along)
        earlier = self.made.get(operation.after) or self.known.get(operation.after)
        if earlier is None or earlier.object_id != operation.id:
            row = self.row(operation.kind, operation.id)
            raise RefusedError("refused", "unknown_operation", row)
        return Seen(earlier.base, along.union(earlier.own))

    def _note(self, operation: Operation, seen: Seen, status: str, row: Any) -> None:
        made = seen
        if status in DONE and row is not None:
            made = seen.and_made(row.version)
            self.versions[operation.kind.name, operation.kind.key(row)] = row.version
        self.made[operation.op_id] = SyncOperation(
            account=self.account,
            op_id=operation.op_id,
            kind=operation.kind.name,
            object_id=operation.kind.key(row) if row is not None else operation.id,
            status=status,
            base=made.base,
            own=sorted(made.own),
            done_at=self.now,
        )


class Change:
    """One operation on one object: `apply()` gives the row, the status and what else to say."""

    def __init__(self, push: Push, operation: Operation, seen: Seen) -> None:
        self.push, self.operation, self.seen = push, operation, seen
        self.kind, self.account = operation.kind, push.account
        self.more: dict[str, Any] = {}

    def apply(self) -> tuple[Any, str, dict[str, Any]]:
        """Raises RefusedError, ValidationError or IntegrityError; nothing has been written then."""
        verb = self.operation.verb
        if verb not in self.kind.verbs:
            raise ValidationError({"op": ["This kind of object has no such operation."]})
        if self.kind.model is User and isinstance(self.push.request.auth, ApiToken):
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

    # --- What is there ---------------------------------------------------------------------------

    def _any(self) -> Any:
        row = self.push.row(self.kind, self.operation.id)
        if row is None:
            dead = dead_entry(self.account.pk, self.kind.name, self.operation.id)
            if dead is None:
                raise RefusedError("refused", "not_found")
            raise RefusedError("deleted", version=dead.version)
        return row

    def _living(self) -> Any:
        row = self._any()
        if getattr(row, "deleted_at", None):
            raise RefusedError("deleted", row=row)
        return row

    # --- What is done ----------------------------------------------------------------------------

    def _created(self) -> tuple[Any, str, dict[str, Any]]:
        fields = {**self._fields(), "id": str(self.operation.id)}
        serializer = self._checked(self.kind.serializer(data=fields, context=self._context))
        try:
            row = known_object(self.account, serializer)
        except Conflict as conflict:
            row = self.push.row(self.kind, self.operation.id)
            if conflict.get_codes() == "deleted":
                raise RefusedError("deleted", row=row, **self._last_version(row)) from conflict
            raise RefusedError("refused", str(conflict.get_codes()), row) from conflict
        if row is None and self.kind.model is Tag:
            row = Tag.objects.same_name(self.account, serializer.validated_data["name"])
            if row is not None:
                return row, "merged", {"code": "same_name", "id": str(row.uuid)}
        if row is None:
            dated: dict[str, Any] = {}
            if self._is_finished(serializer):
                dated["finished_at"] = self.operation.at
            if "tags" in serializer.validated_data:
                dated["tags"] = self._by_now(serializer.validated_data["tags"])
            row = serializer.save(actor=self.account, **dated)
        return row, "merged" if self.more else "applied", self.more

    def _update(self, row: Any) -> None:
        fields = self._fields()
        tags = {name: fields.pop(name, []) for name in ("tags_added", "tags_removed")}
        sets = {name: fields.pop(name, []) for name in REMINDER_SETS}
        if self.operation.verb == "move":
            fields = self._placed(row, fields)
        serializer = self.kind.serializer(row, data=fields, partial=True, context=self._context)
        changes = dict(self._checked(serializer).validated_data)
        if "tags" in changes:
            changes["tags"] = self._by_now(changes["tags"], row)
        if names := conflicting(row, self.seen, changes):
            raise RefusedError("conflict", row=row, conflicting=names)
        if any(tags.values()) and self.kind.name == "todo":
            both = (self._by_now(names, row) for names in self._tag_names(tags))
            changes["tags"] = tags_after(row, *both)
        if any(sets.values()) and self.kind.name == "todo":
            changes["reminders"] = self._reminders_after(row, sets)
        if "status" in changes:
            self._switch(row, changes.pop("status"))
        serializer.update(row, changes)

    def _by_now(self, names: list[str], row: Any = None) -> list[str]:
        """Tags that were renamed behind the device's back, as they are called now."""
        unseen = row is not None and not self.seen.knows(row.changed_in.get("tags", 0))
        return self.push.aliases.current(names, self.operation.at, is_unseen=unseen)

    def _placed(self, row: Any, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            return with_position(row, fields, self._context)
        except NoNeighborError as error:
            raise RefusedError("refused", "not_found", row) from error

    def _reminders_after(self, row: Any, sets: dict[str, Any]) -> tuple[Reminder, ...]:
        """What one side added and the other removed both hold."""
        checked = {}
        for name, value in sets.items():
            try:
                checked[name] = REMINDER_SETS[name]().run_validation(value)
            except ValidationError as error:
                raise ValidationError({name: error.detail}) from error
        try:
            return reminders_after(row.reminders, *checked.values())
        except InvalidError as error:
            raise ValidationError({"reminders_added": error.messages}, code=error.code) from error

    def _tag_names(self, tags: dict[str, Any]) -> list[list[str]]:
        """Both lists as the API takes names of tags."""
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
        """Finishing twice is once; of finishing and reopening the later one holds."""
        unseen = not self.seen.knows(row.changed_in.get("status", 0))
        if unseen and row.status != status and row.status_at and row.status_at > self.operation.at:
            self.more = {"code": "changed_later"}
            return
        row.change(status=status, at=self.operation.at)

    def _restore(self, row: Any) -> None:
        """What it stood below may have gone."""
        parent_id = row.parent_id
        row.change(deleted_at=None)
        if row.parent_id != parent_id:
            self.more = {"code": "parent_gone"}

    def _purge(self, row: Any) -> None:
        """What somebody else has changed meanwhile is not lost unseen."""
        if not self.seen.knows(row.changed_last) and self.kind.name == "todo":
            raise RefusedError("conflict", row=row, conflicting=["deleted_at"])
        self.more = {"version": row.version + 1}
        if not isinstance(row, List):
            row.delete()
            return
        if row.is_inbox:
            raise RefusedError("refused", "inbox", row)
        trashes = self.operation.fields.get("todos") == "trash"
        service.remove_list(actor=self.account, todo_list=row, trashes=trashes)

    # --- What is said ----------------------------------------------------------------------------

    def _fields(self) -> dict[str, Any]:
        """Those named and those cleared; what has gone meanwhile is no place for it."""
        shape = self.kind.serializer(context=self._context)
        empty: dict[str, Any] = getattr(shape, "empty_values", dict)()
        fields = cleared(self.operation.fields, self.operation.clear, empty)
        if self.kind.name != "todo":
            return fields
        if self._is_dead("list", fields.get("list")):
            self.more = {"code": "list_gone"}
            fields["list"] = str(List.objects.inbox_of(self.account).pk)
        if self._is_trashed(fields.get("parent")) or self._is_dead("todo", fields.get("parent")):
            self.more = {"code": "parent_gone"}
            fields["parent"] = None
        return fields

    def _is_dead(self, kind: str, value: Any) -> bool:
        key = ids.read(value)
        return bool(key and dead_entry(self.account.pk, kind, key))

    def _is_trashed(self, value: Any) -> bool:
        key = ids.read(value)
        return bool(key and Todo.objects.trash_of(self.account).filter(pk=key).exists())

    def _checked(self, serializer: Any) -> Any:
        serializer.is_valid(raise_exception=True)
        return serializer

    @property
    def _context(self) -> dict[str, Any]:
        return {"request": self.push.request}

    def _is_finished(self, serializer: Any) -> bool:
        return bool(serializer.validated_data.get("status") == Status.FINISHED)

    def _last_version(self, row: Any) -> dict[str, Any]:
        dead = None if row else dead_entry(self.account.pk, self.kind.name, self.operation.id)
        return {"version": dead.version} if dead else {}


def _result(operation: Operation, kind: Kind, status: str, row: Any, **more: Any) -> Result:
    result: Result = {
        "op_id": str(operation.op_id),
        "kind": kind.name,
        "id": str(operation.id),
        "status": status,
    }
    if row is not None and row.pk is not None:
        result |= {"version": row.version, kind.name: kind.show(row)}
    return {**result, **more}


def _code_of_conflict(operation: Operation) -> str:
    model = operation.kind.model
    is_taken = model.objects.filter(**{model.feed_key: operation.id}).exists()
    return "id_taken" if operation.verb == "create" and is_taken else "conflict"


def _flat(detail: Any) -> list[dict[str, Any]]:
    errors = flatten_errors(ValidationError(detail).detail)
    return [{"code": it.code, "detail": it.detail, "attr": member_of(it.attr)} for it in errors]
