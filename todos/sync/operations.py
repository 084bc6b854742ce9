"""Applies the offline operations of a device one by one; none that fails affects another."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from drf_standardized_errors.formatter import flatten_errors
from rest_framework.exceptions import ValidationError

from accounts.models import User
from core import ids
from core.api.errors import Conflict, member_of
from core.errors import Refused
from core.feed import FeedEntry, dead_entries, entered, gathering
from core.order_keys import LONGEST, between
from todos import ordering
from todos.models import List, SyncOperation, Todo
from todos.models.operations import OPERATIONS_KEPT, happened
from todos.sync.aliases import Aliases
from todos.sync.attempts import PartlyDoneError, without_savepoint
from todos.sync.changes import Change, Operation, RefusedError
from todos.sync.kinds import KINDS, Kind
from todos.sync.merge import Seen
from todos.sync.shapes import OperationSerializer

DONE: Final = ("applied", "merged")
OUTCOMES: Final = (*DONE, "replayed", "conflict", "deleted", "refused", "invalid")
Result = dict[str, Any]


class Push:
    """The operations of one request. The caller has locked their account."""

    shape: ClassVar[type[OperationSerializer]] = OperationSerializer

    def __init__(
        self, request: Any, account: User, sent_at: datetime, place: int | None = None
    ) -> None:
        self.request, self.account, self.place = request, account, place
        self.attempt: Callable[[], AbstractContextManager[None]] = without_savepoint
        self.aliases = Aliases(account, place)
        self.now = timezone.now()
        self.sent_at = sent_at
        self.rows: dict[tuple[str, UUID], Any] = {}
        self.gone: dict[tuple[str, UUID], FeedEntry | None] = {}
        self.first: str | None = None  # a position before all to-dos
        self.known: dict[UUID, SyncOperation] = {}
        self.made: dict[UUID, SyncOperation] = {}
        self.wanted: dict[str, set[UUID]] = defaultdict(set)
        self.versions: dict[tuple[str, UUID], int] = {}
        self.along: dict[tuple[str, UUID], set[int]] = defaultdict(set)

    def run(self, items: list[Any]) -> list[Result]:
        """The results, in the order of the operations.

        All operations share a savepoint, unless one fails that has already written something: then
        they are applied again, each in its own.
        """
        try:
            with gathering(self.account.pk):
                return self._run(items)
        except PartlyDoneError:
            self.account.refresh_from_db()
            again = type(self)(self.request, self.account, self.sent_at, self.place)
            again.attempt = transaction.atomic
            return again._run(items)  # noqa: SLF001 - of its own class

    def _run(self, items: list[Any]) -> list[Result]:
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
        """Read all objects of the request with a constant number of queries."""
        for it in wanted:
            self.wanted[it["kind"]].add(it["id"])
            for member, kind in (("list", "list"), ("parent", "todo")):
                if key := ids.read(it.get("fields", {}).get(member)):
                    self.wanted[kind].add(key)
        for name in self.wanted:
            self._read(name)
            dead = dead_entries(self.account.pk, name, self.wanted[name])
            self.gone |= {(name, key): dead.get(key) for key in self.wanted[name]}

    def _read(self, name: str) -> None:
        some = self.wanted[name]
        found = KINDS[name].found(self.account, some)
        self.rows |= {(name, key): found.get(key) for key in some}
        self.versions |= {(name, key): row.version for key, row in found.items()}

    def _take_along(self, name: str) -> None:
        """Record other versions that the operation caused, so that later operations know them."""
        before = dict(self.versions)
        self.rows.clear()
        self._read(name)
        for key, version in self.versions.items():
            self.along[key].update(range(before.get(key, version) + 1, version + 1))

    def row(self, kind: Kind, key: UUID) -> Any:
        """The present object, or None."""
        if (kind.name, key) not in self.rows:
            self.rows[kind.name, key] = kind.found(self.account, [key]).get(key)
        return self.rows[kind.name, key]

    def dead(self, kind: str, key: UUID) -> FeedEntry | None:
        """The feed entry of a permanently deleted object."""
        if (kind, key) not in self.gone:
            self.gone[kind, key] = dead_entries(self.account.pk, kind, [key]).get(key)
        return self.gone[kind, key]

    @cached_property
    def inbox(self) -> List:
        return List.objects.inbox_of(self.account)

    def in_front(self) -> str:
        """A position before all to-dos; later calls of the request return lower ones."""
        if self.first and len(key := between(None, self.first)) <= LONGEST:
            self.first = key
            return key
        self.first = ordering.before_first(Todo.objects.of(self.account.pk))
        return self.first

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
        """The result of a repeated operation, with the present object."""
        kind = KINDS[earlier.kind]
        row = self.row(kind, earlier.object_id)
        return _result(operation, kind, "replayed", row, id=str(earlier.object_id))

    def _applied(self, operation: Operation) -> Result:
        seen = Seen(operation.base_version or 0)
        before = entered(self.account.pk)
        try:
            seen = self._seen(operation)
            with self.attempt():
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
            self.rows.clear()  # partly changed
            row, status = self.row(operation.kind, operation.id), "refused"
            more = {"code": refusal.code}
        except IntegrityError:  # such as an id that another account has
            row, status, more = None, "refused", {"code": _code_of_conflict(operation)}
        self._forget(operation, status, row, entered(self.account.pk) - before)
        self._note(operation, seen, status, row)
        if getattr(row, "has_reached_others", False):
            self._take_along(operation.kind.name)
        return _result(operation, operation.kind, status, row, **more)

    def _forget(
        self, operation: Operation, status: str, row: Any, changes: Mapping[str, int]
    ) -> None:
        """Drop cached rows that the operation may have changed, also partly.

        `changes` counts what it has entered into the feed by kind, including its own change.
        """
        name, is_done = operation.kind.name, status in DONE
        is_new = is_done and operation.verb == "create"
        if is_new or row is None:
            self.rows.pop((name, operation.id), None)
            self.gone.pop((name, operation.id), None)
        if is_new and name == "todo":
            self.first = self.first and min(self.first, row.position)
        else:
            self.first = None
        self._read_again(name)
        if not is_done:
            self._forget_kinds(KINDS)
            self.__dict__.pop("inbox", None)  # which may have been created and withdrawn
        elif name == "profile":
            self._forget_kinds({"todo"})  # their dues follow the person
        else:
            self._forget_kinds(
                {kind for kind, amount in changes.items() if amount > (kind == name)}
            )

    def _read_again(self, name: str) -> None:
        """What operations on other kinds need to know of this one."""
        if name == "tag":
            self.aliases.forget()
        if name == "profile":
            self.account.refresh_from_db()

    def _forget_kinds(self, names: Collection[str]) -> None:
        for cached in (self.rows, self.gone) if names else ():
            for key in [key for key in cached if key[0] in names]:
                del cached[key]

    def _seen(self, operation: Operation) -> Seen:
        """What the device has seen: an operation with `after` knows the versions of that one."""
        along = frozenset(self.along[operation.kind.name, operation.id])
        if operation.after is None:
            if operation.base_version is None and operation.verb != "create":
                raise ValidationError(
                    {
                        "base_version": [
                            "This member is required: the version that the operation changes."
                        ]
                    }
                )
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
